"""The timer that writes a shared machine's metrics: its files, by path, and how they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SENT = "@sent@"  # in the settings, where the newest toolbox is
NAME = "groundwork-metrics"
_UNITS = "/etc/systemd/system"
TIMER = f"{_UNITS}/{NAME}.timer"
WANTED = f"{_UNITS}/timers.target.wants/{NAME}.timer"  # systemctl's link to it

# The newest toolbox that is complete: a run replaces it, and may break off afterwards
_START = f'''"""Written by Groundwork: starts the metrics program of the newest toolbox."""
import pathlib
import sys

sys.dont_write_bytecode = True
home = pathlib.Path(__file__).parent
ready = sorted(home.glob("sent-*/ready"), key=lambda path: path.stat().st_mtime)
if not ready:
    sys.exit("There is no toolbox here. Next: run playbooks/staging.yml.")
sent = str(ready[-1].parent)
sys.path.insert(0, sent)
from groundwork.state.textfile import main

settings = (home / "metrics.json").read_text(encoding="utf-8")
sys.exit(main(settings.replace({SENT!r}, sent)))
'''

# CAP_DAC_READ_SEARCH: apps' env files are their users'
_SERVICE = """# Written by Groundwork (docs/monitoring.md)
[Unit]
Description=Metrics of the Groundwork stack for node_exporter
After=docker.service

[Service]
Type=oneshot
ExecStart={python} -I {start}
TimeoutStartSec=120
Nice=10
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
ProtectSystem=strict
ReadWritePaths={directory}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
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
    home, directory = str(asked["toolbox_dir"]), str(asked["textfile_dir"])
    start = f"{home}/metrics.py"
    settings = {
        "params": asked["params"],
        "log": asked["log"],
        "output": f"{directory}/groundwork.prom",
    }
    text = json.dumps(settings, indent=1, sort_keys=True)
    if sent := str(asked["sent_dir"]):
        text = text.replace(sent, SENT)
    timer = _TIMER.format(minutes=asked["interval"])
    python = f"{home}/venv/bin/python"
    files = {
        start: _START,
        f"{home}/metrics.json": text,
        f"{_UNITS}/{NAME}.service": _SERVICE.format(
            python=python, start=start, directory=directory
        ),
        TIMER: timer,
        WANTED: timer,
    }
    return files if asked["enabled"] else dict.fromkeys(files, "")


def reasons(files: Mapping[str, str]) -> list[str]:
    """Why the timer has to be set up anew, or removed: what is here beside `monitoring_files`."""
    return [why for path, text in files.items() if (why := _reason(Path(path), text))]


def _reason(path: Path, wanted: str) -> str:
    try:
        found = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return f"{path} is not there yet" if wanted else ""
    except OSError:
        return f"{path} can't be read"
    if not wanted:
        return f"{path} is still there"
    return "" if found == wanted else f"{path} differs from the inventory"
