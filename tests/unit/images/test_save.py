"""Which images have to be saved. That `docker save` is run rightly is in tests/integration."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.images import archive
from ansible.module_utils.groundwork.images import save as image_save
from tarballs import save, sums

REDIS = "groundwork/redis:7.0.15"


def engine(identity: str) -> Docker:
    """One that has the image under that id."""
    image: dict[str, Any] = {REDIS: {"Id": identity}}
    return cast(Docker, SimpleNamespace(inspect=lambda kind, names: image))


@pytest.mark.parametrize("manifest", ["sha256:manifest", ""])
def test_an_image_is_known_by_the_id_that_either_store_gives_it(
    tmp_path: Path, manifest: str
) -> None:
    """The second is that of an engine which keeps images with containerd: Docker 29's default."""
    path = save(tmp_path / archive.file_name(REDIS), REDIS, manifest=manifest)
    sums(tmp_path, path)
    config, other = archive.read(path)[REDIS].ids
    assert other == manifest
    assert image_save.missing(engine(config), [REDIS], tmp_path) == []
    lacking = [] if manifest else [REDIS]
    assert image_save.missing(engine("sha256:manifest"), [REDIS], tmp_path) == lacking
    assert image_save.missing(engine("sha256:another"), [REDIS], tmp_path) == [REDIS]
