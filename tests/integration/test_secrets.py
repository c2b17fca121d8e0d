"""The passwords of a shared machine: refused by name before it is reached, taken from a vault.

The shared machine is an address where nothing listens, so whatever gets as far as it fails there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from .stack import PLAYBOOK_SECONDS, ROOT

KEY = "correct horse battery"
REACHED = "unreachable=1"
GOOD = {"postgres": "kV3rT9xQm2LpW8sZ", "qdrant": "hN5cB7yJd4GfR6uE", "redis": "tW6zP3nXv8KsM2qY"}


class Team:
    """A team's copy of the inventory with one shared machine."""

    def __init__(self, directory: Path) -> None:
        self.inventory = directory / "our inventory"
        shutil.copytree(ROOT / "inventory", self.inventory)
        self.vault.unlink(missing_ok=True)
        for name in ("alembic", "images", "roles"):
            (directory / name).symlink_to(ROOT / name)
        hosts = self.inventory / "hosts.yml"
        found = yaml.safe_load(hosts.read_text())
        vm = {"ansible_host": "127.0.0.1", "ansible_port": 1}
        found["all"]["children"]["staging"]["hosts"] = {"vm": vm}
        hosts.write_text(yaml.safe_dump(found))
        self.key = directory / "key"
        self.key.write_text(KEY)

    @property
    def vault(self) -> Path:
        return self.inventory / "group_vars/staging/vault.yml"

    def encrypt(self, passwords: dict[str, str]) -> None:
        text = yaml.safe_dump({"vault_passwords": passwords})
        self.vault.write_bytes(VaultLib([("default", VaultSecret(KEY.encode()))]).encrypt(text))

    def run(self, *command: str, key: bool = True) -> str:
        env = os.environ | {"NO_COLOR": "1"}
        env.pop("ANSIBLE_VAULT_PASSWORD_FILE", None)
        if key:
            env["ANSIBLE_VAULT_PASSWORD_FILE"] = str(self.key)
        done = subprocess.run(
            [str(ROOT / ".venv/bin" / command[0]), *command[1:]],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PLAYBOOK_SECONDS,
        )
        assert "Traceback" not in done.stdout
        return done.stdout

    def staging(self, *arguments: str, key: bool = True) -> str:
        playbook = ["playbooks/staging.yml", "-i", str(self.inventory), *arguments]
        return self.run("ansible-playbook", *playbook, key=key)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def test_without_a_vault_each_missing_password_is_named(team: Team) -> None:
    text = team.staging()
    for name in ("postgres", "qdrant", "redis"):
        assert f"stack_services.{name}.password is missing" in text
    assert "make vault" in text
    assert REACHED not in text


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("postgres", "postgres", "stack_services.postgres.password looks like a default"),
        ("qdrant", "changeme-changeme", "stack_services.qdrant.password looks like a default"),
        ("redis", "kV3rT9xQm2Lp", "stack_services.redis.password is too short"),
        ("redis", GOOD["postgres"], "stack_services.redis.password is the same as"),
        ("redsi", GOOD["redis"] + "2", "Did you mean 'redis'?"),
    ],
)
def test_a_bad_password_in_the_vault_is_refused_by_name(
    team: Team, name: str, password: str, words: str
) -> None:
    others = {key: value for key, value in GOOD.items() if name != "redsi" or key != "redis"}
    team.encrypt(others | {name: password})
    text = team.staging("-vvv")
    assert words in " ".join(text.split())
    assert REACHED not in text
    assert "nothing was changed" in text
    for value in (*GOOD.values(), "changeme", "kV3rT9xQm2Lp"):
        assert value not in text


def test_the_vault_that_the_tool_makes_is_let_through(team: Team) -> None:
    made = team.run("python", "tools/vault.py", "--inventory", str(team.inventory))
    assert "made postgres, qdrant, redis" in made
    text = team.staging("-vvv")
    assert REACHED in text
    plain = VaultLib([("default", VaultSecret(KEY.encode()))]).decrypt(team.vault.read_bytes())
    for value in yaml.safe_load(plain)["vault_passwords"].values():
        assert value not in text


def test_a_laptop_needs_no_key_of_the_vault(team: Team) -> None:
    team.encrypt(GOOD)
    dev = ["playbooks/status.yml", "-i", str(team.inventory), "-e", "stack_name=groundwork-nowhere"]
    text = team.run("ansible-playbook", *dev, key=False)
    assert "failed=0" in text
    assert "vault" not in text.lower()
    assert "vault" in team.staging(key=False).lower()
