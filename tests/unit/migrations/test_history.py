"""What a person is shown of a tree whose database doesn't answer; others are in integration."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.groundwork.migrations.history import TreeHistory, histories
from ansible.module_utils.groundwork.migrations.setup import SchemaSetup


def test_the_newest_is_first_and_without_a_database_none_is_applied(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").write_text("")
    for id_, below in (("a1", None), ("a2", "a1")):
        text = f'"""Step {id_}"""\nrevision = {id_!r}\ndown_revision = {below!r}\n'
        (versions / f"{id_}.py").write_text(text)
    (found,) = histories([], [SchemaSetup("shop", schema_dir=str(tmp_path))], {})
    assert [(each.revision, each.message, each.head) for each in found.revisions] == [
        ("a2", "Step a2", True),
        ("a1", "Step a1", False),
    ]
    assert not any(each.applied or each.current for each in found.revisions)
    assert (found.name, found.state.state) == ("shop", "off")
    assert TreeHistory.from_dict(found.to_dict()) == found
