"""Runs Molecule's scenarios, two at a time, and prints which takes what.

`molecule test --all` does the same one after the other, with all of its output.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
LOGS = ROOT / ".cache" / "molecule"
ENVIRONMENT = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
LAST_LINES = 80
LIMIT = 1800.0  # seconds, for one scenario


@dataclass(frozen=True)
class Run:
    """One scenario's run: its exit code, seconds and log."""

    name: str
    code: int
    seconds: float
    log: Path


def known() -> list[str]:
    """The scenarios; those with more hosts and longer stories first, so that none is left over."""
    names = [path.parent.name for path in sorted(ROOT.glob("molecule/*/molecule.yml"))]
    return sorted(names, key=lambda name: name not in ("default", "stack"))


def command(log: Path, *words: str) -> tuple[int, float]:
    """Run a command with its output in a file; its exit code and seconds."""
    began = time.monotonic()
    with log.open("wb") as output:
        try:
            code = subprocess.run(
                [str(BIN / words[0]), *words[1:]],
                cwd=ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            output.write(f"\nStopped: it took longer than {LIMIT:g} s.\n".encode())
            code = 124
    return code, time.monotonic() - began


def test(name: str) -> Run:
    """`molecule test` of one scenario."""
    log = LOGS / f"{name}.log"
    code, seconds = command(log, "molecule", "test", "--scenario-name", name)
    return Run(name, code, seconds, log)


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def tail(log: Path) -> str:
    """The last lines of a log, for the screen."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return "\n".join(f"  | {line}" for line in lines)


def main() -> int:
    """Run what is asked for; 1 where a scenario failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help="default: all of them")
    parser.add_argument("--at-once", type=int, default=2, help="how many (default: 2)")
    asked = parser.parse_args()
    names = asked.names or known()
    if unknown := sorted(set(names) - set(known())):
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(sorted(known()))}")
    LOGS.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    say("What all scenarios share (images of the test hosts, archives of the stack's images)")
    code, seconds = command(
        LOGS / "resources.log", "ansible-playbook", "molecule/shared/resources.yml"
    )
    if code:
        say(f"{tail(LOGS / 'resources.log')}\nfailed; the whole log: {LOGS / 'resources.log'}")
        return 1
    say(f"  ready   {seconds:6.0f} s")
    failed: list[Run] = []
    with ThreadPoolExecutor(max(asked.at_once, 1)) as pool:
        runs = [pool.submit(test, name) for name in names]
        for done in as_completed(runs):
            run = done.result()
            if run.code:
                failed.append(run)
            say(f"  {'failed' if run.code else 'passed'}  {run.seconds:6.0f} s  {run.name}")
    for run in failed:
        say(f"\n{run.name}, the end of {run.log}:\n{tail(run.log)}")
    word = f"{len(failed)} of {len(names)} failed" if failed else f"all {len(names)} passed"
    say(f"Molecule: {word} in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
