"""What is taken for an unfinished volume, what forbids to clear it away, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import CommandResult
from ansible.module_utils.groundwork.host.postgres_init import Finding, persons, repair, unfinished
from fake_engine import FakeEngine, container

FRESH = (
    *("PG_VERSION", "pg_hba.conf", "postgresql.conf", "postmaster.pid", "lost+found", "pg_wal"),
    *("pg_wal/000000010000000000000001", "pg_tblspc", "pg_replslot", "global", "global/pg_control"),
    *("global/1262", "global/1262_fsm", "global/pg_filenode.map", "base", "base/1", "base/1/1259"),
    *("base/1/2619_vm", "base/1/13467", "base/1/pg_internal.init.23456", "base/4", "base/5"),
    "base/5/PG_VERSION",
)


def test_a_finished_cluster_is_none_of_them() -> None:
    assert not persons(FRESH)
    assert not unfinished(FRESH)


@pytest.mark.parametrize("path", ["PG_VERSION", "global/pg_control", "base/5/PG_VERSION"])
def test_without_what_initdb_makes_it_is_unfinished(path: str) -> None:
    assert unfinished(each for each in FRESH if each != path)


@pytest.mark.parametrize(
    "path",
    [
        "base/16384",
        "base/16384/1259",
        "base/5/16385",
        "base/5/16385.1",
        "base/1/16400_fsm",
        "base/5/t3_16390",
        "global/24576",
        "pg_tblspc/16386",
        "pg_replslot/standby",
        "pg_twophase/00000300",
        "dump.sql",
        "server.crt",
        ".ssh/key",
        "base backup",
    ],
)
def test_whatever_a_person_made_is_told(path: str) -> None:
    assert persons((*FRESH, path)) == [path]


@dataclass(frozen=True)
class Volume(FakeEngine):
    """A PostgreSQL whose volume has `paths`, and these databases, by the highest number in each.

    Without databases no server answers.
    """

    paths: list[str] = field(default_factory=list)
    databases: dict[str, int] | None = None
    said: list[str] = field(default_factory=list)
    owner: str = "postgres"
    opened: str = "opened"

    def run(self, *args: str, **options: Any) -> CommandResult:
        found = super().run(*args, **options)
        self.said.append(options.get("stdin") or "")
        match args:
            case ("exec", *_, "sh", "-euc", _):
                return CommandResult(0, self.opened, "")
            case ("exec", *_, "-U", user, "-d", _, "-f", "-") if user != self.owner:
                return CommandResult(2, "", f'FATAL:  role "{user}" does not exist')
            case ("exec", *_, "-f", "-") if self.databases is None:
                return CommandResult(2, "", "no pg_hba.conf entry")
            case ("exec", *_, "-f", "-") if "datname" in options["stdin"]:
                return CommandResult(0, "\n".join(self.databases) + "\n", "")
            case ("exec", *_, "-d", database, "-f", "-") if "max" in options["stdin"]:
                return CommandResult(0, f"{self.databases[database]}\n", "")
            case ("ps", *_) if "--filter" in args and args[-1].startswith("volume="):
                return CommandResult(0, "\n".join(each["Id"] for each in self.containers), "")
            case ("run", *_) if "-print0" in args:
                return CommandResult(0, "".join(f"/volume/{path}\0" for path in self.paths), "")
            case ("run", *_) if "-delete" in args:
                self.paths.clear()
        return found


def of(paths: Iterable[str], databases: dict[str, int] | None, **more: Any) -> Volume:
    """It runs, and nobody else has its volume."""
    server = container("ours-db-1", "ours", service="db", mounts={"ours_db_data": True})
    server["Image"] = "sha256:1"
    return Volume(containers=[server], paths=[*paths], databases=databases, **more)


OWN = {"template0": 0, "template1": 16383, "postgres": 16383}
(DB,) = parse_services({"db": {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432}})


def test_a_finished_cluster_that_lets_nobody_in_is_opened() -> None:
    volume = of(FRESH, OWN)
    found = repair(volume, "ours", DB)
    assert "app was made, nothing was removed" in found.done
    assert volume.did("exec", "id-ours-db-1", "sh", "-euc")
    assert any("pg_reload_conf" in sql for sql in volume.said)
    assert volume.paths == [*FRESH]


def test_one_that_is_open_already_needs_nothing_of_that() -> None:
    volume = of(FRESH, OWN, opened="")
    assert not repair(volume, "ours", DB).done
    assert not any("pg_reload_conf" in sql for sql in volume.said)


def test_a_cluster_of_the_apps_user_is_asked_as_that_user() -> None:
    volume = of(FRESH, OWN, owner="app")
    assert repair(volume, "ours", DB).done
    asked = [args[args.index("-U") + 1] for args in volume.asked if "-U" in args]
    assert asked[:2] == ["postgres", "app"]


def test_half_a_cluster_is_cleared_away_and_made_anew_by_its_container() -> None:
    halves = [(["PG_VERSION", "base"], None), (FRESH, {"template0": 0, "template1": 12})]
    for paths, databases in halves:
        volume = of(paths, databases)
        assert "made anew" in repair(volume, "ours", DB).done
        assert volume.paths == []
        done = [args[0] for args in volume.asked if args[0] in ("stop", "run", "start")]
        assert done == ["run", "stop", "run", "run", "start"], "stopped before anything goes"


@pytest.mark.parametrize(
    ("paths", "databases", "more"),
    [
        (FRESH, OWN | {"app": 20000}, ()),
        (FRESH, OWN | {"another": 16384}, ()),
        (FRESH, OWN | {"postgres": 16384}, ()),
        (FRESH, OWN | {"template1": 16384}, ()),
        (FRESH, None, ()),  # a whole one that lets nobody in is a person's to mend
        (["PG_VERSION", "base/16384/1259"], None, ()),
        (["PG_VERSION"], None, ("a-copy",)),
        ([], None, ()),
    ],
)
def test_any_other_volume_is_left_alone(
    paths: list[str], databases: dict[str, int] | None, more: tuple[str, ...]
) -> None:
    volume = of(paths, databases)
    volume.containers.extend(container(name) for name in more)
    assert not repair(volume, "ours", DB).done
    assert volume.paths == [*paths]
    assert not volume.did("stop") and not volume.did("start")
    assert not any("CREATE" in sql for sql in volume.said)


def test_a_container_without_the_volume_is_left_alone() -> None:
    volume = of(["PG_VERSION"], None)
    volume.containers[0]["Mounts"] = []
    assert repair(volume, "ours", DB) == Finding()
