"""Runs that work on a stack's data, killed at random moments; tools/kill_data.py has more of them.

After each, what a person runs next has to end well, with the data of before it or those of after
it, and nothing else.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from ansible.module_utils.groundwork.data.postgres_comparison import differences
from ansible.module_utils.groundwork.data.postgres_dump import read_facts
from ansible.module_utils.groundwork.docker import Docker, volumes
from ansible.module_utils.groundwork.docker.jobs import LABEL

from .clients import App
from .migrated_tree import Tree
from .stack import Stack, docker, family, kill

OLD, NEW = "old", "new"
Say = Callable[[str], object]


class Verb(Protocol):
    """What is killed. `start` begins a run of that round, `after` does what a person does next, and
    says whose data there are: OLD, NEW, or what else was found; `left` is what should be gone.
    `fails`: nobody kills it, and it doesn't succeed either."""

    @property
    def fails(self) -> bool: ...
    def prepare(self, number: int, well: bool = False) -> None: ...
    def start(self, log: IO[str]) -> subprocess.Popen[str]: ...
    def after(self) -> str: ...
    def left(self) -> list[str]: ...


def trial(verb: Verb, rounds: int, chance: random.Random, say: Say = lambda text: None) -> None:
    """Kill that many runs. Raises AssertionError for data that are neither old nor new, and for
    what is left."""
    verb.prepare(0, well=True)
    began = time.monotonic()
    end_well(verb)
    usual = time.monotonic() - began
    assert verb.after() == NEW
    counts = Counter({"killed": 0, OLD: 0, NEW: 0})
    for number in range(1, rounds + 1):
        verb.prepare(number)
        moment = chance.random() * usual * 1.05
        counts["killed"] += killed(verb, moment)
        found = verb.after()
        say(f"round {number}: {moment:.1f} of {usual:.1f} s, {found}")
        assert found in (OLD, NEW), found
        counts[found] += 1
        if number % 10 == 0 or number == rounds:
            assert verb.left() == []
    verb.prepare(rounds + 1, well=True)
    end_well(verb)
    assert verb.after() == NEW
    assert counts["killed"] > 0
    say(", ".join(f"{name}: {count}" for name, count in counts.items()))


def killed(verb: Verb, moment: float) -> bool:
    """Whether a run took longer than that many seconds, and was killed then."""
    with tempfile.TemporaryFile("w", encoding="utf-8") as log:
        run = verb.start(log)
        try:
            run.wait(moment)
        except subprocess.TimeoutExpired:
            kill(family(run.pid))
            run.wait(60)
            return True
    assert (run.returncode != 0) == verb.fails, "it ended by itself, and not as it should"
    return False


def end_well(verb: Verb) -> None:
    """One that nobody kills."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        code = verb.start(log).wait(300)
        log.seek(0)
        assert code == 0, log.read()


def jobs(stack: Stack) -> list[str]:
    """The throw-away containers and their volumes that are there, also a backup's (`STACK.…`)."""
    form = f'{{{{.Label "{LABEL}"}}}}'
    found = docker("ps", "-a", "--format", form) + docker("volume", "ls", "--format", form)
    return [each for each in found.split() if each.split(".")[0] == stack.project]


def play(stack: Stack, playbook: str, **variables: object) -> None:
    """A run that has to succeed."""
    done = stack.play(playbook, **variables)
    assert done.code == 0, done.output


def data(stack: Stack) -> list[str]:
    """The volumes with services' data."""
    found = docker("volume", "ls", "-q", "--filter", f"name={stack.project}_").split()
    return [name for name in found if volumes.parse(name, stack.project)]


@dataclass
class Restores:
    """All three services put back from a snapshot."""

    stack: Stack
    word: str = ""
    fails = False

    @property
    def app(self) -> App:
        return App(self.stack.workspace / "apps/backend/.env")

    def prepare(self, number: int, well: bool = False) -> None:
        if number == 0:
            self.app.write("saved")
            play(self.stack, "snapshot", snapshot="kill")
        self.word = f"today-{number}"
        self.app.write(self.word)

    def start(self, log: IO[str]) -> subprocess.Popen[str]:
        return self.stack.start("restore", log, snapshot="kill")

    def after(self) -> str:
        self.stack.up()
        found = self.app.read()
        if found == [self.word] * 3:
            return OLD
        return NEW if found == ["saved"] * 3 else f"mixed: {found}"

    def left(self) -> list[str]:
        play(self.stack, "snapshot", snapshot="after")
        play(self.stack, "snapshot", remove="after")
        play(self.stack, "restore", confirm=True)
        there = data(self.stack)
        return jobs(self.stack) + (there if len(there) != len(self.stack.services) else [])


@dataclass
class Upgrades:
    """PostgreSQL alone, moved to the image of a newer major version and, after it, back."""

    stack: Stack
    image: str
    major: str
    fails = False
    facts: dict[str, Any] = field(default_factory=dict)

    def prepare(self, number: int, well: bool = False) -> None:
        self.facts = self.facts or self.now()

    def start(self, log: IO[str]) -> subprocess.Popen[str]:
        return self.stack.start("upgrade", log, service="postgres", stack_services=self.moved)

    def after(self) -> str:
        switched = volumes.read(self.stack.infra).get("postgres", 0) > 0
        self.stack.up(**({"stack_services": self.moved} if switched else {}))
        found = self.now()
        if other := differences(self.facts, found):
            return f"mixed: {other}"
        if found["version"].startswith(f"{self.major}.") != switched:
            return f"mixed: {found['version']}"
        if not switched:
            return OLD
        play(self.stack, "restore", back=True, service="postgres")
        if other := differences(self.facts, self.now()):
            return f"mixed when it came back: {other}"
        play(self.stack, "restore", confirm=True)
        return NEW

    def left(self) -> list[str]:
        play(self.stack, "restore", confirm=True)
        there = data(self.stack)
        return jobs(self.stack) + (there if len(there) != 1 else [])

    @property
    def moved(self) -> dict[str, Any]:
        entry = self.stack.services["postgres"] | {"image": self.image}
        return self.stack.services | {"postgres": entry}

    def now(self) -> dict[str, Any]:
        container = self.stack.containers()["postgres"]["Id"]
        return read_facts(Docker(), container, self.stack.postgres_user)


BUILD = """\
op.create_table("way_k{n}", sa.Column("id", sa.Integer))
with op.get_context().autocommit_block():
    op.execute("INSERT INTO way_k{n} VALUES (1), ({second})")
    op.execute("UPDATE way_a SET id = id + 100")
    op.execute("CREATE UNIQUE INDEX CONCURRENTLY way_kx{n} ON way_k{n} (id)")
"""


@dataclass
class Migrations:
    """Revisions that no transaction can undo. Each third one fails, and is put back by its run."""

    tree: Tree
    fails: bool = False
    number: int = 0
    before: list[Any] = field(default_factory=list)

    def prepare(self, number: int, well: bool = False) -> None:
        self.number = number
        self.before = self.now()
        self.fails = number % 3 == 2 and not well
        self._write(self.fails)

    def start(self, log: IO[str]) -> subprocess.Popen[str]:
        return self.tree.stack.start("dev", log, **self.tree.own)

    def after(self) -> str:
        which = NEW
        run = self.tree.stack.play("dev", **self.tree.own)
        if self.fails or run.code:  # in its midst: the next run finds it so, and puts it back
            if run.code == 0 or self.now() != self.before:
                return f"mixed: {self.now()} after {self.before}: {run.output}"
            which = OLD
            self._write(fails=False)
            self.tree.stack.up(**self.tree.own)
        wanted = self._after()
        return which if self.now() == wanted else f"mixed: {self.now()}, wanted {wanted}"

    def left(self) -> list[str]:
        play(self.tree.stack, "restore", confirm=True)
        there = data(self.tree.stack)
        return jobs(self.tree.stack) + (there if len(there) != 1 else [])

    def now(self) -> list[Any]:
        """The revision, the sum that each revision adds to, tables, indexes and whether valid."""
        return [
            *self.tree.ask("SELECT version_num FROM way_versions"),
            *self.tree.ask("SELECT sum(id) FROM way_a"),
            *self.tree.ask("SELECT tablename FROM pg_tables WHERE tablename ~ '^way_k' ORDER BY 1"),
            *self.tree.ask(
                "SELECT indexrelid::regclass::text || indisvalid FROM pg_index "
                "WHERE indrelid::regclass::text ~ '^way_k' ORDER BY 1"
            ),
        ]

    def _after(self) -> list[Any]:
        n, name = self.number, self.tree.name
        tables = [each for each in self.before[2:] if "_kx" not in each] + [f"{name}_k{n}"]
        indexes = [each for each in self.before[2:] if "_kx" in each] + [f"{name}_kx{n}true"]
        return [f"k{n}", self.before[1] + 300, *sorted(tables), *sorted(indexes)]

    def _write(self, fails: bool) -> None:
        below = f"k{self.number - 1}" if self.number else "a1"
        text = BUILD.format(n=self.number, second=1 if fails else 2)
        self.tree.write(f"k{self.number}", below, text)
