"""docs/ci.md names the keys of the status for programs, and no others."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.display import status_document
from ansible.module_utils.groundwork.errors import Problem
from ansible.module_utils.groundwork.records import Record
from ansible.module_utils.groundwork.services import Connections

ROOT = Path(__file__).resolve().parents[2]
# Rows whose keys are another record's, and whose
INNER: dict[str, type[Record]] = {
    "services": status_document.ServiceStatus,
    "schema": status_document.SchemaStatus,
    "volumes": status_document.VolumeStatus,
    "connections": Connections,
    "problems": Problem,
    "running": status_document.RunningStatus,
    "backup": status_document.BackupStatus,
    "last_run": status_document.RunStatus,
}


def rows() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    text = text.partition("`version` is 1")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.M)
    return [(str(key), str(said)) for key, said in found]


def names(kind: type[Record]) -> list[str]:
    return [each.name for each in fields(kind)]


def test_the_tables_have_the_documents_keys() -> None:
    wanted = names(status_document.StatusDocument) + names(status_document.HostStatus)
    assert [key for key, _ in rows()] == wanted
    assert f"`version` is {status_document.VERSION}." in (ROOT / "docs/ci.md").read_text("utf-8")


@pytest.mark.parametrize("key", INNER)
def test_a_row_has_its_records_keys(key: str) -> None:
    said = re.sub(r"\([^)]*\)", "", dict(rows())[key]).partition(": ")[2].partition(";")[0]
    assert re.findall(r"`(\w+)`", said) == names(INNER[key])
