"""What the benchmarks share: running commands, interleaved rounds, peak memory, the table."""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
# As a person's terminal has it: a machine that forbids Python to keep its bytecode slows both ways
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
    "NO_COLOR": "1"
}


def run(command: list[str], **environment: str) -> str:
    """Run a command; its output, shown only if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def interleaved(
    ways: dict[str, Callable[[], None]], rounds: int, before: Callable[[str], None]
) -> dict[str, float]:
    """The median seconds of each way; every round runs each of them once, in turn.

    `before` is told which one comes, and doesn't count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            before(name)
            started = time.monotonic()
            way()
            seconds[name].append(time.monotonic() - started)
            print(f"  round {number + 1}: {name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_memory(command: list[str], mark: str, **environment: str) -> float:
    """The peak of the proportional memory (PSS), in MB, of a command and all its children.

    Workers and ssh have sessions of their own: those whose command line holds `mark` count too.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    peak, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, sum(map(_pss, _belonging(process.pid, mark))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        sys.exit(f"{' '.join(command)} failed")
    return peak


def _belonging(leader: int, mark: str) -> list[psutil.Process]:
    """The processes of a session, and those that name the mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == leader or mark in "\0".join(process.cmdline()):
                found.append(process)
    return found


def _pss(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return float(process.memory_full_info().pss) / 1_024_000  # thousands of KiB, as ever
    return 0.0


def machine() -> str:
    """The machine, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    docker = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, Docker Engine {docker}"
    )


Row = tuple[str, float, str, float, float | None]


def show(title: str, rows: Iterable[Row], memory: str) -> None:
    """Print the table: rows of what, its seconds, against what, its seconds, the ratio's goal."""
    print(f"\n{machine()}; {title}\n")
    print("| what | Groundwork | against | took | ratio | goal |\n|---|---|---|---|---|---|")
    for what, ours, against, theirs, goal in rows:
        print(
            f"| {what} | {ours:.2f} s | {against} | {theirs:.2f} s "
            f"| {ours / theirs:.2f} | {goal or ''} |"
        )
    print(memory, flush=True)
