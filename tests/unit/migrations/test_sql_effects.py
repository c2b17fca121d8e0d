"""SQL text: what ends a transaction, changes rows or drops them (in files: test_effects)."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.migrations.sql_effects import UNKNOWN, sql_effects


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 1", []),
        ("", []),
        ("BEGIN", []),
        ("COMMIT; DELETE FROM a", [("commits by itself", True), ("changes rows (DELETE)", False)]),
        ("INSERT INTO a VALUES ('; COMMIT;')", [("changes rows (INSERT)", False)]),
        ("DO $x$ BEGIN PERFORM f(); END $x$", [("runs SQL that its file doesn't show", False)]),
        (f"{UNKNOWN} x", [("runs SQL that its file doesn't show", True)]),
        (f"CREATE TABLE {UNKNOWN} (a int)", []),
        ("ALTER TABLE a\nDROP CONSTRAINT c", []),
        ("CALL tidy()", [("changes rows (CALL)", False)]),
    ],
)
def test_a_text_of_sql(text: str, found: list[tuple[str, bool]]) -> None:
    assert list(sql_effects(text)) == found
