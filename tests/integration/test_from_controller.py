"""A tree that runs on the controller, for a machine that is reached by SSH (here: a fake one)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from .app_projects import NAMES, add_revisions, app_python_fixture, shop  # noqa: F401
from .schema_server import revision
from .stack import ROOT, Play, Stack

PLAY = [
    {
        "name": "The schema alone",
        "hosts": "vm",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": {"name": "schema"}}],
    }
]


class Machine:
    """The tests' stack as a machine behind SSH, and an app's repository on the laptop."""

    def __init__(self, stack: Stack, directory: Path, python: Path) -> None:
        self.stack, self.log = stack, directory / "forwards"
        self.log.touch()
        self.tree = shop(directory / "laptop")
        sent = directory / "sent"
        (sent / "alembic-backend" / "versions").mkdir(parents=True)
        program = directory / "ssh"
        program.write_text(
            f"#!/bin/sh\nexec '{sys.executable}' '{Path(__file__).parent}/fake_ssh.py' \"$@\"\n"
        )
        program.chmod(0o755)
        inventory = directory / "inventory"
        inventory.mkdir()
        (inventory / "group_vars").symlink_to(ROOT / "inventory" / "group_vars")
        entry = {
            "directory": "backend/app/alembic",
            "python": str(python),
            "environment": NAMES,
            "run_on": "controller",
        }
        self.variables: dict[str, Any] = {
            **stack.variables,
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_ssh_executable": str(program),
            "ansible_python_interpreter": sys.executable,
            "stack_sent_dir": str(sent),
            "schema_controller_dir": str(directory / "laptop"),
            "schema_plan": ["1 revision to apply"],
            "schema_trees": [entry],
        }
        self.inventory, self.playbook = inventory / "hosts.yml", directory / "play.yml"
        self.playbook.write_text(yaml.safe_dump(PLAY))

    def command(self, **variables: Any) -> list[str]:
        host = self.variables | variables
        hosts = {"all": {"hosts": {"vm": host}}}
        self.inventory.write_text(yaml.safe_dump(hosts))
        program = str(ROOT / ".venv" / "bin" / "ansible-playbook")
        return [program, "-i", str(self.inventory), str(self.playbook)]

    @property
    def environment(self) -> dict[str, str]:
        return self.stack.environment | {"FAKE_SSH_LOG": str(self.log)}

    def play(self, *arguments: str, **variables: Any) -> Play:
        done = subprocess.run(
            [*self.command(**variables), *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert self.stack.postgres_password not in done.stdout
        return Play(done.returncode, done.stdout)

    @property
    def forwards(self) -> list[int]:
        """The sessions that have forwarded a port, by process."""
        return [int(line.split()[0]) for line in self.log.read_text().splitlines() if line]


@pytest.fixture(name="machine")
def machine_fixture(stack: Stack, app_python: Path, tmp_path: Path) -> Iterator[Machine]:
    yield Machine(stack, tmp_path, app_python)
    with connect(stack) as connection:
        for name in ("items", "parts", "shop_versions"):
            connection.execute(f"DROP TABLE IF EXISTS {name}".encode())


def connect(stack: Stack) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=stack.postgres_host,
        port=stack.postgres_port,
        user=stack.postgres_user,
        password=stack.postgres_password,
        dbname=stack.postgres_database,
        autocommit=True,
    )


def versions(stack: Stack) -> list[Any]:
    with connect(stack) as connection:
        if connection.execute("SELECT to_regclass('shop_versions')").fetchone() == (None,):
            return []
        return [row[0] for row in connection.execute("SELECT version_num FROM shop_versions")]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_port_is_there_for_the_migration_and_no_longer(machine: Machine) -> None:
    checked = machine.play("--check", "--diff")
    assert checked.code == 0, checked.output
    assert "CREATE TABLE items" in checked.output
    assert versions(machine.stack) == []
    made = machine.play()
    assert made.code == 0, made.output
    assert "up        5a01" in made.output
    assert versions(machine.stack) == ["5a01"]
    assert machine.play().changed == 0
    assert len(machine.forwards) == 3
    assert not any(alive(pid) for pid in machine.forwards)


def test_a_seed_runs_where_its_tree_does(machine: Machine) -> None:
    """A command through a forwarded port; SQL, whose file is here, by the machine's psql."""
    load = {"ansible.builtin.include_role": {"name": "schema", "tasks_from": "seed"}}
    tree = {"_schema_tree": "{{ stack_trees[0] }}"}
    play = [{"hosts": "vm", "gather_facts": False, "tasks": [load | {"vars": tree}]}]
    assert machine.play().code == 0
    machine.playbook.write_text(yaml.safe_dump(play))
    (entry,) = machine.variables["schema_trees"]
    program = "import os, psycopg2; psycopg2.connect(''); print('port', os.environ['PGPORT'])"
    machine.variables["schema_trees"] = [entry | {"seed": ["python", "-c", program]}]
    done = machine.play()
    assert done.code == 0 and "printed   port " in done.output, done.output
    assert f"port {machine.stack.postgres_port}" not in done.output
    assert not any(alive(pid) for pid in machine.forwards)
    (machine.tree.parents[2] / "seed.sql").write_text("CREATE TABLE parts AS SELECT 7 AS id;\n")
    machine.variables["schema_trees"] = [entry | {"seed": "seed.sql"}]
    done = machine.play()
    assert done.code == 0, done.output
    with connect(machine.stack) as connection:
        assert connection.execute("SELECT id FROM parts").fetchone() == (7,)


def test_a_failure_closes_the_port_too(machine: Machine) -> None:
    add_revisions(machine.tree, revision("5a02", "5a01", 'op.execute("SELECT x")'))
    failed = machine.play()
    assert failed.code != 0
    assert "Revision 5a02" in failed.output
    assert versions(machine.stack) == ["5a01"]
    assert not any(alive(pid) for pid in machine.forwards)


def test_another_connection_than_ssh_is_refused(machine: Machine) -> None:
    # The tasks alone: on this connection, which leads nowhere, the way back couldn't ask either
    tasks = {"name": "schema", "tasks_from": "migrate"}
    play = {**PLAY[0], "vars": {"_schema_tree": "{{ stack_trees | first }}"}}
    play["tasks"] = [{"ansible.builtin.import_role": tasks}]
    machine.playbook.write_text(yaml.safe_dump([play]))
    refused = machine.play(ansible_connection="community.docker.docker")
    assert refused.code != 0
    said = " ".join(refused.output.split())
    assert "goes through SSH, and this host's connection is" in said
    assert "run_on: target" in said


def test_a_machine_that_forwards_nothing_is_told(machine: Machine) -> None:
    program = machine.inventory.parent.parent / "ssh"
    text = program.read_text()
    refusing = 'case "$*" in *" -L "*) echo "administratively prohibited" >&2; exit 255;; esac\n'
    program.write_text(text.replace("exec ", refusing + "exec ", 1))
    refused = machine.play()
    assert refused.code != 0
    said = " ".join(refused.output.split())
    assert "No port could be forwarded" in said
    assert "administratively prohibited" in said
    assert "AllowTcpForwarding" in said
