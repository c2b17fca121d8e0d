"""A place for backups without an engine: its types and its repository are pretended."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.data import Checkpoint, Source, backup, backup_types
from ansible.module_utils.groundwork.data.backup import BackupPlace
from ansible.module_utils.groundwork.data.repository import Backup, Repository
from ansible.module_utils.groundwork.errors import GroundworkError

from .test_job import Recorded

ENTRIES = {
    "postgres": {"kind": "postgres", "image": "postgres:16", "port": 5432, "user": "app",
                 "database": "app"},
    "redis": {"kind": "redis", "image": "redis:7", "port": 6379},
    "qdrant": {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 6333},
}  # fmt: skip


@dataclass
class PretendedType:
    """Writes a file, and notes what it is asked."""

    done: list[str] = field(default_factory=list)
    digest: str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

    def bytes_needed(self, source: Source) -> int:
        return 3

    def checkpoint(self, source: Source, place: str, path: str) -> Checkpoint:
        self.done.append(path)
        Path(place, path, "data").write_text("foo")
        return Checkpoint(kind=source.service.kind, files={"data": self.digest}, bytes=3)

    def fill(
        self, source: Source, saved: Checkpoint, place: str, path: str, volumes: Mapping[str, str]
    ) -> None:
        self.done.append(f"fill {path} {volumes[path]}")


class PretendedRepository(Repository):
    """Keeps directories as they are, beside its location."""

    def ensure(self) -> bool:
        new = not Path(self.location).exists()
        Path(self.location).mkdir(exist_ok=True)
        return new

    def add(self, directory: Path) -> Backup:
        found = Backup(f"{len(self.backups()):08}", f"2026-01-0{len(self.backups()) + 1}T00:00:00Z")
        shutil.copytree(directory, Path(self.location, found.id))
        return found

    def backups(self) -> list[Backup]:
        names = sorted((p.name for p in Path(self.location).iterdir()), reverse=True)
        return [Backup(name, f"2026-01-0{int(name) + 1}T00:00:00.5Z") for name in names]

    def restore(self, backup: Backup, directory: Path) -> None:
        shutil.copytree(Path(self.location, backup.id), directory, dirs_exist_ok=True)

    def forget(self, keep: Mapping[str, int]) -> int:
        gone = self.backups()[keep.get("last", 9) :]
        for each in gone:
            shutil.rmtree(Path(self.location, each.id))
        return len(gone)

    def check(self, part: int, parts: int) -> None:
        pass


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> PretendedType:
    """Instead of PostgreSQL's and Redis' own; nothing knows Qdrant's data."""
    pretended = PretendedType()
    monkeypatch.setattr(backup_types, "POSTGRES", pretended)
    monkeypatch.setattr(backup_types, "DATA_TYPES", {"redis": pretended})

    def prove(source: Source, saved: Checkpoint, place: str, path: str) -> None:
        pretended.done.append(f"prove {path} {source.stack}")
        if not Path(place, path, "data").exists():
            raise GroundworkError("no data")

    monkeypatch.setattr(backup_types, "prove", prove)
    # The pretended engine has no containers to ask for
    monkeypatch.setattr(backup, "again", lambda found, stack_dir: list(found))
    return pretended


def place_in(directory: Path, **changes: Any) -> BackupPlace:
    (directory / "infra").mkdir()
    (directory / "infra" / ".env").write_text("REDIS_PASSWORD=x\n")
    repository = PretendedRepository(
        str(directory / "repository"), "shop", directory / "password", directory / "cache"
    )
    place = BackupPlace(
        Recorded(),
        "shop",
        directory / "infra",
        repository,
        directory / "backups",
        directory / "infra" / ".lock",
        patience=0,
    )
    return replace(place, **changes)


def sources_of(place: BackupPlace) -> list[Source]:
    return [
        Source(place.docker, "shop", service, "image", "x", {service.name: "v"}, "container")
        for service in parse_services(ENTRIES)
    ]
