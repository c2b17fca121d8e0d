"""Kills playbooks at random moments, runs them again, and looks for rows that were lost.

    .venv/bin/python tools/kill_runs.py                              # as whoever you are
    .venv/bin/python tools/as_user.py python tools/kill_runs.py      # root, as an ordinary user

Apps write into all three services all the time; every row that a service confirmed has to be there
after each round. Runs on stacks of its own, which it removes. By hand: docs/testing.md.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
ansible.module_utils.__path__.append(str(ROOT / "library" / "module_utils"))

from integration.clients import App  # noqa: E402
from integration.concurrent_writers import WRITERS, Writer  # noqa: E402
from integration.stack import Stack, docker, family, kill, new_stack  # noqa: E402
from kill_changes import APP_ENV, CHANGES, FIRST_PORT, WAYS, limits  # noqa: E402

NAME = "groundwork-kills"
FIRST_NAME, FIRST_START_PORT = "groundwork-kills-first", 16890
LOGS = ROOT / ".cache" / "kill_runs"
FIRST_STARTS = 0.15  # of all rounds
AGAIN = 0.25  # how often the run after a killed one is killed too
PAUSE = 0.2  # seconds between two rows of an app
SECONDS = 60  # that an app may need to find its service again


class Lost(Exception):
    """A row that was confirmed is gone, or a run doesn't come to its end."""


class Trial:
    """The stack whose runs are killed, and the apps that write to it."""

    def __init__(self, directory: Path, chance: random.Random) -> None:
        self.directory, self.chance = directory, chance
        self.stack = separate_stack(directory / "wörk space", NAME, FIRST_PORT)
        self.changes = CHANGES
        self.idle = 0  # runs that entered no role
        self.apps: dict[str, Writer] = {}
        self.log = LOGS / "start.log"
        self.usual: dict[str, float] = {}  # seconds of a run that nobody kills, by kind of round

    @contextlib.contextmanager
    def run(self, stack: Stack, playbook: str, title: str) -> Iterator[subprocess.Popen[str]]:
        """A run under way, its output in the log; it doesn't outlive an error or ctrl-C."""
        with self.log.open("a") as log:
            log.write(f"\n=== {title}\n")
            log.flush()
            run = stack.start(playbook, log, **unrotated(playbook))
            try:
                yield run
            except BaseException:
                kill(family(run.pid))
                raise

    def play(self, stack: Stack, playbook: str) -> float:
        """A run that nobody kills and that has to succeed; its seconds."""
        began = time.monotonic()
        with self.run(stack, playbook, playbook) as run:
            code = run.wait(900)
        if code:
            raise Lost(f"{playbook}.yml ended with {code}")
        return time.monotonic() - began

    def killed(self, stack: Stack, playbook: str, kind: str) -> bool:
        """A run that is killed at a random moment; whether it was still under way then."""
        longest = self.usual.get(kind) or self.usual.get(playbook, 8.0)
        moment, way = self.chance.uniform(0, longest), self.chance.choice(list(WAYS))
        began = time.monotonic()
        with self.run(stack, playbook, f"{playbook}, killed after {moment:.2f} s: {way}") as run:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(moment)
            alive = run.poll() is None
            if alive:
                WAYS[way](stack, run.pid)
            code = run.wait()
        if not alive:
            self.usual[kind] = time.monotonic() - began
            if code:
                raise Lost(f"{playbook}.yml ended with {code} before it was killed")
        print(f" {f'killed at {moment:.1f} s' if alive else 'ended before'};", end="", flush=True)
        return code == -signal.SIGKILL

    def converges(self, stack: Stack, playbook: str = "dev") -> None:
        """The next run brings everything up, and the one after it finds nothing to do."""
        print(f" converged in {self.play(stack, playbook):.1f} s", flush=True)
        play = stack.play("dev", **unrotated("dev"))
        with self.log.open("a") as log:
            log.write(f"\n=== dev, again\n{play.output}")
        if play.code or play.changed:
            raise Lost("the run after the one that converged changed something")
        self.idle += play.idle  # on a busy machine a service may not answer in time

    def count(self) -> dict[str, tuple[int, int]]:
        """Rows by service, expected and found, as soon as each app writes again."""
        before = {name: len(app.confirmed) for name, app in self.apps.items()}
        deadline = time.monotonic() + SECONDS
        while any(len(app.confirmed) == before[name] for name, app in self.apps.items()):
            if time.monotonic() > deadline:
                last = {name: app.failures[-1:] for name, app in self.apps.items()}
                raise Lost(f"an app can't write: {last}")
            time.sleep(0.05)
        rows = {}
        for name, app in self.apps.items():
            expected = set(app.confirmed)
            rows[name] = len(expected), len(expected & app.written())
        return rows


def unrotated(playbook: str) -> dict[str, list[str]]:
    """What the services to rotate, of the round, are for the other playbooks."""
    return {} if playbook == "rotate" else {"stack_rotate": []}


def separate_stack(workspace: Path, name: str, port: int) -> Stack:
    """A stack with an Alembic tree of its own, its images those that are there."""
    stack = new_stack(workspace, name, port)
    shutil.copytree(ROOT / "alembic", workspace / "alembic")
    shutil.copy(ROOT / "alembic.ini", workspace)
    stack.variables |= {"schema_dir": str(workspace / "alembic"), "images_sources": ["present"]}
    return stack


# --- the rounds


def first_start(trial: Trial) -> bool:
    """A new stack is killed in its first run; the next one has to complete it."""
    print(" first start:", end="", flush=True)
    directory = trial.directory / "first start"
    stack = separate_stack(directory, FIRST_NAME, FIRST_START_PORT)
    try:
        hit = trial.killed(stack, "dev", "first start")
        trial.converges(stack)
        app = App(stack.workspace / APP_ENV)
        app.write("kept")
        if app.read() != ["kept"] * 3:
            raise Lost("a service of a first start doesn't keep what it is given")
    finally:
        clear(stack)
        shutil.rmtree(directory)
    return hit


def later_run(trial: Trial) -> bool:
    """A change, and a run for it that is killed, perhaps the one after it too."""
    change, stack = trial.chance.choice(trial.changes), trial.stack
    print(f" {change.__name__}:", end="", flush=True)
    playbook = change(stack, trial.chance)
    hit = trial.killed(stack, playbook, change.__name__)
    again = trial.chance.choice(["dev", playbook]) if playbook == "rotate" else "dev"
    if trial.chance.random() < AGAIN:
        hit = trial.killed(stack, again, f"after {change.__name__}") or hit
    trial.converges(stack, again)
    return hit


def rounds(trial: Trial, number: int, counts: Counter[str]) -> None:
    """All of them; raises Lost at the first that lost something."""
    for current in range(1, number + 1):
        trial.log = LOGS / f"round-{current}.log"
        first = trial.changes is CHANGES and trial.chance.random() < FIRST_STARTS
        kind = first_start if first else later_run
        print(f"round {current}:", end="", flush=True)
        counts["runs"] += 1
        counts["killed"] += kind(trial)
        rows = trial.count()
        for name, (expected, found) in rows.items():
            counts[f"{name} expected"], counts[f"{name} found"] = expected, found
        if lost := {name: f"{e - f} of {e}" for name, (e, f) in rows.items() if e != f}:
            raise Lost(f"rows: {lost}")
        counts["converged"] += 1
        counts["then idle"] = trial.idle
        trial.log.unlink()


@contextlib.contextmanager
def writing(trial: Trial) -> Iterator[None]:
    """The stack up, and an app for each service at work."""
    try:
        trial.play(trial.stack, "dev")
        with contextlib.ExitStack() as apps:
            for name, kind in WRITERS.items():
                trial.apps[name] = kind(trial.stack.workspace / APP_ENV)
                trial.apps[name].pause = PAUSE
                apps.enter_context(trial.apps[name])
            limits(trial.stack, trial.chance)
            trial.usual["dev"] = trial.play(trial.stack, "dev")
            trial.usual["rotate"] = trial.play(trial.stack, "rotate")
            trial.count()
            yield
    finally:
        clear(trial.stack)


def clear(stack: Stack) -> None:
    """Containers, network and volumes, whatever state they are in."""
    label = f"label=com.docker.compose.project={stack.project}"
    for container in docker("ps", "-aq", "--filter", label).split():
        docker("rm", "--force", container)
    for volume in docker("volume", "ls", "-q", "--filter", f"name=^{stack.project}_").split():
        docker("volume", "rm", volume)
    for network in docker("network", "ls", "-q", "--filter", label).split():
        docker("network", "rm", network)


def main() -> None:
    """Run the rounds and print what was counted; exit code 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    kinds = sorted({change.__name__ for change in CHANGES})
    parser.add_argument("--only", choices=kinds, help="no other kind of change, no first starts")
    given = parser.parse_args()
    warnings.filterwarnings("ignore", "Api key is used")  # on loopback, as apps do
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: sys.exit("stopped"))
    print(f"seed {given.seed}, {given.rounds} rounds as the user {getpass.getuser()}", flush=True)
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="groundwork-kills-") as directory:
        trial = Trial(Path(directory), random.Random(given.seed))  # noqa: S311
        try:
            if given.only:
                trial.changes = [each for each in CHANGES if each.__name__ == given.only]
            with writing(trial):
                rounds(trial, given.rounds, counts)
        except Lost as error:
            print(f"\nLOST: {error}\nseed {given.seed}, the round's log: {trial.log}")
            sys.exit(1)
        finally:
            print("; ".join(f"{name} {number}" for name, number in counts.items()))


if __name__ == "__main__":
    main()
