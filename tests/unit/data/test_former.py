"""The volumes from before: gone back to, listed, removed, expired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.data import former
from ansible.module_utils.groundwork.data.model import Source
from ansible.module_utils.groundwork.docker import CommandResult, Docker, volumes
from ansible.module_utils.groundwork.errors import GroundworkError
from fake_engine import volume_row

(DB,) = parse_services({"db": {"kind": "postgres", "image": "postgres:16-alpine", "port": 1}})
NOW = datetime(2026, 1, 29, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Engine(Docker):
    made: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    error: str = ""

    def run(self, *args: str, **options: Any) -> CommandResult:
        if args[:2] == ("volume", "rm"):
            self.removed.extend(args[2:])
            return CommandResult(1 if self.error else 0, "", self.error)
        return CommandResult(0, "\n".join(volume_row(name, {}, args[-1]) for name in self.made), "")

    def inspect(self, kind: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        labels = {volumes.FORMAT_LABEL: "postgres-16-glibc"}
        return {name: {"CreatedAt": self.made[name], "Labels": labels} for name in names}


def source() -> Source:
    return Source(Engine(), "shop", DB, "image", "format", {"db": "shop_db_data.2"})


MADE = {
    "shop_db_data": "2026-01-01T00:00:00Z",
    "shop_db_data.1": "2026-01-10T00:00:00Z",
    "shop_db_data.2": "2026-01-28T00:00:00Z",
}


def test_back_is_to_the_generation_before(tmp_path: Path) -> None:
    volumes.write(tmp_path, {"db": 2, "other": 1})
    assert former.go_back(Engine(made=MADE), tmp_path, [source()], {}, True) == {"db": 1}
    assert volumes.read(tmp_path) == {"db": 2, "other": 1}
    former.go_back(Engine(made=MADE), tmp_path, [source()], {})
    assert volumes.read(tmp_path) == {"db": 1, "other": 1}
    former.go_back(Engine(made=MADE), tmp_path, [source()], {})
    assert volumes.read(tmp_path) == {"other": 1}
    with pytest.raises(GroundworkError, match="no volume from before"):
        former.go_back(Engine(made=MADE), tmp_path, [source()], {})


def test_back_is_to_what_was_live_before_not_to_what_was_gone_back_from(tmp_path: Path) -> None:
    volumes.write(tmp_path, {"db": 2, "other": 1}, {"db": 0, "other": 0})
    former.go_back(Engine(made=MADE), tmp_path, [source()], {})
    assert volumes.read(tmp_path) == {"other": 1}
    assert volumes.before(tmp_path) == {"other": 0}


def test_back_is_never_to_data_that_the_image_could_not_read(tmp_path: Path) -> None:
    volumes.write(tmp_path, {"db": 2})
    image = {"reference": "postgres:17", "storage_format": "postgres-17-glibc"}
    with pytest.raises(GroundworkError, match=r"are postgres-16-glibc; the image postgres:17"):
        former.go_back(Engine(made=MADE), tmp_path, [source()], {"db": image})
    assert volumes.read(tmp_path) == {"db": 2}
    image["storage_format"] = "postgres-16-glibc"
    former.go_back(Engine(made=MADE), tmp_path, [source()], {"db": image})
    assert volumes.read(tmp_path) == {"db": 1}


def test_the_live_one_is_no_former_one(tmp_path: Path) -> None:
    volumes.write(tmp_path, {"db": 1})
    found = former.others(Engine(made=MADE), "shop", tmp_path, {"db"})
    assert found == {"db": [0, 2]}
    assert former.others(Engine(made=MADE), "shop", tmp_path, {"x"}) == {}


def test_old_is_what_was_followed_long_ago() -> None:
    engine = Engine(made=MADE)
    assert former.expired(engine, "shop", {"db": [0, 1]}, NOW, 7) == {"db": [0]}
    assert former.expired(engine, "shop", {"db": [0, 1]}, NOW, 0) == {"db": [0, 1]}
    assert former.expired(engine, "shop", {"db": [2]}, NOW, 0) == {}


def test_they_go_by_name_and_a_refusal_is_told() -> None:
    engine = Engine(made=MADE)
    assert former.remove(engine, "shop", {"db": [0, 2]}) == ["shop_db_data", "shop_db_data.2"]
    assert engine.removed == ["shop_db_data", "shop_db_data.2"]
    with pytest.raises(GroundworkError, match="in use"):
        former.remove(Engine(error="volume is in use"), "shop", {"db": [0]})
    assert former.remove(Engine(error="never asked"), "shop", {}) == []
