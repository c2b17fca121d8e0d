"""What may move to which image, and what is refused before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.data import upgrade_checks
from ansible.module_utils.groundwork.data.model import Source
from ansible.module_utils.groundwork.docker import CommandResult, Docker, volumes
from ansible.module_utils.groundwork.errors import GroundworkError

DB, CACHE = parse_services(
    {
        "db": {"kind": "postgres", "image": "postgres:17", "port": 1},
        "cache": {"kind": "redis", "image": "redis:7", "port": 2},
    }
)


@dataclass(frozen=True)
class Engine(Docker):
    label: str = "postgres-16-glibc"
    status: str = "running"
    stopped: str = ""
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        if args[0] == "stop" and self.stopped:
            return CommandResult(1, "", self.stopped)
        return CommandResult(0, self.status, "")

    def inspect(self, kind: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {name: {"Labels": {volumes.FORMAT_LABEL: self.label}} for name in names}


def source(engine: Engine | None = None, service: Any = DB) -> Source:
    volume = {service.name: f"shop_{service.name}_data"}
    return Source(engine or Engine(), "shop", service, "postgres:16", "postgres-16-glibc", volume)


def image(storage_format: str) -> dict[str, dict[str, str]]:
    return {"db": {"reference": "postgres:17", "storage_format": storage_format}}


def test_only_a_postgres_that_is_named_is_moved() -> None:
    both = [source(), source(service=CACHE)]
    assert upgrade_checks.find(both, "db") is both[0]
    with pytest.raises(GroundworkError, match="no PostgreSQL 'cache'"):
        upgrade_checks.find(both, "cache")
    with pytest.raises(GroundworkError, match="isn't said") as caught:
        upgrade_checks.find(both, "")
    assert "-e service=db" in caught.value.next_step


@pytest.mark.parametrize("to", ["postgres-17-glibc", "postgres-16-musl", "postgres-16-glibc"])
def test_it_moves_to_newer_ones_and_other_libraries(to: str) -> None:
    move = upgrade_checks.planned(source(), image(to))
    assert (move.former_format, move.storage_format) == ("postgres-16-glibc", to)
    assert (move.former_image, move.image) == ("postgres:16", "postgres:17")


def test_the_live_volume_says_what_it_is() -> None:
    engine = Engine(label="postgres-17-glibc")
    move = upgrade_checks.planned(source(engine), image("postgres-17-glibc"))
    assert move.former_format == move.storage_format
    engine = Engine(label="")  # somebody else made it
    assert (
        upgrade_checks.planned(source(engine), image("postgres-17-musl")).former_format
        == "postgres-16-glibc"
    )


def test_an_older_one_an_unknown_one_and_none_are_refused() -> None:
    newer = source(Engine(label="postgres-18-glibc"))
    with pytest.raises(GroundworkError, match="can't take a newer one's data") as caught:
        upgrade_checks.planned(newer, image("postgres-17-musl"))
    assert "-e back=true" in caught.value.next_step
    with pytest.raises(GroundworkError, match="doesn't tell"):
        upgrade_checks.planned(source(), image("postgres-unknown-glibc"))
    with pytest.raises(GroundworkError, match="isn't here"):
        upgrade_checks.planned(source(), {})


def test_extensions_that_the_image_lacks_are_named_by_database() -> None:
    needed = {"app": {"plpgsql": "1.0", "vector": "0.7", "hstore": "1.8"}, "postgres": {"plpgsql"}}
    upgrade_checks.check_extensions("db", needed, ["plpgsql", "vector", "hstore"])
    with pytest.raises(GroundworkError) as caught:
        upgrade_checks.check_extensions("db", needed, ["plpgsql"])
    assert caught.value.details == ["app: hstore, vector"]
