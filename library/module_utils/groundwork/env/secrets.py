"""The stack's secrets: the inventory's, those that are kept in infra/.env, or new ones."""

from __future__ import annotations

import secrets as random_source
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from ..config import unwritable
from ..dotenv import PLACEHOLDER
from ..errors import GroundworkError
from ..services import Service, service_type

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

    New ones have `length` URL-safe characters. The services in `rotate` get one whatever is kept,
    unless the inventory gives theirs. A kept one that its kind can't take, or that the
    readers of env files would read differently, is a GroundworkError that names it.
    """
    values: dict[str, str] = {}
    made: list[str] = []
    for variable, service in [(SALT_VARIABLE, None), *secret_variables(services)]:
        given = service.password if service else ""  # always there where it is external
        old = "" if service and service.name in rotate else kept.get(variable, "")
        value = given or old.replace(PLACEHOLDER, "")
        if not value:
            value = new_secret(length)
            made.append(variable)
        if why := unwritable(value) or (
            service_type(service).check_secret(value) if service else ""
        ):
            raise GroundworkError(
                f"The secret {variable} can't be used: {why}.",
                where="infra/.env",
                next_step=f"Give {variable} another value, or delete its line to get a new one.",
            )
        values[variable] = value
    return Secrets(values, tuple(made))


def unlike_kept(services: Iterable[Service], kept: Mapping[str, str]) -> list[str]:
    """The services to which the inventory gives another secret than `kept` has of them.

    What somebody else ran until now has no image there: that secret was theirs.
    """
    return [
        service.name
        for variable, service in secret_variables(services)
        if service.password and f"{service.prefix}_IMAGE" in kept
        if kept.get(variable, "").replace(PLACEHOLDER, "") not in ("", service.password)
    ]


def secret_variables(services: Iterable[Service]) -> list[tuple[str, Service]]:
    """The variable of each service's secret."""
    return [(service_type(service).secret_variable(service), service) for service in services]


def new_secret(length: int) -> str:
    """`length` random characters that no URL, shell or env file treats specially."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(random_source.choice(alphabet) for _ in range(length))


def placeholders(services: Iterable[Service]) -> dict[str, str]:
    """What stands for the secrets in the committed examples."""
    return dict.fromkeys((SALT_VARIABLE, *dict(secret_variables(services))), PLACEHOLDER)
