"""Kills restores at random moments, runs dev.yml, and looks whose data are there.

    .venv/bin/python tools/kill_restores.py                              # as whoever you are
    .venv/bin/python tools/as_user.py python tools/kill_restores.py      # root, as an ordinary user

After each round all three services have to have today's data, or all the snapshot's, and after the
next snapshot no container of a restore may be left. Runs on a stack of its own, which it removes.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
ansible.module_utils.__path__.append(str(ROOT / "library" / "module_utils"))

from integration.clients import App  # noqa: E402
from integration.stack import Stack, docker, family, kill, new_stack  # noqa: E402

NAME, FIRST_PORT = "groundwork-kill-restores", 16760


def main() -> None:
    """Kill, run, look; prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groundwork-kills-") as directory:
        stack = new_stack(Path(directory) / "wörk space", NAME, FIRST_PORT)
        try:
            counts = trial(stack, given.rounds, random.Random(given.seed))  # noqa: S311
        finally:
            stack.play("snapshot", remove="kill")
            stack.play("snapshot", remove="after")
            stack.destroy()
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))
    sys.exit(1 if counts["mixed"] or counts["left over"] else 0)


def trial(stack: Stack, rounds: int, chance: random.Random) -> Counter[str]:
    """How often which data were there."""
    stack.up()
    app = App(stack.workspace / "apps/backend/.env")
    app.write("saved")
    run(stack, "snapshot", snapshot="kill")
    began = time.monotonic()
    run(stack, "restore", snapshot="kill")
    usual = time.monotonic() - began
    counts = Counter({"killed": 0, "old": 0, "new": 0, "mixed": 0, "left over": 0})
    for number in range(rounds):
        word = f"today-{number}"
        app.write(word)
        with (stack.workspace / "log").open("a") as log:
            killed = stack.start("restore", log, snapshot="kill")
            after = chance.random() * usual * 1.05
            try:
                killed.wait(after)
            except subprocess.TimeoutExpired:
                kill(family(killed.pid))
                killed.wait(60)
                counts["killed"] += 1
        stack.up()
        found = app.read()
        which = {word: "old", "saved": "new"}[found[0]] if len({*found}) == 1 else "mixed"
        counts[which] += 1
        print(f"round {number + 1}: {after:.1f} of {usual:.1f} s, {which} {found}", flush=True)
        if number % 10 == 9 or number + 1 == rounds:
            counts["left over"] += left(stack)
    return counts


def left(stack: Stack) -> int:
    """How many containers and half-filled volumes are there after the next runs."""
    run(stack, "snapshot", snapshot="after")
    run(stack, "snapshot", remove="after")
    run(stack, "restore", confirm=True)
    jobs = docker("ps", "-aq", "--filter", f"label=groundwork.job={stack.project}").split()
    volumes = docker("volume", "ls", "-q", "--filter", f"name={stack.project}_").split()
    data = [name for name in volumes if "_data" in name]
    return len(jobs) + len(data) - len(stack.services)


def run(stack: Stack, playbook: str, **variables: object) -> None:
    """A run that has to succeed."""
    play = stack.play(playbook, **variables)
    if play.code != 0:
        sys.exit(play.output)


if __name__ == "__main__":
    main()
