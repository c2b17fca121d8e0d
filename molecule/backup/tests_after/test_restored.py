"""A machine that was lost and is back: what was backed up, and no more."""

from __future__ import annotations

from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def test_the_data_are_those_of_the_backup(client: Any) -> None:
    assert set(client("read", "kept").values()) == {"before the backup"}


def test_nothing_of_the_work_is_left(host: Any) -> None:
    assert host.check_output("docker ps -aq --filter label=groundwork.job") == ""
    assert host.check_output("docker volume ls -q --filter label=groundwork.job") == ""
    assert sorted(host.file("/var/lib/groundwork/backup").listdir()) == [
        *("cache", "lock", "notes", "read.json")
    ]


def test_the_log_says_what_was_proven(host: Any) -> None:
    said = host.check_output("journalctl -u groundwork-backup.service -o cat --no-pager")
    assert "is proven" in said


def test_no_secret_is_in_the_repository_s_names_or_the_log(host: Any) -> None:
    said = host.check_output("journalctl -o cat --no-pager")
    key = host.file("/opt/groundwork/backup.key").content_string.strip()
    assert key not in said
    assert host.file("/var/backups/groundwork").mode == 0o700
