"""The desired state beside the volumes that are there: what has yet to be made is made anew."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from .desired import Desired


def for_volumes(desired: Desired, there: Container[str]) -> Desired:
    """With a superuser of its own for each PostgreSQL whose volume isn't `there`, by its name.

    Whatever infra/.env says of the volume before.
    """
    asked = {service.name: service for service in desired.asked}
    services = (
        service if desired.volume(service) in there else asked[service.name]
        for service in desired.services
    )
    return replace(desired, services=tuple(services))
