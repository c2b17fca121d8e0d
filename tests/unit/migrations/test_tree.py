"""A database's revisions against those of a tree."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.migrations.tree import (
    Revision,
    Tree,
    compare,
    misfits,
    nothing_to_do,
)


def tree_of(**parents: str | tuple[str, ...] | None) -> Tree:
    """A tree from ids and what they stand on: `a=None, b="a"`."""
    revisions = [
        Revision(id_, (below,) if isinstance(below, str) else below or (), file=f"{id_}.py")
        for id_, below in parents.items()
    ]
    return Tree("tree", tuple(revisions), misfits(revisions))


LINE = tree_of(a=None, b="a", c="b")
FORK = tree_of(a=None, b="a", c="a")
MERGED = tree_of(a=None, b="a", c="a", d=("b", "c"))


@pytest.mark.parametrize(
    ("tree", "current", "state", "pending", "unknown"),
    [
        (LINE, [], "empty", ("a", "b", "c"), ()),
        (LINE, ["a"], "pending", ("b", "c"), ()),
        (LINE, ["c"], "at_head", (), ()),
        (LINE, ["z"], "ahead", ("a", "b", "c"), ("z",)),
        (FORK, ["a"], "two_heads", ("b", "c"), ()),
        (MERGED, ["b"], "pending", ("c", "d"), ()),
        (MERGED, ["b", "c"], "pending", ("d",), ()),
        (MERGED, ["b", "z"], "ahead", ("c", "d"), ("z",)),
        (tree_of(), [], "at_head", (), ()),
        (tree_of(), ["a"], "ahead", (), ("a",)),
        (tree_of(b="lost"), [], "unknown", ("b",), ()),
    ],
)
def test_a_database_against_a_tree(
    tree: Tree,
    current: list[str],
    state: str,
    pending: tuple[str, ...],
    unknown: tuple[str, ...],
) -> None:
    found = compare(tree, current)
    assert (found.state, found.pending, found.unknown) == (state, pending, unknown)


@pytest.mark.parametrize(
    ("current", "target", "nothing"),
    [
        (["c"], "head", True),
        (["b"], "head", False),
        (["b"], "b", True),
        (["c"], "b", False),
        ([], "base", True),
        (["a"], "base", False),
        (["c"], "-1", False),
        (["z"], "head", False),
    ],
)
def test_when_nothing_is_to_be_done(current: list[str], target: str, nothing: bool) -> None:
    assert nothing_to_do(LINE, current, target) is nothing


def test_a_dependency_on_another_branch_is_behind_what_needs_it() -> None:
    revisions = (
        Revision("z", labels=("users",)),
        Revision("a", depends_on=("users",)),
        Revision("b", ("a", "z")),
    )
    tree = Tree("tree", revisions, misfits(revisions))
    assert not tree.problems
    assert tree.order == ("z", "a", "b")
    assert compare(tree, ["a"]).pending == ("b",)


@pytest.mark.parametrize(
    ("revisions", "why"),
    [
        ([Revision("b", ("lost",), file="b.py")], "it stands on revision lost"),
        ([Revision("a", file="1.py"), Revision("a", file="2.py")], "revision a is in 1.py as well"),
        ([Revision("a", ("b",)), Revision("b", ("a",))], "in a circle: a, b"),
        ([Revision("a", depends_on=("lost",))], "it stands on revision lost"),
    ],
)
def test_what_makes_no_tree(revisions: list[Revision], why: str) -> None:
    problems = misfits(revisions)
    assert len(problems) == 1
    assert why in problems[0].why
