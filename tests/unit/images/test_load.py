"""Whether what an engine loaded is what the archive held."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.groundwork.images import archive as image_archive
from ansible.module_utils.groundwork.images import load
from tarballs import save


def test_what_was_loaded_is_known_by_its_id_or_by_its_layers(tmp_path: Path) -> None:
    """The second is how an engine that keeps images with containerd shows them."""
    (held,) = image_archive.read(save(tmp_path / "a.tar", "redis:7-alpine")).values()
    for image, expected in (
        ({"Id": f"sha256:{held.digest}"}, True),
        ({"Id": "sha256:manifest", "RootFS": {"Layers": ["sha256:0"]}}, True),
        ({"Id": "sha256:another", "RootFS": {"Layers": ["sha256:1"]}}, False),
        ({"Id": "sha256:another", "RootFS": {"Layers": []}}, False),
        ({"Id": "sha256:another"}, False),
    ):
        assert load.same(held, image) is expected, image
