"""Makes the encrypted file with the passwords of the shared machines, or adds what it lacks.

`make vault` runs it. Passwords are made and encrypted in memory: none is shown, and none is ever on
the disk in plain text. `--new redis` gives that service another one, for playbooks/rotate.yml.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import shlex
import sys
import tempfile
from collections import ChainMap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
import yaml

ROOT = Path(__file__).resolve().parent.parent
ansible.module_utils.__path__.append(str(ROOT / "library" / "module_utils"))

from ansible import constants as C  # noqa: E402
from ansible.errors import AnsibleError  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.module_utils.groundwork.config import (  # noqa: E402
    BACKUP_KEY,
    layers,
    with_passwords,
    workspace,
)
from ansible.module_utils.groundwork.env import new_secret  # noqa: E402
from ansible.module_utils.groundwork.errors import GroundworkError  # noqa: E402
from ansible.module_utils.groundwork.text import did_you_mean  # noqa: E402
from ansible.module_utils.groundwork_workspace import named  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.parsing.vault import VaultLib, VaultSecret, get_file_vault_secret  # noqa: E402

SHORTEST = 12  # characters of the vault's own password


def main() -> int:
    """Make or complete the vault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", default="staging", help="whose passwords (staging)")
    parser.add_argument("--inventory", type=Path, default=ROOT / "inventory")
    parser.add_argument("--new", nargs="+", action="extend", default=[], metavar="SERVICE")
    options = parser.parse_args()
    try:
        directory = named(DataLoader(), options.inventory)
        path = options.inventory / "group_vars" / options.group / "vault.yml"
        if directory is not None:
            path = workspace.vault_file(directory, options.group)
        names, external, length = services(options.inventory, options.group, directory)
        known = {*names, *names.values()}
        if BACKUP_KEY in options.new:
            raise GroundworkError(
                "The backups' key can't be replaced: what was made with the old one would be lost.",
                next_step=f"For a new repository, type a new {BACKUP_KEY} (`ansible-vault edit "
                f"{path}`), name that place in backup_repository, and keep the old key.",
            )
        for name in options.new:
            if name not in known:
                raise GroundworkError(f"No service {name!r}.{did_you_mean(name, known)}")
        renew = [key for key, service in names.items() if {key, service} & {*options.new}]
        made = fill(path, [*names, BACKUP_KEY], renew, length)
    except (GroundworkError, AnsibleError) as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nNothing was changed.", file=sys.stderr)
        return 1
    print(f"{path}: " + (f"made {', '.join(made)}" if made else "every service has its password"))
    if external:
        print(f"Left to you, since they are external: {', '.join(external)}")
    print(f"Passwords aren't shown; `ansible-vault view {shlex.quote(str(path))}` does that.")
    return 0


class _Loader(yaml.SafeLoader):
    """Knows Ansible's own tags (`!unsafe`, `!vault`) for what they are on: texts."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: loader.construct_scalar(node))


def services(
    inventory: Path, group: str, directory: Path | None
) -> tuple[dict[str, str], list[str], int]:
    """The passwords that Groundwork may choose, by their names here, each with its service; the
    external services; and the passwords' length. `directory` is the workspace, where there is one.
    """
    found = list(variables(inventory, group, directory))
    entries = layers.effective_services(found) or {}
    names: dict[str, str] = {}
    for name, entry in entries.items():
        if entry.get("kind") == "container":
            names |= {f"{name}_{secret}": name for secret in entry.get("secrets") or {}}
        elif not entry.get("external"):
            names |= dict.fromkeys((name, *_further(name, entry)), name)
    external = [name for name, entry in entries.items() if entry.get("external")]
    length = ChainMap(*map(dict, reversed(found))).get("stack_password_length", 32)
    return names, external, int(length)


def variables(inventory: Path, group: str, directory: Path | None) -> Iterator[Mapping[str, Any]]:
    """What is written for a group and those above it, the weakest first; nothing encrypted."""
    above = groups_above(inventory, group)
    if directory is not None:
        workspace.check_workspace(directory, {*above, group, *known_groups(inventory)})
    for name in (*above, group):
        variables = inventory / "group_vars"
        files = [variables / f"{name}.yml", *sorted((variables / name).glob("*.yml"))]
        for file in files:
            yield read(file)
        if directory is None:
            continue
        for file in workspace.workspace_files(directory, name):
            worked_out = workspace.of_workspace if name == "all" else workspace.of_group
            yield worked_out(read(file), file, str) if file.exists() else {}


def read(file: Path) -> Any:
    """A file's variables; none where it isn't there, or is encrypted."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if text.startswith("$ANSIBLE_VAULT;"):
        return {}
    try:
        return yaml.load(text, _Loader) or {}  # noqa: S506
    except yaml.YAMLError as error:
        raise GroundworkError(
            f"The file is no valid YAML: {error}", where=str(file), next_step="Correct it."
        ) from None


def groups_above(inventory: Path, group: str) -> list[str]:
    """The groups that a group is below, the outermost first."""
    known = known_groups(inventory)
    if group not in known:
        raise GroundworkError(
            f"There is no group {group!r} in the inventory.{did_you_mean(group, known)}",
            where=str(inventory / "hosts.yml"),
            next_step="Name one of them, or add it below staging (docs/staging.md).",
        )
    above = sorted(known[group].get_ancestors(), key=lambda each: (each.depth, each.name))
    return [each.name for each in above]


def known_groups(inventory: Path) -> dict[str, Any]:
    """The inventory's groups by name."""
    groups: dict[str, Any] = InventoryManager(DataLoader(), str(inventory)).groups
    return groups


def _further(name: str, entry: dict[str, Any]) -> list[str]:
    """The names of a PostgreSQL's further passwords; the superuser's where it is to be here."""
    databases, roles = entry.get("databases"), entry.get("roles") or {}
    options = databases.values() if isinstance(databases, dict) else ()
    owners = [option["owner"] for option in options if option and option.get("owner")]
    found = [*roles, *(owner for owner in owners if owner != entry.get("user", "app"))]
    found += ["superuser"] if "superuser_password" in entry else []
    return [f"{name}_{role}" for role in dict.fromkeys(found)]


def fill(path: Path, names: list[str], renew: list[str], length: int) -> list[str]:
    """Give each service its password; returns the names of those that were made."""
    encrypted = path.read_bytes() if path.exists() else b""
    if encrypted and not encrypted.startswith(b"$ANSIBLE_VAULT;"):
        raise GroundworkError(
            f"{path} is not encrypted; it was left alone.",
            next_step=f"Encrypt it with `ansible-vault encrypt {path}`, then run again.",
        )
    vault = VaultLib([("default", password(new=not encrypted))])
    text = vault.decrypt(encrypted).decode() if encrypted else ""
    text, made = with_passwords(text, names, renew, lambda: new_secret(length))
    if made:
        write(path, vault.encrypt(text))
    return made


def password(new: bool) -> VaultSecret:
    """The vault's own password: from the file that Ansible reads it from, or asked for."""
    file = C.config.get_config_value("DEFAULT_VAULT_PASSWORD_FILE")
    if file:
        secret = get_file_vault_secret(filename=file, loader=DataLoader())
        secret.load()
        text = secret.bytes.decode()
    elif sys.stdin.isatty():
        text = getpass.getpass("Password of the vault: ")
        if new and text != getpass.getpass("Once more: "):
            raise GroundworkError("The two differ. Nothing was changed.")
    else:
        raise GroundworkError(
            "There is nobody to ask for the vault's password.",
            next_step="Name a file that holds it in ANSIBLE_VAULT_PASSWORD_FILE.",
        )
    if new and len(text) < SHORTEST:
        raise GroundworkError(
            f"The vault's own password needs {SHORTEST} characters at least: who has the file has "
            "all the time in the world to guess it."
        )
    return VaultSecret(text.encode())


def write(path: Path, encrypted: bytes) -> None:
    """Write the file in one step: a temporary one beside it, renamed over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".vault.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(encrypted)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


if __name__ == "__main__":
    sys.exit(main())
