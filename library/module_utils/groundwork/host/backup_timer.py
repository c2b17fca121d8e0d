"""The timer that backs a shared machine up every day: its files, by path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..config import without_passwords
from .timers import timer_files, timer_unit

NAME = "groundwork-backup"
TIMER = timer_unit(NAME)

# Root, since it copies what servers' users own and starts containers. ssh finds its key by HOME.
_SERVICE = """# Written by Groundwork (docs/data.md)
[Unit]
Description=Backup of the Groundwork stack, and its proof
After=docker.service network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=START
Environment=HOME=/root
TimeoutStartSec=12h
TimeoutStopSec=120
Nice=10
IOSchedulingClass=idle
UMask=0077
"""

_TIMER = """# Written by Groundwork (docs/data.md)
[Unit]
Description=Backup of the Groundwork stack every day at {time}

[Timer]
OnCalendar=*-*-* {time}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def backup_files(asked: Mapping[str, Any]) -> dict[str, str]:
    """The files by path, and systemd's link; each empty where backups are switched off.

    `asked`: enabled, time (HH:MM), key (the repository's password), toolbox_dir, and settings (of
    `data/backup_program.py`, without password_file).
    """
    home = str(asked["toolbox_dir"])
    key_file = f"{home}/backup.key"
    services = without_passwords(asked["settings"].get("services") or {})
    settings = {**asked["settings"], "services": services, "password_file": key_file}
    files = timer_files(
        home,
        NAME,
        "data.backup_program",
        json.dumps(settings, indent=1, sort_keys=True),
        _SERVICE,
        _TIMER.format(time=asked["time"]),
    )
    files = {key_file: f"{asked['key']}\n", **files}
    return files if asked["enabled"] else dict.fromkeys(files, "")
