"""The files of a backup: a directory for each service, infra/.env, and a manifest, written last."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from ..errors import GroundworkError
from ..host import backup_notes
from . import backup_types
from .model import FORMAT, Checkpoint, Manifest, Source

ENV = "infra.env"
MANIFEST = "manifest.json"
_BLOCK = 1 << 20


def write(
    stack: str, stack_dir: Path, sources: Sequence[Source], copy: Path
) -> tuple[Manifest, list[str]]:
    """Copy all that can be into a directory that is root's alone; PostgreSQL's last.

    The manifest, and the services whose data nothing here can copy. Raises GroundworkError.
    """
    env = stack_dir / ".env"
    (copy / ENV).touch(0o600)
    (copy / ENV).write_bytes(env.read_bytes())
    parts: dict[str, Checkpoint] = {}
    skipped = []
    created = backup_notes.iso(datetime.now(timezone.utc))
    for source in sorted(sources, key=lambda each: each.service.kind == "postgres"):
        name, kind = source.service.name, backup_types.backup_type(source.service)
        if not source.volumes:
            continue
        if kind is None:
            skipped.append(name)
            continue
        (copy / name).mkdir()
        (copy / name).chmod(0o777)  # its server's user writes there; the copy itself is root's
        parts[name] = kind.checkpoint(source, str(copy), name)
    if not parts:
        raise GroundworkError(
            "There is nothing to back up: no service here has data that can be copied.",
            where=stack,
            next_step="Bring the stack up first.",
        )
    manifest = Manifest(FORMAT, stack, "", created, services=parts)
    with (copy / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(manifest.to_dict(), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return manifest, skipped


def read(directory: Path, name: str) -> Manifest:
    """Of a backup's files, each of which is as it was. Raises GroundworkError."""
    try:
        text = (directory / MANIFEST).read_text(encoding="utf-8")
        manifest = Manifest.from_dict(json.loads(text))
    except (OSError, ValueError):
        raise _refused(name, "has no manifest, so it isn't whole") from None
    if manifest.format != FORMAT:
        raise _refused(name, f"has the format {manifest.format}, and this release {FORMAT}")
    for service, saved in manifest.services.items():
        for file, wanted in saved.files.items():
            if _digest(directory / service / file) != wanted:
                raise _refused(name, f"is damaged: {service}/{file} isn't what was copied")
    return manifest


def _refused(name: str, why: str) -> GroundworkError:
    return GroundworkError(
        f"The backup {name} {why}.", next_step="Take another one. Nothing was changed."
    )


def _digest(path: Path) -> str:
    total = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
    except OSError:
        return ""
    return total.hexdigest()
