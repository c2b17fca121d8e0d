"""Names, rules and the order of a snapshot's parts."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.data import snapshots
from ansible.module_utils.groundwork.data import types as data_types
from ansible.module_utils.groundwork.data.model import FORMAT, Checkpoint, Manifest, Source, Turn
from ansible.module_utils.groundwork.docker import CommandResult, Docker
from ansible.module_utils.groundwork.errors import GroundworkError

NOW = datetime(2026, 1, 29, 10, 12, tzinfo=timezone.utc)
DB, CACHE = parse_services(
    {
        "db": {"kind": "postgres", "image": "postgres:16-alpine", "port": 1},
        "cache": {"kind": "redis", "image": "redis:7-alpine", "port": 2},
    }
)


@dataclass(frozen=True)
class Engine(Docker):
    """Volumes and jobs: what was asked, and what a job's stdin was."""

    volumes: list[str] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    wrote: list[str] = field(default_factory=list)
    free: int = 10**9
    manifests: Mapping[str, str] = field(default_factory=dict)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        if args[:2] == ("volume", "create"):
            self.volumes.append(args[-1])
        elif args[:2] == ("volume", "rm"):
            self.volumes.remove(args[-1])
        elif args[:2] == ("volume", "ls"):
            return CommandResult(0, "\n".join(self.volumes), "")
        elif args[0] == "exec" and any("df -Pk" in each for each in args):
            return CommandResult(0, f"/dev/x {10**9} 1 {self.free} 1% /copy", "")
        elif args[0] == "run" and any("/snapshots/*" in each for each in args):
            lines = (
                f"{n} {base64.b64encode(t.encode()).decode()}" for n, t in self.manifests.items()
            )
            return CommandResult(0, "\n".join(lines), "")
        if options.get("stdin"):
            self.wrote.append(options["stdin"])
        return CommandResult(0, "", "")


class Kind:
    """A service type's data, whose copies are noted in their order."""

    def __init__(self, name: str, log: list[str], fails: bool = False) -> None:
        self.name, self.log, self.fails = name, log, fails

    def bytes_needed(self, source: Source) -> int:
        return 1000

    def checkpoint(self, source: Source, place: str, path: str, turn: Turn) -> Checkpoint:
        turn.wait()
        self.log.append(path)
        if self.fails:
            raise GroundworkError("the copy failed")
        return Checkpoint(kind=self.name, bytes=7)

    def fill(self, *_: Any) -> None: ...


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    log: list[str] = []
    kinds = {name: Kind(name, log) for name in ("postgres", "redis")}
    monkeypatch.setattr(data_types, "DATA_TYPES", kinds)
    return log


def source(engine: Engine, service: Any, container: str = "c") -> Source:
    return Source(engine, "shop", service, "image", "format", {service.name: "v"}, container)


def manifest(name: str, created: str = "2026-01-01T00:00:00Z") -> Manifest:
    return Manifest(FORMAT, "shop", name, created)


def test_postgres_is_last_and_the_manifest_after_it(log: list[str]) -> None:
    engine = Engine()
    made = snapshots.create([source(engine, DB), source(engine, CACHE)], "x", NOW)
    assert log == ["cache", "db"]
    assert engine.volumes == ["shop_snapshot_x"]
    assert made.created == "2026-01-29T10:12:00Z"
    assert Manifest.from_dict(json.loads(engine.wrote[-1])) == made


def test_where_a_part_fails_no_volume_stays(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(data_types.DATA_TYPES, "postgres", Kind("postgres", log, fails=True))
    engine = Engine()
    with pytest.raises(GroundworkError, match="the copy failed"):
        snapshots.create([source(engine, DB), source(engine, CACHE)], "x", NOW)
    assert engine.volumes == []
    assert engine.wrote == []


def test_where_another_fails_postgres_does_not_begin(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(data_types.DATA_TYPES, "redis", Kind("redis", log, fails=True))
    with pytest.raises(GroundworkError, match="the copy failed"):
        snapshots.create([source(Engine(), DB), source(Engine(), CACHE)], "x", NOW)
    assert log == ["cache"]


def test_without_room_nothing_is_copied(log: list[str]) -> None:
    engine = Engine(free=1)
    with pytest.raises(GroundworkError, match="no room"):
        snapshots.create([source(engine, DB)], "x", NOW)
    assert (engine.volumes, log) == ([], [])


def test_what_does_not_run_is_named(log: list[str]) -> None:
    engine = Engine()
    with pytest.raises(GroundworkError, match="db doesn't run"):
        snapshots.create([source(engine, DB, container="")], "x", NOW)
    assert engine.asked == []


def test_a_container_on_former_data_is_no_source(log: list[str]) -> None:
    engine = Engine()
    given = [replace(source(engine, each), former=True) for each in (DB, CACHE)]
    with pytest.raises(GroundworkError, match="data of db, cache were put back"):
        snapshots.create(given, "x", NOW)
    assert (engine.asked, log) == ([], [])


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "A", "x" * 49, "ü"])
def test_names_that_no_volume_can_have_are_refused(name: str) -> None:
    with pytest.raises(GroundworkError, match="no name for a snapshot"):
        snapshots.check_new(name, [])


@pytest.mark.parametrize("name", ["data", "data.1"])
def test_the_volume_of_a_service_called_snapshot_is_not_taken(name: str) -> None:
    with pytest.raises(GroundworkError, match="a volume with data"):
        snapshots.check_new(name, [])


def test_a_name_is_given_once() -> None:
    with pytest.raises(GroundworkError, match="already"):
        snapshots.check_new("x", [manifest("x")])
    snapshots.check_new("y", [manifest("x")])


def test_the_newest_stay_and_what_is_needed() -> None:
    there = [manifest(str(day), f"2026-01-0{day}T00:00:00Z") for day in (3, 1, 2, 4)]
    names = [each.name for each in snapshots.superfluous(there, 2)]
    assert names == ["1", "2"]
    made = {"1", "3"}  # by migrations, which don't count
    assert snapshots.superfluous(there, 2, made, {"1", "3"}) == []
    assert [m.name for m in snapshots.superfluous(there, 1, made, {"1"})] == ["3", "2"]
    assert snapshots.superfluous(there, 9) == []


def test_one_without_a_manifest_is_none_and_goes() -> None:
    whole = json.dumps(manifest("whole").to_dict())
    volumes = ["shop_snapshot_cut", "shop_snapshot_torn", "shop_snapshot_whole"]
    engine = Engine(volumes=volumes, manifests={"whole": whole, "torn": whole[:20], "cut": ""})
    assert [each.name for each in snapshots.listed(engine, "shop", "image")] == ["whole"]
    assert len(engine.volumes) == 3
    snapshots.listed(engine, "shop", "image", clear=True)
    assert engine.volumes == ["shop_snapshot_whole"]


def test_one_of_another_format_is_refused() -> None:
    newer = Manifest(FORMAT + 1, "shop", "x")
    with pytest.raises(GroundworkError, match="has the format"):
        snapshots.find([newer], "x")
    with pytest.raises(GroundworkError, match="There are: x"):
        snapshots.find([newer], "z")


def test_parts_that_may_are_copied_at_the_same_time(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=10)

    class Waiting(Kind):
        def checkpoint(self, source: Source, place: str, path: str, turn: Turn) -> Checkpoint:
            both.wait()
            return super().checkpoint(source, place, path, turn)

    monkeypatch.setitem(data_types.DATA_TYPES, "redis", Waiting("redis", log))
    (other,) = parse_services({"more": {"kind": "redis", "image": "redis:7-alpine", "port": 3}})
    engine = Engine()
    snapshots.create([source(engine, CACHE), source(engine, other)], "x", NOW)
    assert sorted(log) == ["cache", "more"]


def test_postgres_begins_when_the_moment_of_the_others_has_passed(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    class Early(Kind):
        def checkpoint(self, source: Source, place: str, path: str, turn: Turn) -> Checkpoint:
            turn.over()
            assert begun.wait(10), "it waited for the files, too"
            return super().checkpoint(source, place, path, turn)

    class Last(Kind):
        def checkpoint(self, source: Source, place: str, path: str, turn: Turn) -> Checkpoint:
            turn.wait()
            begun.set()
            return super().checkpoint(source, place, path, turn)

    monkeypatch.setitem(data_types.DATA_TYPES, "redis", Early("redis", log))
    monkeypatch.setitem(data_types.DATA_TYPES, "postgres", Last("postgres", log))
    engine = Engine()
    snapshots.create([source(engine, DB), source(engine, CACHE)], "x", NOW)
    assert sorted(log) == ["cache", "db"]


def test_what_postgres_tidies_up_keeps_nobody_waiting_but_is_done_in_the_end(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()

    def tidy() -> None:
        deadline = time.monotonic() + 10
        while not engine.wrote and time.monotonic() < deadline:
            time.sleep(0.01)
        log.append(f"tidy after {len(engine.wrote)} manifest")

    class Last(Kind):
        def checkpoint(self, source: Source, place: str, path: str, turn: Turn) -> Checkpoint:
            turn.later(tidy)
            return super().checkpoint(source, place, path, turn)

    monkeypatch.setitem(data_types.DATA_TYPES, "postgres", Last("postgres", log))
    snapshots.create([source(engine, DB)], "x", NOW)
    assert log == ["db", "tidy after 1 manifest"]
