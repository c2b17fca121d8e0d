"""Which revisions a stamped database has; the rest needs a server (tests/integration)."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.stamp import stamped
from ansible.module_utils.groundwork.migrations.tree import Revision, Tree

# a1 - a2 - a3, and b2 on a1
TREE = Tree(
    "/tree",
    (
        Revision("a1"),
        Revision("a2", ("a1",)),
        Revision("a3", ("a2",)),
        Revision("b2", ("a1",), labels=("side",)),
    ),
)
LINE = Tree("/tree", TREE.revisions[:3])


@pytest.mark.parametrize(
    ("current", "target", "after"),
    [
        ([], "a2", ["a2"]),
        (["a2"], "a3", ["a3"]),
        (["a3"], "a1", ["a1"]),
        (["a3"], "base", []),
        (["gone"], "a2", ["a2"]),
        (["a3"], "a3", ["a3"]),
        (["b2"], "a3", ["a3", "b2"]),
        (["a3", "b2"], "a1", ["a1"]),
        ([], "side", ["b2"]),
    ],
)
def test_a_line_has_one_revision_and_other_branches_stay(
    current: list[str], target: str, after: list[str]
) -> None:
    assert stamped(TREE, current, target) == after


def test_head_is_the_trees_own() -> None:
    assert stamped(LINE, [], "head") == ["a3"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("c9", "There is no revision 'c9', nor a single one that begins so."),
        ("-1", "a step up or down is schema_target's"),
    ],
)
def test_one_that_the_tree_lacks_is_refused(target: str, words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        stamped(LINE, ["a1"], target)
    assert words in str(caught.value)
    assert "Nothing was changed" in str(caught.value)


def test_those_that_begin_so_are_named() -> None:
    with pytest.raises(GroundworkError, match="It could be a1, a2, a3"):
        stamped(LINE, [], "a")
