"""The timer that writes a shared machine's metrics: its files, by path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..config import without_passwords
from .timers import SENT, timer_files, timer_unit

NAME = "groundwork-metrics"
TIMER = timer_unit(NAME)

# CAP_DAC_READ_SEARCH: apps' env files are their users'
_SERVICE = """# Written by Groundwork (docs/monitoring.md)
[Unit]
Description=Metrics of the Groundwork stack for node_exporter
After=docker.service

[Service]
Type=oneshot
ExecStart=START
TimeoutStartSec=120
Nice=10
UMask=0077
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
ProtectSystem=strict
ReadWritePaths={directory}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""

_TIMER = """# Written by Groundwork (docs/monitoring.md)
[Unit]
Description=Metrics of the Groundwork stack every {minutes} min

[Timer]
OnCalendar=*:0/{minutes}
AccuracySec=5s
Persistent=true

[Install]
WantedBy=timers.target
"""


def monitoring_files(asked: Mapping[str, Any]) -> dict[str, str]:
    """The files by path, and the link; each empty where the timer is switched off.

    `asked`: enabled, interval (minutes), textfile_dir, toolbox_dir, sent_dir (the toolbox's current
    place), params (of stack_info) and log (see `state/textfile.py`).
    """
    directory = str(asked["textfile_dir"])
    params = asked["params"]
    settings = {
        "params": params | {"services": without_passwords(params.get("services") or {})},
        "log": asked["log"],
        "output": f"{directory}/groundwork.prom",
    }
    text = json.dumps(settings, indent=1, sort_keys=True)
    if sent := str(asked["sent_dir"]):
        text = text.replace(sent, SENT)
    files = timer_files(
        str(asked["toolbox_dir"]),
        NAME,
        "state.textfile",
        text,
        _SERVICE.format(directory=directory),
        _TIMER.format(minutes=asked["interval"]),
    )
    return files if asked["enabled"] else dict.fromkeys(files, "")
