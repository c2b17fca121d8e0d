"""tools/vault.py: makes a vault that Ansible reads, adds to it, never shows a password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

ROOT = Path(__file__).resolve().parents[3]
KEY = "correct horse battery"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    directory = tmp_path / "in ventory"
    (directory / "group_vars/all").mkdir(parents=True)
    stack = ROOT / "tests/group_vars/all/stack.yml"
    (directory / "group_vars/all/stack.yml").write_text(stack.read_text())
    (tmp_path / "key").write_text(f"{KEY}\n")
    (directory / "hosts.yml").write_text("all: {children: {staging: {children: {qa: {}}}}}")
    return directory


def run(inventory: Path, *arguments: str, key: str = "key") -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    if key:
        env["ANSIBLE_VAULT_PASSWORD_FILE"] = str(inventory.with_name(key))
    return subprocess.run(
        [sys.executable, "tools/vault.py", "--inventory", str(inventory), *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def vault(inventory: Path) -> dict[str, Any]:
    return decrypted(inventory / "group_vars/staging/vault.yml")


def decrypted(file: Path) -> dict[str, Any]:
    data = file.read_bytes()
    plain = VaultLib([("default", VaultSecret(KEY.encode()))]).decrypt(data)
    found: dict[str, Any] = yaml.safe_load(plain)["vault_passwords"]
    return found


def everything(inventory: Path) -> str:
    return "".join(p.read_text() for p in inventory.parent.rglob("*") if p.is_file())


def test_the_tool_makes_completes_and_renews(inventory: Path) -> None:
    first = run(inventory)
    assert first.returncode == 0, first.stderr
    made = vault(inventory)
    assert set(made) == {"postgres", "qdrant", "redis", "backup_key"}
    assert len(set(made.values())) == 4
    assert {len(value) for value in made.values()} == {32}
    file = inventory / "group_vars/staging/vault.yml"
    before = file.read_bytes()
    assert run(inventory).returncode == 0
    assert file.read_bytes() == before, "nothing was missing, but the file changed"
    second = run(inventory, "--new", "redis")
    assert second.returncode == 0, second.stderr
    after = vault(inventory)
    assert after["redis"] != made["redis"]
    assert (after["postgres"], after["qdrant"]) == (made["postgres"], made["qdrant"])
    for text in (first.stdout, first.stderr, second.stdout, second.stderr, everything(inventory)):
        assert not [value for value in [*made.values(), *after.values()] if value in text]
    assert [path.name for path in file.parent.iterdir()] == ["vault.yml"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_external_services_are_left_to_a_person_and_ansibles_tags_are_read(
    inventory: Path,
) -> None:
    stack = inventory / "group_vars/all/stack.yml"
    more = """
  warehouse: {kind: postgres, external: true, host: db.example.com, password: "{{ x }}"}
  cache: {kind: redis, image: "redis:7-alpine", port: 6380, password: !unsafe "a{{b"}
"""
    text = stack.read_text().replace("\nstack_services:\n", f"\nstack_services:{more}", 1)
    stack.write_text(text)
    done = run(inventory)
    assert done.returncode == 0, done.stderr
    assert "they are external: warehouse" in done.stdout
    assert set(vault(inventory)) == {"postgres", "qdrant", "redis", "cache", "backup_key"}
    text = stack.read_text()
    more = """
  mail: {kind: container, image: "x:1", secrets: {login: X_FILE, relay: {plain_variable: Y}}}
  proxy: {kind: container, image: "x:1"}
"""
    stack.write_text(text.replace("\nstack_services:\n", f"\nstack_services:{more}", 1))
    assert run(inventory).returncode == 0
    before = vault(inventory)
    assert {"mail_login", "mail_relay"} <= set(before)
    assert "mail" not in before and "proxy" not in before
    assert run(inventory, "--new", "mail", "--new", "redis").returncode == 0
    renewed = {name for name, value in vault(inventory).items() if value != before[name]}
    assert renewed == {"mail_login", "mail_relay", "redis"}
    assert run(inventory, "--new", "mail_login").returncode == 0
    stack.write_text("stack_services: {")
    done = run(inventory)
    assert "Traceback" not in done.stderr
    assert f"Where: {stack}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "key", "words"),
    [
        ((), "", "ANSIBLE_VAULT_PASSWORD_FILE"),
        (("--new", "redsi"), "key", "Did you mean 'redis'?"),
        (("--new", "backup_key"), "key", "keep the old key"),
        (("--group", "stagin"), "key", "Did you mean 'staging'?"),
        ((), "short", "12 characters"),
        ((), "nowhere", "nowhere"),
    ],
)
def test_what_the_tool_refuses(
    inventory: Path, arguments: tuple[str, ...], key: str, words: str
) -> None:
    inventory.with_name("short").write_text("x")
    done = run(inventory, *arguments, key=key)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (inventory / "group_vars/staging/vault.yml").exists()


def test_a_wrong_key_and_a_plain_file_leave_everything_as_it_is(inventory: Path) -> None:
    assert run(inventory).returncode == 0
    file = inventory / "group_vars/staging/vault.yml"
    before = file.read_bytes()
    inventory.with_name("wrong").write_text("another long password\n")
    done = run(inventory, "--new", "redis", key="wrong")
    assert (done.returncode, file.read_bytes()) == (1, before)
    assert "Traceback" not in done.stderr
    file.write_text("vault_passwords: {redis: mine}\n")
    done = run(inventory)
    assert done.returncode == 1
    assert "not encrypted" in done.stderr
    assert file.read_text() == "vault_passwords: {redis: mine}\n"


def test_a_databases_roles_have_passwords_of_their_own(inventory: Path) -> None:
    file = inventory / "group_vars/all/stack.yml"
    stack = yaml.safe_load(file.read_text())
    stack["stack_services"]["postgres"] |= {
        "superuser_password": "",
        "databases": {"reports": None, "bills": {"owner": "billing"}, "own": {"owner": "app"}},
        "roles": {"reader": {"access": "read"}},
    }
    file.write_text(yaml.safe_dump(stack))
    assert run(inventory).returncode == 0
    roles = {"postgres_reader", "postgres_billing", "postgres_superuser"}
    before = vault(inventory)
    assert set(before) == {"postgres", "qdrant", "redis", "backup_key"} | roles
    assert run(inventory, "--new", "postgres_reader").returncode == 0
    after = vault(inventory)
    assert {name for name in after if after[name] != before[name]} == {"postgres_reader"}


def test_a_group_below_staging_has_the_services_of_those_above_and_a_vault_of_its_own(
    inventory: Path,
) -> None:
    variables = inventory / "group_vars"
    for group in ("staging", "qa"):
        (variables / group).mkdir()
    cache = "{kind: redis, image: 'redis:7-alpine', port: 1}"
    (variables / "staging/main.yml").write_text(f"stack_services: {{cache: {cache}}}")
    (variables / "qa/more.yml").write_text(f"stack_services_changes: {{queue: {cache}}}")
    assert run(inventory).returncode == 0
    done = run(inventory, "--group", "qa")
    assert done.returncode == 0, done.stderr
    assert set(vault(inventory)) == {"cache", "backup_key"}
    assert set(decrypted(variables / "qa/vault.yml")) == {"cache", "queue", "backup_key"}


def test_a_workspace_has_its_own_vaults(
    inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "my shop"
    monkeypatch.setenv("GROUNDWORK_WORKSPACE", str(shop))
    assert "There is no directory" in run(inventory).stderr
    shop.mkdir()
    (shop / "groundwork.yml").write_text(
        "stack_name: shop\nstack_password_length: 40\n"
        "stack_services: {cache: {kind: redis, image: 'redis:7-alpine', port: 1}}"
    )
    done = run(inventory)
    assert done.returncode == 0, done.stderr
    made = decrypted(shop / "groundwork.staging.vault.yml")
    assert list(made) == ["cache", "backup_key"]
    assert len(made["cache"]) == 40
    assert f"'{shop}/groundwork.staging.vault.yml'" in done.stdout, "to be copied into a shell"
    assert not (inventory / "group_vars/staging").exists()
    again = run(inventory, "--new", "cache")
    assert again.returncode == 0, again.stderr
    assert decrypted(shop / "groundwork.staging.vault.yml") != made
