"""What is put back where, and what stays when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.data import restore
from ansible.module_utils.groundwork.data.model import FORMAT, Checkpoint, Manifest, Source
from ansible.module_utils.groundwork.docker import CommandResult, Docker, volumes
from ansible.module_utils.groundwork.errors import GroundworkError
from fake_engine import volume_row

DB, CACHE = parse_services(
    {
        "db": {"kind": "postgres", "image": "postgres:16-alpine", "port": 1},
        "cache": {"kind": "redis", "image": "redis:7-alpine", "port": 2},
    }
)
SAVED = Manifest(
    FORMAT,
    "shop",
    "x",
    services={
        "db": Checkpoint(kind="postgres", storage_format="postgres-16-glibc", image="old"),
        "cache": Checkpoint(kind="redis", storage_format="redis"),
    },
)


@dataclass(frozen=True)
class Engine(Docker):
    """Volumes by name, in a list that lives on."""

    volumes: list[str] = field(default_factory=list)
    free: int = 10**9

    def run(self, *args: str, **options: Any) -> CommandResult:
        if args[:2] == ("volume", "create"):
            self.volumes.append(args[-1])
        elif args[:2] == ("volume", "rm"):
            for name in args[2:]:
                if name in self.volumes:
                    self.volumes.remove(name)
        elif args[:2] == ("volume", "ls"):
            rows = (volume_row(name, {}, args[-1]) for name in self.volumes)
            return CommandResult(0, "\n".join(rows), "")
        elif args[:2] == ("volume", "inspect"):
            return CommandResult(1, "[]", "no such volume")
        elif args[0] == "run":
            return CommandResult(0, f"/dev/x {10**9} 1 {self.free} 1% /volume", "")
        return CommandResult(0, "", "")


def source(engine: Engine, service: Any, storage_format: str = "postgres-16-glibc") -> Source:
    stores = {service.name: volumes.name_of("shop", service.name)}
    return Source(engine, "shop", service, "image", storage_format, stores)


def test_all_that_the_snapshot_has_or_those_that_are_asked_for() -> None:
    both = [source(Engine(), DB), source(Engine(), CACHE)]
    assert restore.choose(SAVED, both, []) == both
    assert restore.choose(SAVED, both, ["cache"]) == [both[1]]


@pytest.mark.parametrize(
    ("sources", "asked", "words"),
    [
        ([DB], ["vectors"], "no data of 'vectors'"),
        ([DB], [], "which stack_services doesn't"),
        ([CACHE], ["db"], "which stack_services doesn't"),
    ],
)
def test_what_is_not_in_both_is_refused(sources: list[Any], asked: list[str], words: str) -> None:
    with pytest.raises(GroundworkError, match=words):
        restore.choose(SAVED, [source(Engine(), each) for each in sources], asked)


def test_another_storage_format_or_kind_is_refused() -> None:
    with pytest.raises(GroundworkError, match="can't read them"):
        restore.choose(SAVED, [source(Engine(), DB, "postgres-17-glibc")], ["db"])
    other = Manifest(FORMAT, "shop", "x", services={"db": Checkpoint(kind="redis")})
    with pytest.raises(GroundworkError, match="of the kind redis"):
        restore.choose(other, [source(Engine(), DB)], ["db"])
    # Of a dump that is no obstacle
    newer = [source(Engine(), DB, "postgres-17-glibc")]
    assert restore.choose(SAVED, newer, ["db"], "backup", {"postgres"}) == newer
    with pytest.raises(GroundworkError, match=r"The backup .* has no data of 'x'"):
        restore.choose(SAVED, newer, ["x"], "backup", {"postgres"})
    # Redis reads the files of its older versions
    assert restore.choose(SAVED, [source(Engine(), CACHE, "else")], ["cache"])


def test_new_volumes_are_filled_and_then_live(tmp_path: Path) -> None:
    engine = Engine(volumes=["shop_db_data", "shop_cache_data", "shop_cache_data.4"])
    volumes.write(tmp_path, {"cache": 4})
    filled: dict[str, str] = {}

    def fill(source: Source, fresh: Mapping[str, str]) -> None:
        assert volumes.read(tmp_path) == {"cache": 4}
        filled.update(fresh)

    both = [source(engine, DB), source(engine, CACHE)]
    switched = restore.put_back(engine, tmp_path, both, 1000, fill)
    assert filled == {"db": "shop_db_data.1", "cache": "shop_cache_data.5"}
    assert volumes.read(tmp_path) == {"db": 1, "cache": 5}
    assert volumes.before(tmp_path) == {"db": 0, "cache": 4}
    assert [(each.before, each.after) for each in switched] == [
        ({"db": 0}, {"db": 1}),
        ({"cache": 4}, {"cache": 5}),
    ]
    assert {*engine.volumes} >= {"shop_db_data", "shop_cache_data.4", "shop_db_data.1"}


@pytest.mark.parametrize("error", [GroundworkError("cut"), KeyboardInterrupt()])
def test_what_fails_before_the_switch_changes_nothing(tmp_path: Path, error: BaseException) -> None:
    engine = Engine(volumes=["shop_db_data", "shop_cache_data"])

    def fill(source: Source, fresh: Mapping[str, str]) -> None:
        if source.service.name == "cache":
            raise error

    both = [source(engine, DB), source(engine, CACHE)]
    with pytest.raises(type(error)):
        restore.put_back(engine, tmp_path, both, 1000, fill)
    assert volumes.read(tmp_path) == {}
    assert engine.volumes == ["shop_db_data", "shop_cache_data"]


def test_an_interruption_right_after_the_switch_keeps_what_is_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, write = Engine(volumes=["shop_db_data"]), volumes.write

    def interrupted(directory: Path, live: Mapping[str, int], before: Mapping[str, int]) -> None:
        write(directory, live, before)
        if live:
            raise KeyboardInterrupt

    monkeypatch.setattr(volumes, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore.put_back(engine, tmp_path, [source(engine, DB)], 1, lambda *_: None)
    assert volumes.read(tmp_path) == {"db": 1}
    assert "shop_db_data.1" in engine.volumes


def test_without_room_nothing_is_filled(tmp_path: Path) -> None:
    engine = Engine(volumes=["shop_db_data"], free=5)
    with pytest.raises(GroundworkError, match="no room"):
        restore.put_back(
            engine, tmp_path, [source(engine, DB)], 1000, lambda *_: pytest.fail("filled")
        )
    assert engine.volumes == ["shop_db_data"]
