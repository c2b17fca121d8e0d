"""What is told of a migration before it begins. The database's part needs a real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.migrations.outlook import ANY, Outlook, outlook
from ansible.module_utils.groundwork.migrations.tree import Revision, Tree, TreeProblem

TEXT = "from alembic import op\n\ndef upgrade():\n    {}\n\ndef downgrade():\n    {}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """b2 drops a column, c3 builds an index concurrently; back, b2 does nothing."""
    bodies = {
        "a1": ("op.create_table('a')", "op.drop_table('a')"),
        "b2": ("op.drop_column('a', 'b')", "pass"),
        "c3": ("op.execute('CREATE INDEX CONCURRENTLY x ON a (b)')", "pass"),
    }
    below: tuple[str, ...] = ()
    found = []
    for id_, body in bodies.items():
        path = tmp_path / f"{id_}.py"
        path.write_text(TEXT.format(*body), encoding="utf-8")
        found.append(Revision(id_, below, file=str(path)))
        below = (id_,)
    return Tree(str(tmp_path), tuple(found))


def test_each_pending_revision_has_its_reasons(tree: Tree) -> None:
    found = outlook(tree, ["a1"], "head", empty=False)
    assert (found.before, found.after) == (("a1",), ("c3",))
    assert found.reasons == ("revision b2 drops a column", "revision c3 works CONCURRENTLY")
    assert found.outside == ("c3",)


def test_the_way_down_has_its_own(tree: Tree) -> None:
    assert outlook(tree, ["c3"], "-2", empty=False).reasons == ()
    found = outlook(tree, ["c3"], "base", empty=False)
    assert (found.after, found.reasons) == ((), ("revision a1 drops a table",))


def test_nothing_is_pending_at_the_head_or_where_it_is_refused(tree: Tree) -> None:
    assert outlook(tree, ["c3"], "head", empty=False).effects == ()
    assert outlook(tree, ["gone"], "head", empty=False).effects == ()
    fork = Tree(tree.directory, (*tree.revisions, Revision("d4", ("b2",))))
    assert outlook(fork, ["a1"], "head", empty=False).effects == ()
    assert outlook(fork, ["a1"], "b2", empty=False).reasons == ("revision b2 drops a column",)


def test_what_cannot_be_told_may_be_anything(tree: Tree) -> None:
    unread = Tree(tree.directory, tree.revisions, (TreeProblem("x.py", "worked out"),))
    for found in (
        outlook(tree, None, "head", empty=False),
        outlook(unread, [], "head", empty=False),
    ):
        assert found.reasons == ("it can only be told when it runs",)
        assert found.outside == (ANY,)


def test_nothing_at_all() -> None:
    assert Outlook().reasons == Outlook().outside == ()
