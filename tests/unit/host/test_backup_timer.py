"""The backup timer's files, and what is in its settings."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.groundwork.host.backup_timer import TIMER, backup_files

ASKED: dict[str, Any] = {
    "enabled": True,
    "time": "03:15",
    "key": "the-key",
    "toolbox_dir": "/opt/groundwork",
    "settings": {
        "stack_name": "shop",
        "services": {"db": {"kind": "postgres", "password": "of the vault"}},
        "repository": "/var/backups",
        "directory": "/var/lib/b",
    },
}


def test_the_key_is_in_a_file_of_its_own() -> None:
    files = backup_files(ASKED)
    assert files["/opt/groundwork/backup.key"] == "the-key\n"
    assert not [path for path, text in files.items() if "the-key" in text and ".key" not in path]
    settings = json.loads(files["/opt/groundwork/backup.json"])
    assert settings == ASKED["settings"] | {
        "services": {"db": {"kind": "postgres"}},  # infra/.env has its password
        "password_file": "/opt/groundwork/backup.key",
    }


def test_the_timer_keeps_its_time_and_catches_up() -> None:
    text = backup_files(ASKED)[TIMER]
    assert "OnCalendar=*-*-* 03:15:00\n" in text
    assert "Persistent=true\n" in text


def test_switched_off_all_are_to_go() -> None:
    on, off = backup_files(ASKED), backup_files(ASKED | {"enabled": False, "key": ""})
    assert list(on) == list(off)
    assert not any(off.values())
