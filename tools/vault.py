"""Makes the encrypted file with the passwords of the shared machines, or adds what it lacks.

`make vault` runs it. Passwords are made and encrypted in memory: none is shown, and none is ever on
the disk in plain text. `--new redis` gives that service another one, for playbooks/rotate.yml.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "library" / "module_utils"))

from ansible import constants as C  # noqa: E402
from ansible.errors import AnsibleError  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.parsing.vault import VaultLib, VaultSecret, get_file_vault_secret  # noqa: E402
from groundwork.config import with_passwords  # noqa: E402
from groundwork.env import new_secret  # noqa: E402
from groundwork.errors import GroundworkError  # noqa: E402
from groundwork.text import did_you_mean  # noqa: E402

SHORTEST = 12  # characters of the vault's own password


def main() -> int:
    """Make or complete the vault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", default="staging", help="whose passwords (staging)")
    parser.add_argument("--inventory", type=Path, default=ROOT / "inventory")
    parser.add_argument("--new", nargs="+", action="extend", default=[], metavar="SERVICE")
    options = parser.parse_args()
    path: Path = options.inventory / "group_vars" / options.group / "vault.yml"
    try:
        names, external, length = services(options.inventory, options.group)
        known = {*names, *names.values()}
        for name in options.new:
            if name not in known:
                raise GroundworkError(f"No service {name!r}.{did_you_mean(name, known)}")
        renew = [key for key, service in names.items() if {key, service} & {*options.new}]
        made = fill(path, list(names), renew, length)
    except (GroundworkError, AnsibleError, yaml.YAMLError) as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nNothing was changed.", file=sys.stderr)
        return 1
    print(f"{path}: " + (f"made {', '.join(made)}" if made else "every service has its password"))
    if external:
        print(f"Left to you, since they are external: {', '.join(external)}")
    print(f"Passwords aren't shown; `ansible-vault view {path}` does that.")
    return 0


class _Loader(yaml.SafeLoader):
    """Knows Ansible's own tags (`!unsafe`, `!vault`) for what they are on: texts."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: loader.construct_scalar(node))


def services(inventory: Path, group: str) -> tuple[dict[str, str], list[str], int]:
    """The passwords that Groundwork may choose, by their names here, each with its service; the
    external services; and the passwords' length."""
    found: dict[str, Any] = {}
    for file in (
        inventory / "group_vars/all/stack.yml",
        inventory / f"group_vars/{group}/main.yml",
    ):
        if file.exists():
            found |= yaml.load(file.read_text(encoding="utf-8"), _Loader) or {}  # noqa: S506
    names: dict[str, str] = {}
    for name, entry in found["stack_services"].items():
        if entry.get("kind") == "container":
            names |= {f"{name}_{secret}": name for secret in entry.get("secrets") or {}}
        elif not entry.get("external"):
            names |= dict.fromkeys((name, *_further(name, entry)), name)
    external = [name for name, entry in found["stack_services"].items() if entry.get("external")]
    return names, external, int(found.get("stack_password_length", 32))


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
