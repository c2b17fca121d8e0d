"""Timers of a shared machine: systemd's units, and a program of the toolbox that they start.

The files are those of a timer, by path; a role writes them, and the inspection compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SENT = "@sent@"  # in the settings, where the newest toolbox is
UNITS = "/etc/systemd/system"
# Of every service, at its end: no program of a timer needs these
_GUARDED = """NoNewPrivileges=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
"""

# The newest toolbox that is complete: a run replaces it, and may break off afterwards
_START = '''"""Written by Groundwork: starts the {what} program of the newest toolbox."""
import pathlib
import sys

sys.dont_write_bytecode = True
home = pathlib.Path(__file__).parent
ready = sorted(home.glob("sent-*/ready"), key=lambda path: path.stat().st_mtime)
if not ready:
    sys.exit("There is no toolbox here. Next: run playbooks/staging.yml.")
sent = str(ready[-1].parent)
sys.path.insert(0, sent)
from groundwork.{module} import main

settings = (home / "{what}.json").read_text(encoding="utf-8")
sys.exit(main(settings.replace({sent!r}, sent)))
'''


def timer_files(
    home: str, name: str, module: str, settings: str, service: str, timer: str
) -> dict[str, str]:
    """The program and its settings in the toolbox's `home`, the units, and systemd's link.

    `name` is groundwork-WHAT. In the text of the `service`, START is the command that starts it;
    it ends in its section Service.
    """
    what = name.removeprefix("groundwork-")
    start = f"{home}/{what}.py"
    command = f"{home}/venv/bin/python -I {start}"
    return {
        start: _START.format(what=what, module=module, sent=SENT),
        f"{home}/{what}.json": settings,
        f"{UNITS}/{name}.service": service.replace("START", command) + _GUARDED,
        timer_unit(name): timer,
        f"{UNITS}/timers.target.wants/{name}.timer": timer,  # systemctl's link to it
    }


def timer_unit(name: str) -> str:
    """The path of the timer itself."""
    return f"{UNITS}/{name}.timer"


def reasons(files: Mapping[str, str]) -> list[str]:
    """Why a timer has to be set up anew, or removed (a file that is to be empty)."""
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
