"""Measures playbooks/staging.yml with nothing to do against the same commands by hand over SSH.

Makes VMs of its own (groundwork-bench-vm-*; see vms.py) and removes them afterwards. First one VM
against by hand, with no other VM there; then ten against one of them, while the others stand still.
Every round runs each way once; figures are medians. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
from pathlib import Path

import vms
from measure import interleaved, peak_memory, show


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="at least 5 (default: 5)")
    parser.add_argument("--vms", type=int, default=10, help="how many (default: 10)")
    asked = parser.parse_args()
    rounds, names = max(asked.rounds, 5), [f"vm-{n + 1}" for n in range(asked.vms)]
    one = names[:1]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="groundwork-bench-") as directory:
        vms.remove()  # what an earlier, killed run left
        try:
            machines = vms.Machines(Path(directory))
            say("making a VM")
            machines.provision()
            machines.copy(one)
            say("one VM")
            alone = interleaved(
                {
                    "groundwork": lambda: machines.groundwork(one),
                    "by hand": lambda: machines.by_hand(one),
                },
                rounds,
                lambda way: machines.disconnect(),
            )
            say(f"making {len(names) - 1} more")
            machines.copy(names[1:])
            say(f"{len(names)} VMs")
            several = interleaved(
                {
                    "one": lambda: machines.groundwork(one),
                    "all": lambda: machines.groundwork(names),
                    "by hand": lambda: machines.by_hand(names),
                },
                rounds,
                lambda way: machines.let_run(one if way == "one" else names, names),
            )
            machines.let_run(names, names)
            say("peak memory")
            memory = statistics.median(_memory(machines, names) for _ in range(3))
        finally:
            vms.remove()
    count = f"{len(names)} VMs"
    rows = [
        ("one VM, no-op run", alone["groundwork"], "by hand, one", alone["by hand"], 2.5),
        (f"{count}, no-op run", several["all"], "Groundwork, one alone", several["one"], 4.0),
        (f"{count}, no-op run", several["all"], "by hand, all at once", several["by hand"], None),
    ]
    title = f"over SSH; VMs are containers on this machine; medians of {rounds} interleaved rounds"
    show(title, rows, f"| {count}, no-op run, peak memory | {memory:.0f} MB | | | | 400 MB |")


def _memory(machines: vms.Machines, names: list[str]) -> float:
    machines.disconnect()
    connections = str(machines.connections)
    command = machines.playbook(names)
    return peak_memory(command, str(machines.directory), ANSIBLE_SSH_CONTROL_PATH_DIR=connections)


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
