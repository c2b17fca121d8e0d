"""The names of volumes, and the file that says which are live."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import CommandResult, Docker, volumes
from ansible.module_utils.groundwork.errors import GroundworkError


@pytest.mark.parametrize(
    ("store", "generation", "name"),
    [
        ("postgres", 0, "shop_postgres_data"),
        ("postgres", 1, "shop_postgres_data.1"),
        ("mail.conf", 12, "shop_mail.conf_data.12"),
    ],
)
def test_a_name_says_the_store_and_the_generation(store: str, generation: int, name: str) -> None:
    assert volumes.name_of("shop", store, generation) == name
    assert volumes.parse(name, "shop") == (store, generation)


@pytest.mark.parametrize(
    "name",
    [
        *("shop_owner", "shop_snapshot_x", "shop_snapshot_postgres_data", "shop_postgres_data.0"),
        *("other_postgres_data", "shop_postgres_data.x", "shop_a_b_data", "postgres_data"),
    ],
)
def test_other_volumes_are_no_data(name: str) -> None:
    assert volumes.parse(name, "shop") is None


def test_without_the_file_the_first_counts(tmp_path: Path) -> None:
    assert volumes.read(tmp_path) == {}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    volumes.write(tmp_path, {"redis": 0, "postgres": 2})
    assert volumes.read(tmp_path) == {"postgres": 2}
    assert [each.name for each in tmp_path.iterdir()] == ["volumes.json"]


DAMAGED = """

{
[]
{"format": 2, "volumes": {}}
{"format": 1}
{"format": 1, "volumes": []}
{"format": 1, "volumes": {"postgres": "2"}}
{"format": 1, "volumes": {"x": true}}"""


@pytest.mark.parametrize("text", DAMAGED.split("\n")[1:])
def test_a_damaged_file_is_no_guess(tmp_path: Path, text: str) -> None:
    (tmp_path / "volumes.json").write_text(text, encoding="utf-8")
    with pytest.raises(GroundworkError, match="which volumes are live"):
        volumes.read(tmp_path)


@dataclass(frozen=True)
class Engine(Docker):
    there: tuple[str, ...] = ()
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        return CommandResult(0, "\n".join(self.there), "")


def test_the_next_generation_is_one_more_than_all_that_are_there() -> None:
    engine = Engine(there=("shop_db_data", "shop_db_data.10", "shop_db_data.9", "shop_x_data"))
    assert volumes.next_generation(engine, "shop", "db") == 11
    assert volumes.next_generation(engine, "shop", "x") == 1
    assert volumes.next_generation(engine, "shop", "y") == 1
    assert volumes.generations(engine, "shop") == {"db": [0, 9, 10], "x": [0]}


def test_a_new_volume_is_labelled_as_composes_own() -> None:
    engine = Engine()
    volumes.create(engine, "shop", "db", 3, "postgres-16-glibc")
    (asked,) = engine.asked
    assert asked[-1] == "shop_db_data.3"
    for label in (
        "com.docker.compose.project=shop",
        "com.docker.compose.volume=db_data",
        "groundwork.flavour=postgres-16-glibc",
        "groundwork.generation=3",
    ):
        assert label in asked
