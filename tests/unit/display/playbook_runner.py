"""A directory with a playbook, roles and fake modules, in which the real ansible-playbook runs."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
FAKE = Path(__file__).parent / "fakes" / "fake_result.py"
FAKES = (
    "stack_info",
    "service_health",
    "container_images",
    "alembic_migrate",
    "compose_up",
    "managed_files",
    "sent_archives",
    "pending_changes",
)
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
LIMIT = 60


@dataclass(frozen=True)
class Ran:
    out: str
    err: str
    code: int


class PlaybookRunner:
    """A directory with a playbook, roles and fake modules, in which ansible-playbook runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        library = directory / "library"
        library.mkdir()
        for name in (*FAKES, "fake_result"):
            (library / f"{name}.py").write_text(FAKE.read_text())
        ours = ("ANSIBLE_", "GROUNDWORK_")
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_LIBRARY": str(library),
            "ANSIBLE_ACTION_PLUGINS": str(directory / "none"),  # else they stand in for the fakes
            "ANSIBLE_ROLES_PATH": str(directory / "roles"),
            "ANSIBLE_LOCAL_TEMP": str(directory / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "xterm",
        }
        self.inventory = directory / "hosts.yml"
        self.hosts({"localhost": {}})

    def hosts(self, hosts: dict[str, dict[str, object]]) -> None:
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        all_hosts = {name: {**local, **more} for name, more in hosts.items()}
        self.inventory.write_text(yaml.safe_dump({"all": {"hosts": all_hosts}}))

    def role(self, name: str, tasks: list[dict[str, object]]) -> None:
        directory = self.directory / "roles" / name / "tasks"
        directory.mkdir(parents=True)
        (directory / "main.yml").write_text(yaml.safe_dump(tasks, sort_keys=False))

    def play(self, tasks: list[dict[str, object]], **more: object) -> None:
        play = {"name": "A play", "hosts": "all", "gather_facts": False, "tasks": tasks, **more}
        (self.directory / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))

    def command(self, *arguments: str) -> list[str]:
        return [PLAYBOOK, "-i", str(self.inventory), str(self.directory / "play.yml"), *arguments]

    def run(self, *arguments: str, **env: str) -> Ran:
        done = subprocess.run(
            self.command(*arguments), cwd=self.directory, env={**self.env, **env},
            capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return Ran(done.stdout, done.stderr, done.returncode)

    def run_on_terminal(self, *arguments: str, interrupt_at: bytes = b"") -> str:
        """What a terminal receives, byte for byte; interrupted as soon as it shows that text."""
        parent, child = pty.openpty()
        process = subprocess.Popen(
            self.command(*arguments), cwd=self.directory, env=self.env,
            stdin=child, stdout=child, stderr=child, start_new_session=True,
        )  # fmt: skip
        os.close(child)
        received, end = b"", time.monotonic() + LIMIT
        try:
            while time.monotonic() < end:
                if not select.select([parent], [], [], 1)[0]:
                    continue
                try:
                    piece = os.read(parent, 65536)
                except OSError:  # Linux says so when the last writer has gone
                    break
                if not piece:
                    break
                received += piece
                if interrupt_at and interrupt_at in received:
                    interrupt_at = b""
                    process.send_signal(signal.SIGINT)
        finally:
            process.kill()
            process.wait(timeout=LIMIT)
            os.close(parent)
        return received.decode()


def fake(name: str, result: dict[str, object], module: str = "fake_result", **more: object):  # type: ignore[no-untyped-def]
    arguments = {key: more.pop(key) for key in ("seconds", "fail", "crash", "warn") if key in more}
    return {"name": name, module: {"result": result, **arguments}, **more}


def role(name: str) -> dict[str, object]:
    return {"name": name, "ansible.builtin.import_role": {"name": name}}


def screen(received: str) -> str:
    """What a terminal shows in the end: carriage returns, erased lines, and no colours."""
    lines = []
    for row in received.replace("\r\n", "\n").split("\n"):
        seen = ""
        for piece in re.split(r"(\r\x1b\[K)", row):
            seen = "" if piece == "\r\x1b[K" else seen + piece
        lines.append(re.sub(r"\x1b\[[0-9;]*m", "", seen))
    return "\n".join(lines)


def untimed(text: str) -> str:
    """The text without the seconds that end its lines; how fast a machine is proves nothing."""
    return re.sub(r"(?m)  \d+(\.\d)? s$", "", text)
