"""Playbooks on an inventory that is encrypted: without its password, with another, damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from ansible.module_utils.groundwork_errors import known
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

ROOT = Path(__file__).resolve().parents[3]
RIGHT, OTHER = (("default", VaultSecret(text)) for text in (b"the right one", b"another"))
ENCRYPTED = VaultLib([RIGHT]).encrypt("vault_passwords: {redis: abcdefghijklmnop}\n").decode()
VALUE = VaultLib([RIGHT]).encrypt("abcdefghijklmnop").decode()


@pytest.mark.parametrize(
    ("given", "change", "said", "advice"),
    [
        ([], str, "no password was given", "-J behind it"),
        ([OTHER], str, "another password than the one", "the right one"),
        ([RIGHT], lambda text: text.replace("\n", "\nzz", 1), "and damaged", "from git"),
    ],
)
def test_a_file_that_cant_be_decrypted_is_named(
    tmp_path: Path, given: list[object], change: Callable[[str], str], said: str, advice: str
) -> None:
    file = tmp_path / "my vault.yml"
    file.write_text(change(ENCRYPTED), encoding="utf-8")
    loader = DataLoader()
    loader.set_vault_secrets(given)  # type: ignore[arg-type]
    with pytest.raises(AnsibleError) as caught:
        loader.load_from_file(str(file))
    found = known(caught.value)
    assert found and said in found.what and advice in found.next_step
    assert found.where == str(file)


def test_other_errors_are_left_to_ansible() -> None:
    assert known(AnsibleError("no vault secrets found")) is None


@pytest.mark.parametrize(
    ("playbook", "text"),
    [
        ("staging", ENCRYPTED),
        ("status", "vault_passwords:\n  redis: !vault |\n    " + VALUE.replace("\n", "\n    ")),
    ],
    ids=["a file", "a value"],
)
def test_a_playbook_says_which_file_and_what_to_type(
    tmp_path: Path, playbook: str, text: str
) -> None:
    variables = tmp_path / "group_vars" / "staging"
    variables.mkdir(parents=True)
    (tmp_path / "group_vars" / "all").symlink_to(ROOT / "tests" / "group_vars" / "all")
    (variables / "main.yml").symlink_to(ROOT / "inventory" / "group_vars" / "staging" / "main.yml")
    (variables / "vault.yml").write_text(text, encoding="utf-8")
    hosts = {"staging": {"hosts": {"vm": None}}}
    (tmp_path / "hosts.yml").write_text(json.dumps(hosts), encoding="utf-8")
    own = {name: text for name, text in os.environ.items() if "VAULT" not in name}
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-playbook"), "-i", tmp_path / "hosts.yml"),
            *(ROOT / "playbooks" / f"{playbook}.yml", "-e", "target=staging"),
        ],
        env=own | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode, said
    assert "is encrypted, and no password was given for it." in said
    assert f"Where: {variables / 'vault.yml'}" in said
    assert "with -J behind it" in said and "Traceback" not in said
