"""What a password has to be where other people can reach a service: rules without a guess.

On a developer's own machine Groundwork makes the passwords and listens on loopback. A shared
machine gets them from an encrypted file, and what a person types there is checked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..dotenv import PLACEHOLDER
from ..errors import GroundworkError
from ..services import Secret, Service, secrets_of
from ..text import did_you_mean

MINIMUM = 16  # characters
DIFFERENT = 8  # different characters among them
VARIABLE = "vault_passwords"
BACKUP_KEY = "backup_key"  # its name there: what the backups are encrypted with

# What people put where a password is asked for. A password is no better for several of them in a
# row, so they are cut out, and the rest has to be a password by itself.
_DEFAULTS = (
    *("password", "passwort", "passwd", "passphrase", "pass", "changeme", "change", "please"),
    *("secret", "default", "example", "placeholder", "insecure", "dummy", "todo", "replace"),
    *("postgresql", "postgres", "qdrant", "redis", "database", "groundwork", "staging"),
    *("admin", "administrator", "root", "user", "test", "demo", "dev", "local", "letmein"),
    *("welcome", "master", "qwertyuiop", "qwerty", "asdfghjkl", "iloveyou", "abcdefgh", "abcdef"),
    *("1234567890", "0123456789", "123456789", "12345678", "123456", "12345", "1234", "123"),
)
_LEET = str.maketrans("013457@$!", "oieastasi")


def problems(
    services: Iterable[Service], given: Any = None, variable: str = "stack_services"
) -> list[str]:
    """A sentence for each password that a shared machine must not have; none shows a password.

    `given` is the inventory's `vault_passwords`, looked at for names that are no service's.
    """
    found: list[str] = []
    seen: dict[str, str] = {}
    services = list(services)
    for service in services:
        for secret in _asked(service):
            where = secret.where
            why = weakness(secret.given, (service.name, *service.options.values()))
            if why:
                found.append(f"{where} {why}.")
            elif secret.given in seen:
                found.append(f"{where} is the same as {seen[secret.given]}.")
            seen.setdefault(secret.given, where)
    secrets = [secret for service in services for secret in _asked(service)]
    missing = [secret.vault for secret in secrets if not secret.given]
    if isinstance(given, Mapping):
        names = [each.vault for service in services for each in secrets_of(service)]
        names.append(BACKUP_KEY)
        # Only where one is missing, which this one may be meant for: who takes a service out of the
        # inventory may keep its password in the vault.
        found += [
            f"{VARIABLE}.{name}: there is no such service.{did_you_mean(str(name), missing)}"
            for name in given
            if missing and str(name) not in names
        ]
    elif given is not None:
        found.append(f"{VARIABLE} must be a dictionary: a service's name, its password.")
    return found


def _asked(service: Service) -> list[Secret]:
    """Those that the inventory has to give. A superuser's, which no person and no app needs, may be
    made on the machine."""
    superuser = service.objects.superuser
    return [
        each
        for each in secrets_of(service)
        if each.given or each.role != superuser or not superuser
    ]


def weakness(secret: str, own_words: Iterable[str] = ()) -> str:
    """Why `secret` is no password, as the end of a sentence, or `""`.

    `own_words`: what else is easily guessed here (the names of service, user and database).
    """
    if not secret:
        return "is missing"
    if PLACEHOLDER in secret or _left(secret, own_words) < MINIMUM // 2:
        return "looks like a default, which is the first that others try"
    if len(secret) < MINIMUM:
        return f"is too short: {MINIMUM} characters are the least"
    if len(set(secret)) < DIFFERENT:
        return f"repeats itself: {DIFFERENT} different characters are the least"
    return ""


def _left(secret: str, own_words: Iterable[str]) -> int:
    """How many letters and digits are left without the words that everybody knows."""
    words = sorted({*_DEFAULTS, *(word.lower() for word in own_words)}, key=len, reverse=True)
    known = re.compile("|".join(re.escape(word) for word in words if len(word) > 2))
    return min(
        len(re.sub(r"[\W_]", "", known.sub("", text)))
        for text in (secret.lower(), secret.lower().translate(_LEET))
    )


def check_backup(key: str) -> None:
    """Raise GroundworkError where backups are to be made, and their key is none."""
    if why := weakness(key):
        raise GroundworkError(
            f"Backups can't be made: backup_key {why}. Nothing was changed.",
            where=f"{VARIABLE}.{BACKUP_KEY} in the group's vault.yml",
            next_step="`make vault` makes one. Keep a copy of it elsewhere: without it no backup "
            "can be read.",
        )


def check(services: Iterable[Service], given: Any = None) -> None:
    """Raise GroundworkError that names each password which a shared machine must not have."""
    if found := problems(services, given):
        raise GroundworkError(
            "The passwords of this shared machine can't be used; nothing was changed.",
            where="the group's vault.yml in inventory/group_vars, or the workspace's "
            "groundwork.GROUP.vault.yml",
            details=found,
            next_step="`make vault` makes good ones where they are missing; "
            "docs/passwords.md says how to change one.",
        )
