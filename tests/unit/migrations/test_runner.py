"""Where a database stands while Alembic's steps are run. The run itself needs a real server."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.migrations.runner import reached, standing
from ansible.module_utils.groundwork.migrations.tree import Revision, Step, Tree

# b and c stand on a, and d joins them
FORK = Tree(
    "tree",
    (Revision("a"), Revision("b", ("a",)), Revision("c", ("a",)), Revision("d", ("b", "c"))),
)


def steps(direction: str, *revisions: str) -> list[Step]:
    return [Step(revision, f"{revision}.py", "", direction) for revision in revisions]


@pytest.mark.parametrize(
    ("current", "direction", "revisions", "after"),
    [
        ([], "up", "a", ["a"]),
        ([], "up", "abc", ["b", "c"]),
        (["b", "c"], "up", "d", ["d"]),
        (["d"], "down", "d", ["b", "c"]),
        (["b"], "down", "ba", []),
        (["b"], "up", "", ["b"]),
    ],
)
def test_each_step_takes_the_place_of_what_it_stands_on(
    current: list[str], direction: str, revisions: str, after: list[str]
) -> None:
    assert reached(current, steps(direction, *revisions), FORK) == after


def test_of_steps_that_were_cut_those_count_that_the_database_has() -> None:
    up, down = steps("up", "a", "b", "c"), steps("down", "d", "c", "b")
    assert standing(["b"], up, FORK) == up[:2]
    assert standing(["b"], down, FORK) == down[:2]
    assert standing([], up, FORK) == []
