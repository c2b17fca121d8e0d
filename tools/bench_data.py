"""Measures snapshot and restore against the same work by hand, in one run, and prints ratios.

    .venv/bin/python tools/bench_data.py                # 372 MB, 200,000 keys, 20,000 vectors
    .venv/bin/python tools/bench_data.py --times 10     # all of that ten times; 0: an empty stack
    .venv/bin/python tools/as_user.py python tools/bench_data.py      # root, as an ordinary user

Runs on a stack of its own, which it removes. Every round runs each way once; figures are medians.
While a snapshot is made, pgbench writes; its failed transactions are counted. How long a restore
keeps apps out is what a client sees that asks all the time. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import ansible.module_utils
import psycopg
from measure import ROOT, interleaved, machine, peak_memory, run

sys.path.insert(0, str(ROOT / "tests"))
ansible.module_utils.__path__.append(str(ROOT / "library" / "module_utils"))

from bench_data_fill import BY_HAND, fill_postgres, fill_qdrant, fill_redis, snapshots_by_hand  # noqa: E402
from integration.stack import new_stack  # noqa: E402

NAME, FIRST_PORT = "groundwork-bench-data", 16780


class Bench:
    """A stack with data, and the ways to copy and restore them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.stack = new_stack(directory / "work space", NAME, FIRST_PORT)
        self.stack.variables |= {"schema_dir": "", "data_snapshots_keep": 2}
        self.failed = 0
        self.transactions = 0
        self.down: list[float] = []

    def play(self, playbook: str, **variables: object) -> None:
        """A playbook that has to succeed."""
        done = self.stack.play(playbook, **variables)
        if done.code:
            sys.exit(done.output)

    def container(self, name: str) -> str:
        """A service's container."""
        return str(self.stack.containers()[name]["Id"])

    def fill(self, times: int) -> None:
        """So many times the data of one."""
        if times:
            fill_postgres(self.container("postgres"), times)
            fill_redis(self.stack, times)
            fill_qdrant(self.stack, times)

    def snapshot(self) -> None:
        """All three services, at one moment."""
        self.play("snapshot", snapshot="bench")

    def no_snapshot(self) -> None:
        """None is there, of neither way."""
        self.stack.play("snapshot", remove="bench")
        subprocess.run(["docker", "volume", "rm", "-f", BY_HAND], capture_output=True, check=False)

    def snapshot_by_hand(self) -> None:
        """pg_basebackup, BGSAVE and collection snapshots, one after the other."""
        snapshots_by_hand(self.stack, self.directory)

    def restore(self) -> None:
        """All three services."""
        self.play("restore", snapshot="bench")

    def restore_postgres(self) -> None:
        """PostgreSQL alone."""
        self.play("restore", snapshot="bench", service="postgres")

    def confirm(self) -> None:
        """Former volumes go."""
        self.play("restore", confirm=True)

    def dump(self) -> None:
        """For the restore by hand."""
        command = ["docker", "exec", self.container("postgres"), "pg_dump", "-U", "postgres", "-Fc"]
        with (self.directory / "app.dump").open("wb") as file:
            subprocess.run([*command, "-Z0", "app"], stdout=file, check=True)

    def restore_by_hand(self) -> None:
        """dropdb, createdb, pg_restore."""
        exec_ = ["docker", "exec", "-i", self.container("postgres")]
        run([*exec_, "dropdb", "-U", "postgres", "--force", "app"])
        run([*exec_, "createdb", "-U", "postgres", "-O", "app", "app"])
        with (self.directory / "app.dump").open("rb") as file:
            subprocess.run(
                [*exec_, "pg_restore", "-U", "postgres", "-d", "app"], stdin=file, check=True
            )

    def beside_pgbench(self, usual: float) -> float:
        """A snapshot's seconds with pgbench writing all the while; its failures are added up."""
        self.no_snapshot()
        bench = ["docker", "exec", self.container("postgres"), "pgbench", "-U", "postgres"]
        load = subprocess.Popen(
            [*bench, "-n", "-c", "2", "-R", "200", "-T", str(round(usual * 3) + 5), "app"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        time.sleep(1)
        started = time.monotonic()
        self.snapshot()
        took = time.monotonic() - started
        if load.poll() is not None:
            sys.exit(f"pgbench ended before the snapshot: {load.communicate()[0]}")
        said = load.communicate()[0]
        done = re.search(r"actually processed: (\d+)", said)
        broken = re.search(r"failed transactions: (\d+)", said)
        if load.returncode or not done or not broken:
            sys.exit(f"pgbench failed: {said}")
        self.transactions += int(done[1])
        self.failed += int(broken[1])
        return took

    def watched(self, way: Callable[[], None]) -> Callable[[], None]:
        """The longest time in which nobody could ask PostgreSQL is kept in `down`."""

        def measured() -> None:
            stop, longest = threading.Event(), [0.0]
            watcher = threading.Thread(target=self._watch, args=(stop, longest))
            watcher.start()
            try:
                way()
            finally:
                stop.set()
                watcher.join()
            self.down.append(longest[0])

        return measured

    def _watch(self, stop: threading.Event, longest: list[float]) -> None:
        url = (
            f"postgresql://{self.stack.postgres_user}:{self.stack.postgres_password}"
            f"@127.0.0.1:{self.stack.postgres_port}/app?connect_timeout=2"
        )
        last = time.monotonic()
        while not stop.wait(0.1):  # oftener, it would be a load of its own
            try:
                with psycopg.connect(url) as connection:
                    connection.execute("SELECT 1")
            except psycopg.Error:
                continue
            longest[0] = max(longest[0], time.monotonic() - last)
            last = time.monotonic()


def measured(bench: Bench, rounds: int, times: int) -> dict[str, float]:
    """The medians of all ways."""
    found: dict[str, float] = {}
    if times:
        bench.dump()
    ways = {"snapshot": bench.snapshot, "by hand": bench.snapshot_by_hand}
    found |= interleaved(ways, rounds, lambda way: bench.no_snapshot())
    if times:
        took = [bench.beside_pgbench(found["snapshot"]) for _ in range(rounds)]
        found["snapshot beside pgbench"] = statistics.median(took)
    bench.no_snapshot()
    bench.snapshot()
    ways = {"restore": bench.watched(bench.restore), "PostgreSQL alone": bench.restore_postgres}
    if times:
        ways["restore by hand"] = bench.restore_by_hand
    found |= interleaved(ways, rounds, lambda way: bench.confirm())
    bench.confirm()
    for verb in ("snapshot", "restore"):
        bench.no_snapshot() if verb == "snapshot" else bench.confirm()
        command = bench.stack.command(verb, snapshot="bench")
        found[f"{verb}'s memory"] = peak_memory(command, str(bench.directory))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=1, help="0 for an empty stack")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groundwork-bench-") as directory:
        bench = Bench(Path(directory))
        try:
            bench.stack.up()
            bench.fill(given.times)
            found = measured(bench, given.rounds, given.times)
        finally:
            bench.no_snapshot()
            bench.stack.destroy()
    print(f"\n{machine()}; {given.times} times the data; load {os.getloadavg()[1]:.1f}\n")
    for name, value in found.items():
        print(f"{name}: {value:.2f} {'MB' if 'memory' in name else 's'}")
    print(f"longest time without PostgreSQL in a restore: {statistics.median(bench.down):.2f} s")
    if given.times:
        print(f"snapshot / by hand: {found['snapshot'] / found['by hand']:.2f}")
        ratio = found["PostgreSQL alone"] / found["restore by hand"]
        print(f"restore of PostgreSQL / by hand: {ratio:.2f}")
        print(f"pgbench: {bench.transactions} transactions, {bench.failed} failed")


if __name__ == "__main__":
    main()
