"""Records what the real ansible-core tells callbacks, for the display's tests.

After a new ansible-core: `.venv/bin/python tests/unit/display/recorded/record.py`. Paths, times and
other things of the machine are masked. The modules are fakes, which return what they are given.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ansible.release

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1]))

from display.playbook_runner import PlaybookRunner, fake  # noqa: E402

Event = dict[str, Any]
# What says something of the machine or of the moment, and nothing of the shape
MASKED = {"invocation", "exception", "start", "end", "delta", "ansible_facts", "src", "uid", "gid",
          "owner", "group", "md5sum"}  # fmt: skip
MIGRATION = {"before": ["a1"], "after": ["a1"], "applied": [], "pending": [], "output": ""}
STEP = {"revision": "b2", "file": "b2.py", "message": "users", "direction": "up", "seconds": 0.1}
HALF = {**MIGRATION, "after": ["b2"], "applied": [STEP], "changed": True}
ARCHIVES = [
    {
        "name": "a.tar",
        "action": "resumed",
        "size": 9_000_000,
        "arrived": 6_000_000,
        "sent": 3_000_000,
    },
    {"name": "b.tar", "action": "sent", "size": 5_000_000, "arrived": 0, "sent": 0},
]


def tasks(directory: Path) -> list[dict[str, object]]:
    """A task of each kind; the play has two hosts, `away` gives no answer."""
    copy = {"content": "new\n", "dest": str(directory / "file"), "mode": "0600"}
    refused: dict[str, Any] = {"fail": True, "ignore_errors": True}
    return [
        fake("ok", {"msg": "well"}),
        fake("migrated", {**HALF}, "alembic_migrate"),
        {"name": "changed", "ansible.builtin.copy": copy},
        fake("skipped", {}, when=False),
        fake("ignored", {"msg": "bad"}, **refused),
        {"name": "block", "block": [fake("rescued", {"msg": "bad"}, fail=True)],
         "rescue": [fake("rescue", {})]},
        fake("retried", {"msg": "not yet", "waiting": "ann holds it"}, register="x", retries=1,
             delay=0, until="x is success", **refused),
        {"name": "looped", "fake_result": {"result": {"msg": "turn {{ item }}", "changed": True},
                                           "fail": "{{ item == 'b' }}"},
         "loop": ["a", "b", "c"], "when": "item != 'c'", "ignore_errors": True},
        fake("censored", {"msg": "hunter2"}, no_log=True, **refused),
        {"name": "command", "ansible.builtin.command": {"cmd": "false"}, "ignore_errors": True},
        {"name": "failed_when", "ansible.builtin.command": {"cmd": "true"}, "failed_when": True,
         "ignore_errors": True},
        {"name": "assert", "ansible.builtin.assert": {"that": "1 == 2", "fail_msg": "no"},
         "ignore_errors": True},
        {"name": "arguments", "ansible.builtin.validate_argument_spec": {
            "argument_spec": {"stack_name": {"type": "str", "required": True}}},
         "ignore_errors": True},
        fake("crashed", {}, crash=True, ignore_errors=True),
        fake("archives cut", {"files": ARCHIVES, "msg": "cut"}, "sent_archives", **refused),
        fake("archives planned", {"files": ARCHIVES, "changed": True}, "sent_archives"),
        fake("migration refused", {**MIGRATION, "msg": "ahead"}, "alembic_migrate", **refused),
        fake("migration half way", {**HALF, "msg": "no"}, "alembic_migrate", **refused),
        fake("migration said nothing", {"msg": "gone"}, "alembic_migrate", **refused),
        fake("failed", {"msg": "bad"}, fail=True),
    ]  # fmt: skip


def record(directory: Path) -> dict[str, list[Event]]:
    """The events of three runs: `run`, `check` (check mode), `interrupted` (Ctrl-C), masked."""
    runner = PlaybookRunner(directory)
    runner.env |= {
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE),
        "ANSIBLE_STDOUT_CALLBACK": "recorder",
        "RECORD_TO": str(directory / "events"),
    }
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    runner.hosts({"here": {}, "away": away})
    runner.play(tasks(directory))
    runner.run()
    found = {"run": _read(directory)}
    (directory / "file").unlink()
    runner.run("--check", "--limit", "here")
    found["check"] = _read(directory)
    runner.hosts({"here": {}})
    runner.play([fake("slow", {}, seconds=50)])
    _interrupt(runner)
    found["interrupted"] = _read(directory)
    return found


def _interrupt(runner: PlaybookRunner) -> None:
    events, end = runner.directory / "events", time.monotonic() + 60
    process = subprocess.Popen(
        runner.command(), cwd=runner.directory, env=runner.env, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        while not events.exists() and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(2)  # past the fork: Ansible loses one that comes in the middle of it
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    finally:
        process.kill()


def _read(directory: Path) -> list[Event]:
    file = directory / "events"
    events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    file.unlink()
    return [_masked(event, str(directory)) for event in events]


def _masked(value: Any, directory: str) -> Any:
    if isinstance(value, dict):
        return {
            key: "masked" if key in MASKED else _masked(each, directory)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_masked(each, directory) for each in value]
    if isinstance(value, str):
        return value.replace(directory, "/play").replace(sys.executable, "python")
    return value


def replay(name: str) -> list[Event]:
    """The events of a run as they were recorded. Fails where that was another ansible-core."""
    first, *events = map(json.loads, _file(name).read_text(encoding="utf-8").splitlines())
    assert first == {"ansible-core": ansible.release.__version__}, (
        "Record anew: .venv/bin/python tests/unit/display/recorded/record.py"
    )
    return events


def _file(name: str) -> Path:
    return HERE / f"{name}.jsonl"


def main() -> None:
    """Writes the recordings, an event a line."""
    with tempfile.TemporaryDirectory() as directory:
        for name, events in record(Path(directory)).items():
            everything = [{"ansible-core": ansible.release.__version__}, *events]
            lines = [json.dumps(event, ensure_ascii=False, sort_keys=True) for event in everything]
            _file(name).write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
