"""An app's own repository: its stack stands there, and the checkout stays as git has it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.groundwork import dotenv

from .stack import ROOT, Play, Stack, slot_name, slot_port

TREE = "db/migrations"
REVISION = """
revision = "aa11"
down_revision = None


def upgrade() -> None:
    from alembic import op

    op.execute("CREATE TABLE baskets (id int)")


def downgrade() -> None:
    pass
"""


def git(directory: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Shop:
    """A repository with a groundwork.yml, and a clone of this checkout that never changes."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "my shop"
        self.checkout = directory / "ground work"
        self.name, self.port = slot_name("groundwork-shop"), slot_port(15632)
        (self.path / TREE / "versions").mkdir(parents=True)
        (self.path / TREE / "env.py").write_text((ROOT / "alembic/env.py").read_text())
        (self.path / TREE / "versions/2026_01_01-aa11_baskets.py").write_text(REVISION)
        (self.path / ".gitignore").write_text(".env\n")
        self.write()
        git(directory, "init", "--quiet", str(self.path))
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--message", "The shop")
        self._clone()

    def write(self, **more: object) -> None:
        redis = {"kind": "redis", "image": "redis:7-alpine", "port": self.port + 1}
        postgres = {"kind": "postgres", "image": "postgres:16-alpine", "port": self.port}
        variables = {
            "stack_name": self.name,
            "stack_services": {
                "postgres": {**postgres, "url_variable": "DATABASE_URL"},
                "redis": redis,
            },
            "env_files_apps": {"api": {"path": "backend/.env", "services": ["postgres", "redis"]}},
            "schema_dir": TREE,
        }
        text = yaml.safe_dump(variables | more)
        (self.path / "groundwork.yml").write_text(text, encoding="utf-8")

    def _clone(self) -> None:
        """What is in the working tree, as somebody else would have it from git."""
        listed = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
        found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True)
        names = found.stdout.split("\0") if found.returncode == 0 else []
        # The ordinary user's copy is no repository
        kept = [name for name in names if name] or [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if path.is_file() and not {".venv", ".cache", "__pycache__"} & {*path.parts}
        ]
        for name in kept:
            if (ROOT / name).is_file():
                (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.checkout / name)  # its mode is part of a recipe
        git(self.checkout.parent, "init", "--quiet", str(self.checkout))
        git(self.checkout, "add", "--all")
        git(self.checkout, "commit", "--quiet", "--message", "All")

    def play(self, playbook: str, *arguments: str, workspace: bool = True) -> Play:
        given = {"GROUNDWORK_WORKSPACE": "../my shop"} if workspace else {}
        done = subprocess.run(
            [str(ROOT / ".venv/bin/ansible-playbook"), f"playbooks/{playbook}.yml", *arguments],
            cwd=self.checkout,
            env=os.environ | {"NO_COLOR": "1"} | given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        return Play(done.returncode, done.stdout)

    def run(self, playbook: str, *arguments: str, workspace: bool = True) -> Play:
        play = self.play(playbook, *arguments, workspace=workspace)
        assert play.code == 0, play.output
        return play

    def is_clean(self) -> bool:
        """Neither repository has anything to commit."""
        return not git(self.checkout, "status", "--porcelain") + git(
            self.path, "status", "--porcelain"
        )


@pytest.fixture
def shop(stack: Stack, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.write()
    shop.run("down", "-e", f"stack_remove_data={shop.name}")


def test_every_days_playbooks_leave_both_repositories_clean(shop: Shop) -> None:
    assert shop.is_clean()
    first = shop.run("dev")
    assert f"── {shop.name} on localhost" in first.output
    assert shop.is_clean(), git(shop.checkout, "status") + git(shop.path, "status")
    env = dotenv.parse((shop.path / "backend/.env").read_text())
    assert f"127.0.0.1:{shop.port}/" in env["DATABASE_URL"]
    assert {path.name for path in shop.path.iterdir()} == {
        *(".git", ".gitignore", "backend", "db", "groundwork.yml", "infra"),
    }
    assert shop.run("dev").idle
    assert "aa11" in shop.run("status").output
    shop.run("rotate", "-e", "stack_rotate=redis")
    assert dotenv.parse((shop.path / "backend/.env").read_text())["REDIS_URL"] != env["REDIS_URL"]
    shop.run("down")
    assert shop.is_clean()


def test_alembic_by_hand_works_in_the_repository(shop: Shop) -> None:
    shop.run("dev")
    url = dotenv.parse((shop.path / "backend/.env").read_text())["DATABASE_URL"]
    ini = (ROOT / "alembic.ini").read_text().replace("%(here)s/alembic", f"%(here)s/{TREE}")
    (shop.path / "alembic.ini").write_text(ini)
    done = subprocess.run(
        [str(ROOT / ".venv/bin/alembic"), "current"],
        cwd=shop.path,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "aa11 (head)" in done.stdout, done.stderr


def test_a_local_file_remembers_the_workspace_and_changes_one_port(shop: Shop) -> None:
    local = shop.checkout / "inventory/group_vars/dev/local.yml"
    port = shop.port + 7
    local.write_text(
        f"workspace: ../my shop\nstack_services_changes: {{postgres: {{port: {port}}}}}\n"
    )
    shop.run("dev", workspace=False)
    env = dotenv.parse((shop.path / "backend/.env").read_text())
    assert f"127.0.0.1:{port}/" in env["DATABASE_URL"]
    assert f"127.0.0.1:{shop.port + 1}" in env["REDIS_URL"]
    assert shop.is_clean()
    assert shop.run("dev", workspace=False).idle


def test_two_repositories_with_one_name_or_one_port_are_refused(shop: Shop, tmp_path: Path) -> None:
    shop.run("dev", "--skip-tags", "schema")
    second = tmp_path / "second"
    second.mkdir()
    text = (shop.path / "groundwork.yml").read_text().replace(TREE, "''")
    (second / "groundwork.yml").write_text(text)
    named = shop.play("dev", "-e", "workspace=../second")
    assert named.code == 2
    assert str(shop.path) in named.output, "whose stack it is"
    (second / "groundwork.yml").write_text(text.replace(shop.name, f"{shop.name}-2"))
    ports = shop.play("dev", "-e", "workspace=../second")
    assert ports.code == 2
    assert str(shop.port) in ports.output
    assert shop.name in ports.output, "which container has it"
    assert not list(second.glob("infra/docker-compose.yml"))


def test_a_tag_runs_its_part_alone(shop: Shop) -> None:
    shop.run("dev", "--skip-tags", "schema,env_files")
    assert not (shop.path / "backend/.env").exists()
    only = shop.run("dev", "--tags", "schema")
    assert "aa11" in only.output
    assert "Env files: left out" in only.output
    assert not (shop.path / "backend/.env").exists()
    assert shop.run("dev").changed == 1
