"""Tarballs as `docker save` writes them, made without an engine."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path


def save(
    path: Path,
    *references: str,
    labels: Mapping[str, str] | None = None,
    architecture: str = "",
    manifest: str = "",
) -> Path:
    """A small tarball of the shape that `docker save` writes, one layer for each image.

    With the digest of a `manifest` it has an index, as engines since Docker 25 write it.
    """
    with tarfile.open(path, "w") as archive:

        def add(name: str, content: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

        listed = []
        for number, reference in enumerate(references):
            config = json.dumps(
                {
                    "architecture": architecture,
                    "config": {"Labels": labels},
                    "rootfs": {"diff_ids": [f"sha256:{number}"]},
                }
            ).encode()
            add(f"blobs/{number}/config", config)
            add(f"blobs/{number}/layer", b"x" * 40_000)
            listed.append(
                {
                    "Config": f"blobs/{number}/config",
                    "RepoTags": [reference],
                    "Layers": [f"blobs/{number}/layer"],
                }
            )
        add("manifest.json", json.dumps(listed).encode())
        if manifest:
            names = [{"io.containerd.image.name": f"docker.io/{name}"} for name in references]
            entries = [{"digest": manifest, "annotations": name} for name in names]
            add("index.json", json.dumps({"manifests": entries}).encode())
    return path


def sums(directory: Path, *paths: Path) -> None:
    """The SHA256SUMS that saved_images writes beside them."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    (directory / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
