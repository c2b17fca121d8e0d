"""What a run keeps of what it hears. The migrations themselves need a real server."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.database import Database
from ansible.module_utils.groundwork.migrations.migrate import (
    MigrationResult,
    Report,
    _Following,
)
from ansible.module_utils.groundwork.migrations.tree import Revision, Step, Tree

TREE = Tree("tree", (Revision("a1"), Revision("b2", ("a1",))))
DATABASE = Database("127.0.0.1", 5432, "app", "app", "x")


def test_it_decides_by_what_env_py_found_and_keeps_what_was_done() -> None:
    report = Report(before=["b2"])
    following = _Following(TREE, DATABASE, "a1", report)
    assert following.decide([]) == ("a1", False)
    assert (report.before, following.expected) == ([], None)
    step = Step("a1", "a1.py", "Users", "up", 0.1)
    following.planned([step])
    following.done(step)
    assert MigrationResult.of(report).applied == (step,)
    with pytest.raises(GroundworkError, match="The database is ahead"):
        following.decide(["c3"])
