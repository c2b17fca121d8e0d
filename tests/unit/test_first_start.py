"""What is taken for an unfinished volume, and what forbids to clear it away."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.first_start import persons, unfinished

FRESH = (
    *("PG_VERSION", "pg_hba.conf", "postgresql.conf", "postmaster.pid", "lost+found", "pg_wal"),
    *("pg_wal/000000010000000000000001", "pg_tblspc", "pg_replslot", "global", "global/pg_control"),
    *("global/1262", "global/1262_fsm", "global/pg_filenode.map", "base", "base/1", "base/1/1259"),
    *("base/1/2619_vm", "base/1/13467", "base/1/pg_internal.init.23456", "base/4", "base/5"),
    "base/5/PG_VERSION",
)


def test_a_finished_cluster_is_none_of_them() -> None:
    assert not persons(FRESH)
    assert not unfinished(FRESH)


@pytest.mark.parametrize("path", ["PG_VERSION", "global/pg_control", "base/5/PG_VERSION"])
def test_without_what_initdb_makes_it_is_unfinished(path: str) -> None:
    assert unfinished(each for each in FRESH if each != path)


@pytest.mark.parametrize(
    "path",
    [
        "base/16384",
        "base/16384/1259",
        "base/5/16385",
        "base/5/16385.1",
        "base/1/16400_fsm",
        "base/5/t3_16390",
        "global/24576",
        "pg_tblspc/16386",
        "pg_replslot/standby",
        "pg_twophase/00000300",
        "dump.sql",
        "server.crt",
        ".ssh/key",
        "base backup",
    ],
)
def test_whatever_a_person_made_is_told(path: str) -> None:
    assert persons((*FRESH, path)) == [path]
