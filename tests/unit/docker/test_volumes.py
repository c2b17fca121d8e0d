"""The names of volumes, and the file that says which are live."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import volumes
from ansible.module_utils.groundwork.errors import GroundworkError
from fake_engine import FakeEngine, container


@pytest.mark.parametrize(
    ("store", "generation", "name"),
    [
        ("postgres", 0, "shop_postgres_data"),
        ("postgres", 1, "shop_postgres_data.1"),
        ("mail.conf", 12, "shop_mail.conf_data.12"),
        ("re-ports", 0, "shop_re-ports_data"),
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
        *("shop_x_mail.conf_data", "shopping_a_data", "shop_a.b.c_data", "shop_postgres_data.01"),
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
{"format": 1, "volumes": {"x": true}}
{"format": 1, "volumes": {"x": -1}}
{"format": 1, "volumes": {"X Y": 1}}"""


@pytest.mark.parametrize("text", DAMAGED.split("\n")[1:])
def test_a_damaged_file_is_no_guess(tmp_path: Path, text: str) -> None:
    (tmp_path / "volumes.json").write_text(text, encoding="utf-8")
    with pytest.raises(GroundworkError, match="which volumes are live"):
        volumes.read(tmp_path)


def test_the_next_generation_is_one_more_than_all_that_are_there() -> None:
    names = ("shop_db_data", "shop_db_data.10", "shop_db_data.9", "shop_x_data")
    engine = FakeEngine(volumes={name: {} for name in names})
    found = volumes.next_generations(engine, "shop", ["db", "x", "y"])
    assert found == {"db": 11, "x": 1, "y": 1}
    assert volumes.generations(engine, "shop") == {"db": [0, 9, 10], "x": [0]}


def test_a_snapshot_is_no_data_whatever_its_name() -> None:
    labelled = {"groundwork.snapshot": "x"}
    engine = FakeEngine(
        volumes={
            "shop_snapshot_data": labelled,
            "shop_snapshot_before.x": labelled,
            "shop_db_data": {"groundwork.flavour": "f"},
            "shop_owner": {"groundwork.folder": "/infra", "groundwork.user": "anna"},
            "shop_x": {},
        }
    )
    assert volumes.snapshots(engine, "shop") == ["before.x", "data"]
    assert volumes.listed(engine, "shop") == {
        "shop_db_data": {"storage_format": "f", "directory": "", "user": ""},
        "shop_owner": {"storage_format": "", "directory": "/infra", "user": "anna"},
    }


def test_a_new_volume_is_labelled_as_composes_own() -> None:
    engine = FakeEngine()
    name = volumes.create(engine, "shop", "db", 3, "postgres-16-glibc")
    assert engine.volumes == {
        name: {
            "com.docker.compose.project": "shop",
            "com.docker.compose.volume": "db_data",
            "groundwork.flavour": "postgres-16-glibc",
            "groundwork.generation": "3",
        }
    }
    assert name == "shop_db_data.3"


def test_a_volume_that_is_there_is_nobodys_new_one() -> None:
    engine = FakeEngine(volumes={"shop_db_data.3": {}})
    with pytest.raises(GroundworkError, match=r"shop_db_data\.3 already"):
        volumes.create(engine, "shop", "db", 3, "f")


def test_a_store_is_forgotten_alone(tmp_path: Path) -> None:
    volumes.write(tmp_path, {"db": 2, "x.conf": 1})
    assert volumes.forget(tmp_path, ["db", "y"])
    assert volumes.read(tmp_path) == {"x.conf": 1}
    assert not volumes.forget(tmp_path, ["db"])
    assert not volumes.forget(tmp_path / "gone", ["db"])


def test_a_link_stays_one_and_everybody_may_read_the_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    volumes.write(tmp_path, {"db": 1})
    (tmp_path / "volumes.json").rename(elsewhere)
    (tmp_path / "volumes.json").symlink_to(elsewhere)
    volumes.write(tmp_path, {"db": 2})
    assert (tmp_path / "volumes.json").is_symlink()
    assert volumes.read(tmp_path) == {"db": 2}
    assert elsewhere.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("mounts", "told"),
    [
        (["shop_db_data.2", "0123abc"], {}),
        (["shop_db_data"], {"shop_db_data.2": "shop_db_data"}),
        (["shop_db_data.3"], {"shop_db_data.2": "shop_db_data.3"}),
        (["shop_x_data.1"], {"shop_x_data": "shop_x_data.1"}),
        (["other_db_data", "mine"], {}),
    ],
)
def test_a_container_on_another_volume_is_told(mounts: list[str], told: dict[str, str]) -> None:
    found = container("c", mounts=dict.fromkeys(mounts, True))
    assert volumes.not_live(found, "shop", {"db": 2}) == told
