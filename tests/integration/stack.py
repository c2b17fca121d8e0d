"""A stack of the tests' own, run through the project's playbooks as a person runs them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml
from ansible.module_utils.groundwork import dotenv

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ROOT / "tests/group_vars/all/stack.yml"
PLAYBOOK_SECONDS = 900  # the first run on a bare machine installs an engine and builds images

# Up to four checkouts can run these tests at once on one machine, each with a number of its own,
# of two processes (pytest-xdist) each. Slot 7 ends below the ports that kernels deal out (32768).
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SLOT = 2 * int(os.environ.get("GROUNDWORK_TEST_SLOT", "0")) + WORKER
if SLOT > 7:
    raise ValueError("GROUNDWORK_TEST_SLOT is 0 to 3, each with two processes at most")


@dataclass
class Play:
    """What a run of ansible-playbook printed, and how it ended."""

    code: int
    output: str

    @property
    def changed(self) -> int:
        """The recap's count of changed tasks."""
        match = re.search(r"changed=(\d+)", self.output)
        assert match, self.output
        return int(match[1])

    @property
    def idle(self) -> bool:
        """It looked and entered no role: a role that has nothing to do skips a task."""
        return self.changed == 0 and " skipped=0 " in self.output


@dataclass
class Stack:
    """A workspace directory and the variables that its runs get."""

    workspace: Path
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def project(self) -> str:
        return str(self.variables["stack_name"])

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        services: dict[str, dict[str, Any]] = self.variables["stack_services"]
        return services

    @property
    def infra(self) -> Path:
        return self.workspace / "infra"

    @property
    def env_file(self) -> Path:
        return self.infra / ".env"

    @property
    def env(self) -> dict[str, str]:
        return dotenv.parse(self.env_file.read_text(encoding="utf-8"))

    @property
    def images(self) -> dict[str, str]:
        return {name: self.env[f"{name.upper()}_IMAGE"] for name in self.services}

    postgres_host = redis_host = "127.0.0.1"

    @property
    def postgres_port(self) -> int:
        return int(self.services["postgres"]["port"])

    @property
    def postgres_user(self) -> str:
        return self.env["POSTGRES_USER"]

    @property
    def postgres_database(self) -> str:
        return self.env["POSTGRES_DB"]

    @property
    def postgres_password(self) -> str:
        return self.env["POSTGRES_PASSWORD"]

    @property
    def redis_port(self) -> int:
        return int(self.services["redis"]["port"])

    @property
    def redis_password(self) -> str:
        return self.env["REDIS_PASSWORD"]

    @property
    def qdrant_url(self) -> str:
        return f"http://127.0.0.1:{self.services['qdrant']['port']}"

    @property
    def qdrant_api_key(self) -> str:
        return self.env["QDRANT_API_KEY"]

    @property
    def environment(self) -> dict[str, str]:
        """What its runs get: notes of a person's own go beside the workspace."""
        state = self.workspace.with_name(f"{self.workspace.name} state")
        return os.environ | {"NO_COLOR": "1", "XDG_STATE_HOME": str(state)}

    def command(self, playbook: str, *arguments: str, **variables: Any) -> list[str]:
        file = self.workspace / "variables.json"
        file.write_text(json.dumps(self.variables | variables), encoding="utf-8")
        program = ROOT / ".venv" / "bin" / "ansible-playbook"
        return [str(program), f"playbooks/{playbook}.yml", "-e", f"@{file}", *arguments]

    def play(self, playbook: str, *arguments: str, **variables: Any) -> Play:
        """Run a playbook with the stack's variables, `variables` over them."""
        done = subprocess.run(
            self.command(playbook, *arguments, **variables),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PLAYBOOK_SECONDS,
        )
        return Play(done.returncode, done.stdout)

    def start(
        self, playbook: str = "dev", output: int | IO[str] = subprocess.PIPE, **variables: Any
    ) -> subprocess.Popen[str]:
        """Run a playbook beside the test, in a session of its own."""
        return subprocess.Popen(
            self.command(playbook, **variables),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def up(self, *arguments: str, **variables: Any) -> Play:
        """Run playbooks/dev.yml; it has to succeed."""
        play = self.play("dev", *arguments, **variables)
        assert play.code == 0, play.output
        return play

    def refuse(self, *arguments: str, playbook: str = "dev", **variables: Any) -> str:
        """Run a playbook that has to fail; returns what it printed, checked to be fit to read."""
        play = self.play(playbook, *arguments, **variables)
        assert play.code != 0, play.output
        assert "Traceback" not in play.output
        for name, value in self.secrets().items():
            assert value not in play.output, f"the output shows {name}"
        return play.output

    def secrets(self) -> dict[str, str]:
        if not self.env_file.exists():
            return {}
        names = ("PASSWORD", "API_KEY", "SALT")
        return {name: text for name, text in self.env.items() if name.endswith(names) and text}

    def destroy(self) -> None:
        label = f"label=groundwork.stack={self.project}"
        if snapshots := docker("volume", "ls", "-q", "--filter", label).split():
            docker("volume", "rm", *snapshots)
        play = self.play("down", stack_remove_data=self.project)
        assert play.code == 0, play.output

    def containers(self) -> dict[str, dict[str, Any]]:
        """Its containers by service, as docker inspect tells."""
        label = f"label=com.docker.compose.project={self.project}"
        ids = docker("ps", "-aq", "--filter", label).split()
        found = json.loads(docker("inspect", *ids)) if ids else []
        return {item["Config"]["Labels"]["com.docker.compose.service"]: item for item in found}

    def started_at(self) -> dict[str, str]:
        return {name: item["State"]["StartedAt"] for name, item in self.containers().items()}


def with_service(stack: Stack, name: str, **change: Any) -> dict[str, Any]:
    """The stack's services, one of them changed; None takes an option out."""
    service = {k: v for k, v in (stack.services[name] | change).items() if v is not None}
    return stack.services | {name: service}


def nothing_is_there(stack: Stack) -> bool:
    """No file but, at most, the lock of the run that failed, and no container."""
    left = [path.name for path in stack.infra.iterdir()] if stack.infra.exists() else []
    return left in ([], [".lock"]) and not stack.containers()


def slot_port(port: int) -> int:
    """A port of this run's own."""
    return port + 2000 * SLOT


def slot_name(name: str) -> str:
    """A name of this run's own."""
    return f"{name}-{SLOT}" if SLOT else name


def family(pid: int) -> list[int]:
    """A process and all that it started; Ansible's workers have sessions of their own."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def kill(processes: Iterable[int]) -> None:
    """SIGKILL for each that still is."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def docker(*arguments: str) -> str:
    """Run docker; returns its output, fails the test with its error."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def new_stack(workspace: Path, name: str, first_port: int) -> Stack:
    """The stack of tests/group_vars under another name, on ports of the tests' own (see SLOT)."""
    name, first_port = slot_name(name), slot_port(first_port)
    variables = yaml.safe_load(VARIABLES.read_text(encoding="utf-8"))
    services = variables["stack_services"]
    for offset, service in enumerate(services.values()):
        service["port"] = first_port + offset
        del service["password"]  # a template: of a vault, which a laptop has none of
    workspace.mkdir(parents=True, exist_ok=True)
    own = {"stack_name": name, "stack_services": services, "workspace_dir": str(workspace)}
    return Stack(workspace, variables | own)
