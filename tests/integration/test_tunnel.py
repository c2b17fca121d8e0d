"""playbooks/tunnel.yml: the laptop's env file from a shared machine's secrets, and the command.

The machine is this one, under another name: what goes over SSH is Ansible's own.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import dotenv
import pytest
import yaml

from .stack import ROOT, Play, Stack

MACHINE = "vm.example.com"
SECRETS = {
    "POSTGRES_PASSWORD": "their-postgres-password",
    "REDIS_PASSWORD": "their-redis-password",
    "QDRANT_API_KEY": "their-qdrant-key",
}


class Laptop:
    """A laptop and the machine that it reaches."""

    def __init__(self, directory: Path) -> None:
        self.machine, self.home = directory / "the machine", directory / "laptop"
        (self.machine / "infra").mkdir(parents=True)
        self.home.mkdir()
        inventory = directory / "inventory"
        inventory.mkdir()
        (inventory / "group_vars").symlink_to(ROOT / "inventory" / "group_vars")
        host = {"ansible_connection": "local", "ansible_become": False, "ansible_user": "deploy"}
        hosts = {"all": {"children": {"staging": {"hosts": {MACHINE: host}}}}}
        self.inventory = inventory / "hosts.yml"
        self.inventory.write_text(yaml.safe_dump(hosts))
        app = {"path": "apps/backend/.env.staging", "services": ["postgres", "redis"]}
        self.stack = Stack(
            self.machine,
            {
                "workspace_dir": str(self.machine),
                "env_files_tunnel_dir": str(self.home),
                "ansible_python_interpreter": str(ROOT / ".venv/bin/python"),
                "vault_passwords": {},
                "env_files_apps": {
                    "laptop": app | {"audience": "tunnel"},
                    "worker": {"path": "apps/worker/.env", "services": ["redis"]},
                },
            },
        )

    @property
    def file(self) -> Path:
        return self.home / "apps/backend/.env.staging"

    def secrets(self, **values: str) -> None:
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        (self.machine / "infra/.env").write_text(text)

    def play(self, *arguments: str) -> Play:
        return self.stack.play("tunnel", "-i", str(self.inventory), *arguments)


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


def test_the_file_and_the_command_belong_together(laptop: Laptop) -> None:
    laptop.secrets(**SECRETS)
    checked = laptop.play("--check", "--diff")
    assert checked.code == 0, checked.output
    assert not laptop.file.exists()

    play = laptop.play("--diff")
    assert play.code == 0, play.output
    values = dotenv.dotenv_values(laptop.file)
    assert values == {
        "DATABASE_URL": "postgresql://app:their-postgres-password@127.0.0.1:15432/app",
        "REDIS_URL": "redis://:their-redis-password@127.0.0.1:16379/0",
    }
    assert laptop.file.stat().st_mode & 0o777 == 0o600
    assert "ssh -N -o ExitOnForwardFailure=yes -L 127.0.0.1:15432:127.0.0.1:5432" in play.output
    assert f"deploy@{MACHINE}" in play.output
    assert [path.name for path in laptop.home.rglob("*") if path.is_file()] == [".env.staging"]
    for secret in SECRETS.values():
        assert secret not in play.output + checked.output

    laptop.file.write_text(laptop.file.read_text() + "MY_OWN=1\n")
    again = laptop.play()
    assert (again.code, again.changed) == (0, 0), again.output
    laptop.secrets(**SECRETS | {"REDIS_PASSWORD": "another-one"})
    assert laptop.play().changed == 1
    values = dotenv.dotenv_values(laptop.file)
    assert values["REDIS_URL"] == "redis://:another-one@127.0.0.1:16379/0"
    assert values["MY_OWN"] == "1"


def test_a_file_that_git_would_take_along_is_refused(laptop: Laptop) -> None:
    subprocess.run(["git", "init", "-q", str(laptop.home)], check=True)
    laptop.secrets(**SECRETS)
    text = laptop.play()
    assert text.code != 0
    assert f"{laptop.file} gets passwords, and git doesn't ignore it" in " ".join(
        text.output.split()
    )
    assert not laptop.file.exists()


def test_a_machine_that_was_not_set_up_yet_is_told(laptop: Laptop) -> None:
    text = laptop.play()
    assert text.code != 0
    assert "playbooks/staging.yml" in text.output
    laptop.secrets(POSTGRES_PASSWORD="only-this")
    text = laptop.play()
    assert text.code != 0
    assert "REDIS_PASSWORD" in text.output
    assert "only-this" not in text.output
    assert not laptop.file.exists()


def test_a_containers_ports_and_secrets_come_along(laptop: Laptop) -> None:
    mail = {
        "kind": "container",
        "image": "x:1",
        "ports": {"smtp": 1025, "web": {"container": 80, "port": 8025}},
        "secrets": {"login": {}},
        "health": {"tcp": "smtp"},
        "url": "smtp://app:{secret.login}@{host}:{port}",
        "lines": {"MAIL_WEB_URL": "http://{host}:{port.web}"},
    }
    app = {"path": "apps/backend/.env.staging", "services": ["mail"], "audience": "tunnel"}
    laptop.stack.variables |= {"stack_services": {"mail": mail}, "env_files_apps": {"a": app}}
    laptop.stack.variables["schema_dir"] = ""
    laptop.secrets(OTHER="x")
    play = laptop.play()
    assert play.code != 0
    assert "The machine has no value for MAIL_LOGIN yet" in play.output
    laptop.secrets(MAIL_LOGIN="their-login")
    play = laptop.play("--diff")
    assert play.code == 0, play.output
    assert "their-login" not in play.output
    assert "-L 127.0.0.1:11025:127.0.0.1:1025 -L 127.0.0.1:18025:127.0.0.1:8025" in play.output
    assert dotenv.dotenv_values(laptop.file) == {
        "MAIL_URL": "smtp://app:their-login@127.0.0.1:11025",
        "MAIL_WEB_PORT": "18025",
        "MAIL_WEB_URL": "http://127.0.0.1:18025",
    }


def test_what_vouches_for_the_services_there_comes_along(laptop: Laptop) -> None:
    text = (ROOT / "tests/group_vars/all/stack.yml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["stack_services"]
    services["redis"] |= {"tls": True, "password": ""}
    laptop.stack.variables["stack_services"] = services
    laptop.secrets(**SECRETS)
    early = laptop.play()
    assert early.code != 0
    assert "ca.crt can't be read" in early.output
    assert not laptop.file.exists()

    (laptop.machine / "infra/ca.crt").write_text("the CA's certificate\n")
    play = laptop.play()
    assert play.code == 0, play.output
    here = laptop.home / f"infra/{MACHINE}.ca.crt"
    assert here.read_text() == "the CA's certificate\n"
    values = dotenv.dotenv_values(laptop.file)
    assert values["REDIS_URL"] == "rediss://:their-redis-password@127.0.0.1:16379/0"
    assert values["REDIS_CA_FILE"] == str(here)
    assert laptop.play().changed == 0
