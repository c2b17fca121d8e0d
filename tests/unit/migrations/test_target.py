"""What is refused before a migration begins. The migrations themselves need a real server."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.database import Database
from ansible.module_utils.groundwork.migrations.target import (
    refuse_ahead,
    refuse_two_heads,
    resolve,
    way,
)
from ansible.module_utils.groundwork.migrations.tree import Revision, Tree, TreeProblem

LINE = Tree("tree", (Revision("a1"), Revision("b2", ("a1",)), Revision("b3", ("b2",))))
FORK = Tree("tree", (Revision("a1"), Revision("b2", ("a1",)), Revision("b3", ("a1",))))
DATABASE = Database("127.0.0.1", 5432, "app", "app", "x")


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("head", ("head", False)),
        ("base", ("base", True)),
        ("+1", ("+1", False)),
        ("-1", ("-1", True)),
        ("a", ("a1", True)),
        ("b2", ("b2", False)),
        ("b3", ("b3", False)),
    ],
)
def test_a_target_says_whether_the_way_there_is_down(target: str, found: tuple[str, bool]) -> None:
    assert resolve(LINE, ["b2"], target) == found


@pytest.mark.parametrize(("target", "words"), [("b", "It could be b2, b3."), ("x", "head, base")])
def test_a_target_that_is_not_one_revision_isrefused(target: str, words: str) -> None:
    with pytest.raises(GroundworkError, match="nor a single one") as caught:
        resolve(LINE, [], target)
    assert words in str(caught.value)


def test_two_heads_arerefused_where_the_way_could_be_either() -> None:
    for target in ("head", "+1"):
        with pytest.raises(GroundworkError, match="2 heads: b2, b3"):
            refuse_two_heads(FORK, target)
    refuse_two_heads(FORK, "b2")
    refuse_two_heads(LINE, "head")


def test_a_database_ahead_of_the_checkout_isrefused() -> None:
    with pytest.raises(GroundworkError, match="revision c4 is not in this checkout"):
        refuse_ahead(LINE, ["c4"], DATABASE)
    refuse_ahead(LINE, ["b2"], DATABASE)


@pytest.mark.parametrize(
    ("current", "target", "found"),
    [
        ([], "head", [("a1", False), ("b2", False), ("b3", False)]),
        (["b2"], "head", [("b3", False)]),
        (["b3"], "head", []),
        (["b2"], "base", [("b2", True), ("a1", True)]),
        ([], "+2", [("a1", False), ("b2", False)]),
        (["b3"], "-1", [("b3", True)]),
        (["b3"], "a1", [("b3", True), ("b2", True)]),
        (["a1"], "b2", [("b2", False)]),
        (["b2"], "b2", []),
        (["c4"], "head", None),
        (["b2"], "x", None),
    ],
)
def test_the_way_to_a_target(
    current: list[str], target: str, found: list[tuple[str, bool]] | None
) -> None:
    assert way(LINE, current, target) == found


def test_a_tree_that_cannot_be_read_tells_no_way() -> None:
    broken = Tree("tree", LINE.revisions, (TreeProblem("x.py", "why"),))
    assert way(broken, ["b2"], "head") is None
