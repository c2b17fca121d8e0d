"""A volume that volumes.json names and that isn't there; and volumes that no file names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import volumes
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.volume_checks import missing_volumes
from converged import PARAMS
from stack_facts import facts_of


def found(stack_dir: Path, *there: str) -> list[dict[str, str]]:
    desired = Desired.of(PARAMS | {"stack_dir": str(stack_dir)})
    facts = replace(facts_of(desired), volumes={f"groundwork_{name}": {} for name in there})
    return [each.to_dict() for each in missing_volumes(desired, facts)]


def test_the_live_ones_are_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path) == []  # a new stack
    assert found(tmp_path, "postgres_data", "postgres_data.1") == []  # not switched to
    volumes.write(tmp_path, {"postgres": 2, "gone": 4})
    assert found(tmp_path, "postgres_data.2", "redis_data") == []


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (
            ("postgres_data", "postgres_data.1"),
            "groundwork_postgres_data, groundwork_postgres_data.1.",
        ),
        (("redis_data",), "no data of postgres any more. To begin with none, take its line out."),
    ],
)
def test_a_missing_one_is_named_with_what_there_is(
    tmp_path: Path, there: tuple[str, ...], told: str
) -> None:
    volumes.write(tmp_path, {"postgres": 2})
    (problem,) = found(tmp_path, *there)
    assert problem["what"] == (
        "volumes.json names the volume groundwork_postgres_data.2, which isn't there."
    )
    assert problem["where"] == str(tmp_path / "volumes.json")
    assert told in problem["next_step"]


def test_later_volumes_without_the_file_are_not_passed_over_for_an_empty_one(
    tmp_path: Path,
) -> None:
    (problem,) = found(tmp_path, "postgres_data.2", "redis_data")
    assert "groundwork_postgres_data isn't there" in problem["what"]
    assert "groundwork_postgres_data.2" in problem["what"]
    volumes.write(tmp_path, {})  # a removal that was cut short: the person's own word
    assert found(tmp_path, "postgres_data.2", "redis_data") == []
