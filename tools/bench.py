"""Measures Groundwork against the same work by hand, side by side, and prints ratios.

Runs a stack of its own (groundwork-bench) and removes it afterwards. Every round runs each way
once, so that a busy machine slows all of them; figures are medians. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
NAME = "groundwork-bench"
FIRST_PORT = 17432
# As a person's terminal has it: a machine that forbids Python to keep its bytecode slows both ways
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
    "NO_COLOR": "1"
}


class Bench:
    """A stack in a temporary folder, and the ways to bring it up."""

    def __init__(self, folder: Path) -> None:
        self.infra = folder / "infra"
        self.variables = folder / "variables.json"
        text = (ROOT / "inventory/group_vars/all/stack.yml").read_text(encoding="utf-8")
        services = yaml.safe_load(text)["stack_services"]
        for offset, service in enumerate(services.values()):
            service["port"] = FIRST_PORT + offset
        values = {"stack_name": NAME, "stack_services": services, "workspace_dir": str(folder)}
        self.variables.write_text(json.dumps(values), encoding="utf-8")

    def playbook(self, name: str, *arguments: str) -> list[str]:
        """The command that runs one of the project's playbooks for this stack."""
        program = str(BIN / "ansible-playbook")
        return [program, f"playbooks/{name}.yml", "-e", f"@{self.variables}", *arguments]

    def groundwork(self) -> None:
        """`ansible-playbook playbooks/dev.yml`."""
        run(self.playbook("dev"))

    def by_hand(self, file: str = "docker-compose.yml") -> None:
        """`docker compose up -d --wait && alembic upgrade head`."""
        run(["docker", "compose", "-f", str(self.infra / file), "up", "-d", "--wait"])
        run([str(BIN / "alembic"), "upgrade", "head"], DATABASE_URL=self.url)

    def by_hand_with_plain_intervals(self) -> None:
        """The same with health checks every 5 s and 10 s from the start, as the seed has them."""
        self.by_hand("plain.yml")

    def write_plain_file(self) -> None:
        """The Compose file without the quick checks at the start."""
        lines = (self.infra / "docker-compose.yml").read_text(encoding="utf-8").splitlines()
        plain = [
            line for line in lines if "start_interval" not in line and "start_period" not in line
        ]
        (self.infra / "plain.yml").write_text("\n".join(plain) + "\n", encoding="utf-8")

    def remove(self) -> None:
        """Containers and data gone, files and images kept."""
        run(["docker", "compose", "-f", str(self.infra / "docker-compose.yml"), "down", "-v"])

    def learn_url(self) -> None:
        """The database's address on this host."""
        lines = (self.infra / ".env").read_text(encoding="utf-8").splitlines()
        password = next(line for line in lines if line.startswith("POSTGRES_PASSWORD="))
        self.url = f"postgresql://app:{password.partition('=')[2]}@127.0.0.1:{FIRST_PORT}/app"


def run(command: list[str], **environment: str) -> None:
    """Run a command; its output is shown only if it fails."""
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


def interleaved(
    ways: dict[str, Callable[[], None]], rounds: int, before: Callable[[], None]
) -> dict[str, float]:
    """The median seconds of each way; every round runs each of them once, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            before()
            started = time.monotonic()
            way()
            seconds[name].append(time.monotonic() - started)
            print(f"  round {number + 1}: {name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_memory(command: list[str]) -> float:
    """The peak of the proportional memory (PSS), in MB, of a command and all its children."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    peak, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, sum(_pss(pid) for pid in _session(process.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        sys.exit(f"{' '.join(command)} failed")
    return peak


def _session(leader: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found.append(int(path.parent.name))
    return found


def _pss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next(
        (int(line.split()[1]) / 1000 for line in text.splitlines() if line.startswith("Pss:")), 0.0
    )


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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="at least 5 (default: 7)")
    rounds = max(parser.parse_args().rounds, 5)
    with tempfile.TemporaryDirectory(prefix="groundwork-bench-") as folder:
        bench = Bench(Path(folder))
        bench.groundwork()
        try:
            bench.learn_url()
            bench.write_plain_file()
            print("no-op runs", file=sys.stderr)
            noop = interleaved(
                {"groundwork": bench.groundwork, "by hand": bench.by_hand}, rounds, lambda: None
            )
            print("peak memory", file=sys.stderr)
            memory = statistics.median(peak_memory(bench.playbook("dev")) for _ in range(3))
            print("cold starts", file=sys.stderr)
            cold = interleaved(
                {
                    "groundwork": bench.groundwork,
                    "by hand": bench.by_hand,
                    "plain": bench.by_hand_with_plain_intervals,
                },
                rounds,
                bench.remove,
            )
        finally:
            run(bench.playbook("down", "-e", f"stack_remove_data={NAME}"))
    rows = [
        ("no-op run", noop["groundwork"], "by hand", noop["by hand"], 2.0),
        (
            "cold start, images present",
            cold["groundwork"],
            "by hand, same file",
            cold["by hand"],
            1.5,
        ),
        ("cold start, images present", cold["groundwork"], "plain intervals", cold["plain"], 1.0),
    ]
    print(f"\n{machine()}; medians of {rounds} interleaved rounds\n")
    print("| what | Groundwork | against | took | ratio | goal |\n|---|---|---|---|---|---|")
    for what, ours, against, theirs, goal in rows:
        print(
            f"| {what} | {ours:.2f} s | {against} | {theirs:.2f} s "
            f"| {ours / theirs:.2f} | {goal:.1f} |"
        )
    print(f"| no-op run, peak memory | {memory:.0f} MB | | | | 250 MB |")


if __name__ == "__main__":
    main()
