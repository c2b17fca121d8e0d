"""What makes a run necessary, and how it is killed, for tools/kill_runs.py."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable

from integration.stack import Stack, docker, family, kill, slot_port

FIRST_PORT = 16840
APP_ENV = "apps/backend/.env"
PASSWORDS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "QDRANT_API_KEY")


def service(stack: Stack, chance: random.Random) -> str:
    """Any of them."""
    return chance.choice(sorted(stack.services))


# --- how a run is killed


def kill_all(stack: Stack, run: int) -> None:
    """The run with its workers, modules and docker commands."""
    kill(family(run))


def kill_group(stack: Stack, run: int) -> None:
    """ansible-playbook alone: its workers have sessions of their own and end by themselves."""
    kill([-run])


def lose_power(stack: Stack, run: int) -> None:
    """The run and all that the stack's containers do."""
    kill(family(run))
    label = f"label=com.docker.compose.project={stack.project}"
    for container in docker("ps", "-q", "--filter", label).split():
        # It may have ended by itself
        subprocess.run(["docker", "kill", container], capture_output=True, check=False)


WAYS = {"all of it": kill_all, "its group": kill_group, "and its containers": lose_power}

# --- what makes a run necessary; each returns the playbook that is to be killed


def app_setting(stack: Stack, chance: random.Random) -> str:
    """A line of an app's own .env."""
    apps = stack.variables["env_files_apps"]
    apps["backend"]["variables"]["APP_ENV"] = f"e{chance.randrange(10**6)}"
    return "dev"


def limits(stack: Stack, chance: random.Random) -> str:
    """Every container is made anew."""
    stack.variables["stack_limits"] = {"pids": chance.randrange(300, 900)}
    return "dev"


def port(stack: Stack, chance: random.Random) -> str:
    """A service moves to another port."""
    name = service(stack, chance)
    offset = sorted(stack.services).index(name)
    ports = [slot_port(FIRST_PORT + 10 * row + offset) for row in range(4)]
    ports.remove(stack.services[name]["port"])
    stack.services[name]["port"] = chance.choice(ports)
    return "dev"


def container_removed(stack: Stack, chance: random.Random) -> str:
    """As by docker rm."""
    docker("rm", "--force", stack.containers()[service(stack, chance)]["Id"])
    return "dev"


def service_stopped(stack: Stack, chance: random.Random) -> str:
    """By hand, at once or in order."""
    how = chance.choice(["kill", "stop"])
    docker(how, stack.containers()[service(stack, chance)]["Id"])
    return "dev"


def service_paused(stack: Stack, chance: random.Random) -> str:
    """By hand."""
    docker("pause", stack.containers()[service(stack, chance)]["Id"])
    return "dev"


def was_down(stack: Stack, chance: random.Random) -> str:
    """Everything starts."""
    stack.play("down")
    return "dev"


def goes_down(stack: Stack, chance: random.Random) -> str:
    """It is the stop that is killed."""
    return "down"


def file_lost(stack: Stack, chance: random.Random) -> str:
    """One of those that are written again."""
    lost = chance.choice(["infra/docker-compose.yml", APP_ENV])
    (stack.workspace / lost).unlink()
    return "dev"


def password_lost(stack: Stack, chance: random.Random) -> str:
    """A line of the stack's .env: another password is made."""
    name, file = chance.choice(PASSWORDS), stack.env_file
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f"{name}=")]
    file.write_text("".join(kept), encoding="utf-8")
    return "dev"


def rotated(stack: Stack, chance: random.Random) -> str:
    """New passwords for all or for one."""
    chosen = chance.choice([sorted(stack.services), [service(stack, chance)]])
    stack.variables["stack_rotate"] = chosen
    return "rotate"


def migration(stack: Stack, chance: random.Random) -> str:
    """A revision with a table and a row."""
    versions = stack.workspace / "alembic" / "versions"
    newest = max(versions.glob("*.py"), key=lambda file: file.stat().st_mtime_ns)
    old = re.findall(r'^revision.*"(.*)"', newest.read_text(encoding="utf-8"), re.M)[0]
    number = chance.randrange(16**12)
    (versions / f"{number:012x}_table.py").write_text(
        f'from alembic import op\n\nrevision = "{number:012x}"\ndown_revision = "{old}"\n\n\n'
        f'def upgrade() -> None:\n    op.execute("CREATE TABLE t{number} AS SELECT 1 AS one")\n'
        f'    op.execute("SELECT pg_sleep(0.5)")\n\n\n'
        f'def downgrade() -> None:\n    op.execute("DROP TABLE t{number}")\n',
        encoding="utf-8",
    )
    return "dev"


CHANGES: list[Callable[[Stack, random.Random], str]] = [
    *(app_setting, limits, port, container_removed, service_stopped, service_paused, was_down),
    *(goes_down, file_lost, password_lost, migration, *[rotated] * 3),
]
