"""The stack's secrets: the inventory's, those that are kept in infra/.env, or new ones."""

from __future__ import annotations

import secrets as random_source
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..config import unwritable
from ..dotenv import PLACEHOLDER
from ..errors import GroundworkError
from ..services import Secret, Service, secrets_of, service_type

SALT_VARIABLE = "STACK_CHECKSUM_SALT"


@dataclass(frozen=True)
class Secrets:
    """The stack's secrets: all `values` by variable; `made` are those that are new."""

    values: Mapping[str, str] = field(repr=False)
    made: tuple[str, ...]


def resolve_secrets(
    services: Iterable[Service],
    kept: Mapping[str, str],
    length: int,
    rotate: Container[str] = (),
) -> Secrets:
    """Each secret from the inventory, else from `kept` (the file's own lines), else a new one.

    New ones have `length` URL-safe characters. Those that `rotate` renews (see `renewed`) are made
    anew whatever is kept, unless the inventory gives them. A kept one that its kind can't
    take, or that the readers of env files would read differently, is a GroundworkError that names
    it.
    """
    values: dict[str, str] = {}
    made: list[str] = []
    services = list(services)
    anew = renewed(services, kept, rotate)
    for variable, secret in [(SALT_VARIABLE, None), *named_secrets(services)]:
        given = secret.given if secret else ""  # always there where it is external
        old = "" if variable in anew else kept.get(variable, "")
        value = given or old.replace(PLACEHOLDER, "")
        if not value:
            value = new_secret(length)
            made.append(variable)
        if why := unwritable(value) or (
            service_type(secret.service).check_secret(value) if secret else ""
        ):
            raise GroundworkError(
                f"The secret {variable} can't be used: {why}.",
                where="infra/.env",
                next_step=f"Give {variable} another value, or delete its line to get a new one.",
            )
        values[variable] = value
    return Secrets(values, tuple(made))


def renewed(
    services: Iterable[Service], kept: Mapping[str, str], rotate: Container[str]
) -> set[str]:
    """The variables of the secrets that `rotate` names, by themselves or with their service.

    A superuser's goes with its service's password: where the inventory gives that one and still
    gives the old one, it is renewed by its own name alone.
    """
    found: set[str] = set()
    for service in services:
        asked = [each for each in secrets_of(service) if each.is_in(rotate)]
        own = secrets_of(service)[:1]
        same = all(each.given and each.given == kept.get(each.variable) for each in own)
        found |= {
            each.variable
            for each in asked
            if each.login in rotate or not (same and _is_superuser(each))
        }
    return found


def _is_superuser(secret: Secret) -> bool:
    return bool(secret.role) and secret.role == secret.service.objects.superuser


def unlike_kept(services: Iterable[Service], kept: Mapping[str, str]) -> list[str]:
    """The secrets, by name, of which the inventory gives another than `kept` has.

    What somebody else ran until now has no image there: that secret was theirs.
    """
    return [
        secret.name
        for variable, secret in named_secrets(services)
        if secret.given and f"{secret.service.prefix}_IMAGE" in kept
        if kept.get(variable, "").replace(PLACEHOLDER, "") not in ("", secret.given)
    ]


def as_made(service: Service, kept: Mapping[str, str]) -> Service:
    """Its volume's superuser is its user, where infra/.env is from before there was another."""
    before = f"{service.prefix}_IMAGE" in kept
    if not before or f"{service.prefix}_SUPERUSER" in kept:
        return service
    return replace(service, objects=replace(service.objects, superuser=""))


def known_values(service: Service, kept: Mapping[str, str]) -> dict[str, str]:
    """A service's secrets by variable, the inventory's before those of infra/.env."""
    return {
        each.variable: each.given or kept.get(each.variable, "") for each in secrets_of(service)
    }


def named_secrets(services: Iterable[Service]) -> list[tuple[str, Secret]]:
    """The secrets of all services, each with its variable."""
    return [(each.variable, each) for service in services for each in secrets_of(service)]


def new_secret(length: int) -> str:
    """`length` random characters that no URL, shell or env file treats specially."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(random_source.choice(alphabet) for _ in range(length))


def placeholders(services: Iterable[Service]) -> dict[str, str]:
    """What stands for the secrets in the committed examples."""
    return dict.fromkeys((SALT_VARIABLE, *dict(named_secrets(services))), PLACEHOLDER)
