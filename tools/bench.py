"""Measures Groundwork against the same work by hand, side by side, and prints ratios.

Runs a stack of its own (groundwork-bench) and removes it afterwards. Every round runs each way
once, so that a busy machine slows all of them; figures are medians. Root measures as root first,
and then as an ordinary user (tools/as_user.py). See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from measure import BIN, ROOT, interleaved, peak_memory, run, show

VARIABLES = ROOT / "tests/group_vars/all/stack.yml"
NAME = "groundwork-bench"
FIRST_PORT = 17432


class Bench:
    """A stack in a temporary directory, and the ways to bring it up."""

    def __init__(self, directory: Path) -> None:
        self.infra = directory / "infra"
        self.variables = directory / "variables.json"
        values = yaml.safe_load(VARIABLES.read_text(encoding="utf-8"))
        services = values["stack_services"]
        for offset, service in enumerate(services.values()):
            service["port"] = FIRST_PORT + offset
        values |= {"stack_name": NAME, "workspace_dir": str(directory)}
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

    def by_hand_anew(self, file: str = "docker-compose.yml") -> None:
        """The same on empty volumes, where the app's role and its database have to be made too."""
        run(["docker", "compose", "-f", str(self.infra / file), "up", "-d", "--wait"])
        sql = f"CREATE ROLE app LOGIN PASSWORD '{self.password}'"
        psql = ["docker", "exec", f"{NAME}-postgres-1", "psql", "-qU", "postgres", "postgres"]
        run([*psql, "-c", sql, "-c", "CREATE DATABASE app OWNER app"])
        run([str(BIN / "alembic"), "upgrade", "head"], DATABASE_URL=self.url)

    def by_hand_with_plain_intervals(self) -> None:
        """The same with health checks every 5 s and 10 s from the start, as the seed has them."""
        self.by_hand_anew("plain.yml")

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
        self.password = password.partition("=")[2]
        self.url = f"postgresql://app:{self.password}@127.0.0.1:{FIRST_PORT}/app"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="at least 5 (default: 7)")
    rounds = max(parser.parse_args().rounds, 5)
    with tempfile.TemporaryDirectory(prefix="groundwork-bench-") as directory:
        bench = Bench(Path(directory))
        bench.groundwork()
        try:
            bench.learn_url()
            bench.write_plain_file()
            print("no-op runs", file=sys.stderr)
            noop = interleaved(
                {"groundwork": bench.groundwork, "by hand": bench.by_hand}, rounds, lambda way: None
            )
            print("peak memory", file=sys.stderr)
            memory = statistics.median(
                peak_memory(bench.playbook("dev"), directory) for _ in range(3)
            )
            print("cold starts", file=sys.stderr)
            cold = interleaved(
                {
                    "groundwork": bench.groundwork,
                    "by hand": bench.by_hand_anew,
                    "plain": bench.by_hand_with_plain_intervals,
                },
                rounds,
                lambda way: bench.remove(),
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
    show(
        f"medians of {rounds} interleaved rounds, as the user {getpass.getuser()}",
        rows,
        f"| no-op run, peak memory | {memory:.0f} MB | | | | 250 MB |",
    )
    if os.geteuid() == 0:
        again = ["tools/as_user.py", "python", "tools/bench.py", "--rounds", str(rounds)]
        sys.exit(subprocess.run([sys.executable, *again], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
