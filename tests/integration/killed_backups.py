"""Backups that are killed; see killed.py."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ansible.module_utils.groundwork.data import backup, backup_program

from .killed import NEW, OLD, end_well, jobs
from .schema_server import server_of
from .stack import ROOT, Stack


@dataclass
class Backups:
    """As the timer makes them. One that is killed changes nothing of the stack.

    What Redis' and Qdrant's containers copy is root's, who makes backups: others try PostgreSQL.
    """

    stack: Stack
    settings: dict[str, Any]
    rounds: int = 0
    fails = False
    started: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def prepare(self, number: int, well: bool = False) -> None:
        with server_of(self.stack).connect() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS rounds (number int)")
            connection.execute("INSERT INTO rounds VALUES (%s)", [number])
        self.rounds += 1
        self.started = self.stack.started_at()

    def start(self, log: IO[str]) -> subprocess.Popen[str]:
        return run_backup(self.settings, log)

    def after(self) -> str:
        with server_of(self.stack).connect() as connection:
            (count,) = connection.execute("SELECT count(*) FROM rounds").fetchone() or (0,)
        if count != self.rounds or self.stack.started_at() != self.started:
            return f"mixed: {count} of {self.rounds} rows, {self.stack.started_at()}"
        place, _ = backup_program.set_up(self.settings)
        fresh = {each.id for each in backup.listed(place)} - self.seen
        self.seen |= fresh
        return NEW if fresh else OLD

    def left(self) -> list[str]:
        """After one that isn't killed; every one that is listed is proven once more."""
        end_well(self)
        place, sources = backup_program.set_up(self.settings)
        listed = backup.listed(place)
        self.seen |= {each.id for each in listed}
        again = [backup.verify(place, sources, each.id) for each in listed]
        directory = Path(self.settings["directory"])
        return [
            *jobs(self.stack),
            *(name for name in ("copy", "proof") if (directory / name).exists()),
            *(str(path) for path in Path(self.settings["repository"], "locks").iterdir()),
            *(f"{each.id}: {each.why}" for each in again if not each.proven),
        ]


def run_backup(
    settings: dict[str, Any], output: int | IO[str] = subprocess.PIPE
) -> subprocess.Popen[str]:
    """The program that the timer runs, in a session of its own."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "from groundwork.data.backup_program import main; sys.exit(main(sys.stdin.read()))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(ROOT / "library" / "module_utils")],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps(settings))
    process.stdin.close()
    process.stdin = None
    return process


def backup_settings(stack: Stack, directory: Path) -> dict[str, Any]:
    """Of backups into a directory; the key is made there."""
    key = directory / "pass word"
    key.write_text("key-of-the-repository-1\n", encoding="utf-8")
    return {
        "stack_name": stack.project,
        "services": stack.services,
        "stack_dir": str(stack.infra),
        "repository": str(directory / "repo sitory"),
        "directory": str(directory / "back ups"),
        "password_file": str(key),
        "environment": {},
        "keep": {"daily": 7},
        "lock": str(stack.infra / ".lock"),
        "patience": 30,
    }
