"""What a person looks at after the README's first command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

testinfra_hosts = ["ansible://test_hosts"]

USER = "zoe"
CLONE = "/home/Zoë Müller/our stack"
VERSIONS = Path(__file__).parents[3] / "alembic" / "versions"
Run = Callable[[str], Any]


@pytest.fixture
def type_in(host: Any) -> Run:
    """What a command line gives that the user types, freshly logged in, in the project's
    directory."""

    def run(line: str) -> Any:
        line = f"cd {shlex.quote(CLONE)} && {line}"
        return host.run(f"runuser --login {USER} --command {shlex.quote(line)}")

    return run


def test_status_shows_all_healthy(type_in: Run) -> None:
    status = type_in("make status")
    assert status.rc == 0, status.stdout + status.stderr
    healthy = re.findall(r"^\s*(\w+) [\d.]+\s+healthy\s", status.stdout, re.MULTILINE)
    assert sorted(healthy) == ["postgres", "qdrant", "redis"]
    assert re.search(r"schema\s+\w+\s+up to date", status.stdout)


def test_the_apps_file_is_all_that_an_app_needs(client: Callable[..., dict[str, Any]]) -> None:
    env, key = f"{CLONE}/apps/backend/.env", "first words"
    client("write", key, "grüß dich", env=env, user=USER)
    words = client("read", key, env=env, user=USER)
    assert words == {"postgres": "grüß dich", "qdrant": "grüß dich", "redis": "grüß dich"}


def test_the_schema_is_at_its_head(type_in: Run, client: Callable[..., dict[str, Any]]) -> None:
    heads = type_in(".venv/bin/alembic heads").stdout.split()
    assert heads[1:] == ["(head)"]
    rows = client(
        "sql", "SELECT version_num FROM alembic_version", env=f"{CLONE}/apps/backend/.env"
    )
    assert rows == {"rows": [[heads[0]]]}


@pytest.mark.parametrize(
    "line",
    [
        "make dev",
        "source .venv/bin/activate && ansible-playbook playbooks/dev.yml",
    ],
)
def test_again_changes_nothing(type_in: Run, line: str) -> None:
    again = type_in(line)
    assert again.rc == 0, again.stdout + again.stderr
    # No role was entered: one that has nothing to do skips a task
    idle = r"^localhost : ok=[1-9]\d* changed=0 .*failed=0 skipped=0 "
    assert re.search(idle, again.stdout, re.MULTILINE), again.stdout


def test_everything_in_the_directory_is_the_users(host: Any) -> None:
    assert host.file(f"{CLONE}/infra/docker-compose.yml").user == USER
    assert not host.check_output("find %s -not -user %s", CLONE, USER)


@pytest.mark.parametrize("path", ["infra/.env", "apps/backend/.env"])
def test_secrets_are_the_users_alone(host: Any, path: str) -> None:
    file = host.file(f"{CLONE}/{path}")
    assert (file.user, file.mode) == (USER, 0o600)


def test_git_sees_only_what_the_user_wrote(type_in: Run) -> None:
    assert type_in("git status --porcelain").stdout.split() == [
        "??",
        "inventory/group_vars/all/machine.yml",
    ]


def test_no_path_says_root(type_in: Run) -> None:
    assert type_in("id -nG").stdout.split() == [USER, "docker"]
    assert type_in("docker ps --quiet").stdout.split()
