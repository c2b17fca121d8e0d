"""Asks one service once: whom, with which secret, and what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import GroundworkError
from ..records import Record
from ..services import Chosen, Endpoint, ProbeError, Service, endpoint, secrets_of, service_type
from ..text import masked


@dataclass(frozen=True)
class ServiceHealth(Record):
    """How a service was when it was last asked.

    `seconds` count from the start of the wait, `tries` from 1. `refused`: the service said no to
    what it was asked with; `permanent`: for so long that asking again won't help.
    `hosts`: how each is of one that has several; `address` is then that of the one that takes
    writes.
    """

    name: str
    kind: str
    address: str
    healthy: bool = False
    seconds: float = 0.0
    tries: int = 0
    version: str = ""
    last_error: str = ""
    code: str = ""
    refused: bool = False
    permanent: bool = False
    hosts: tuple[str, ...] = ()

    def public(self) -> dict[str, Any]:
        """What the module returns of it."""
        hidden = ("code", "refused", "permanent")
        return {key: value for key, value in self.to_dict().items() if key not in hidden}


@dataclass(frozen=True)
class HealthResult(Record):
    """The module's result; `finished`: what was made up for of first starts cut short."""

    services: tuple[ServiceHealth, ...] = ()
    finished: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """A service, where to ask it, and with which secret (`""`: without one).

    `hidden` are its other secrets, which its container's log may show.
    """

    service: Service
    endpoint: Endpoint
    secret: str = field(default="", repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    @property
    def ready(self) -> bool:
        """Whether all is known that it is asked with."""
        return bool(self.secret or not service_type(self.service).secret_suffix)

    @property
    def by_engine(self) -> bool:
        """Whether its container's health check alone says that it is well."""
        return service_type(self.service).engine_decides(self.service)

    def unasked(self) -> ServiceHealth:
        """Its result before the first answer."""
        return ServiceHealth(self.name, self.service.kind, str(self.endpoint))


# Asks a target within some seconds; returns the server's version or raises ProbeError.
Probe = Callable[[Target, float], str]


def by_kind(target: Target, timeout: float) -> str:
    """The probe of the target's type."""
    probe = service_type(target.service).probe
    return probe(target.service, target.endpoint, target.secret, timeout)


def choose(target: Target, timeout: float) -> Chosen:
    """Which of its several hosts takes writes. Raises ProbeError where none does."""
    find = service_type(target.service).choose
    if not target.endpoint.others or find is None:
        return Chosen(target.endpoint)
    return find(target.service, target.endpoint, target.secret, timeout)


def attempt(target: Target, probe: Probe, timeout: float) -> ServiceHealth:
    """One try, bounded by the probe's own `timeout` (seconds). Never raises."""
    result = replace(target.unasked(), tries=1)
    try:
        if target.endpoint.others:
            began = time.monotonic()
            chosen = choose(target, timeout)
            target = replace(target, endpoint=chosen.endpoint)
            result = replace(result, address=str(chosen.endpoint), hosts=chosen.hosts)
            timeout = max(0.5, timeout - (time.monotonic() - began))
        return replace(result, healthy=True, version=probe(target, timeout))
    except ProbeError as error:
        told = masked(str(error), [target.secret])
        return replace(result, last_error=told, code=error.code, refused=error.permanent)
    except Exception as error:
        # A thread that dies in silence would look like a service that never answers. The text
        # stays out of it: nobody has looked for secrets in it.
        return replace(result, last_error=f"the probe itself failed ({type(error).__name__})")


def aim(service: Service, audience: str, secrets: Mapping[str, str]) -> Target:
    """Where to ask a service, with the inventory's secret or else the one in `secrets`."""
    known = [each.given or secrets.get(each.variable, "") for each in secrets_of(service)]
    own = known.pop(0) if service_type(service).secret_suffix else ""
    return Target(service, endpoint(service, audience), own, tuple(filter(None, known)))


def targets(
    services: Sequence[Service],
    audience: str,
    secrets: Mapping[str, str] | None,
    source: str = "",
) -> list[Target]:
    """Where and how to ask each service; `audience` is host or internal.

    A secret is the inventory's own, else the one in `secrets` under its variable; `None` says
    that a service without one in the inventory is asked without. Raises GroundworkError that
    names every variable that `source` lacks.
    """
    found = [aim(service, audience, secrets or {}) for service in services]
    missing = [
        service_type(each.service).secret_variable(each.service)
        for each in found
        if not each.ready and secrets is not None
    ]
    if missing:
        raise GroundworkError(
            f"The services can't be asked: no value for {', '.join(missing)}.",
            where=source,
            next_step="Run playbooks/dev.yml or playbooks/staging.yml: it writes that file.",
        )
    return found
