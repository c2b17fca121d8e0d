"""What differs from stack.yml: single options of services, over the whole dictionary below them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..text import did_you_mean
from .mistakes import refuse

CHANGES = "stack_services_changes"
SERVICES = "stack_services"


def effective_services(layers: Iterable[Mapping[str, Any]]) -> Any:
    """`stack_services` as the layers leave it, the last one being the strongest; None without any.

    In each layer `stack_services` takes the place of all before it, and `stack_services_changes`
    changes single options of it. Raises GroundworkError with a line for each mistake.
    """
    services: Any = None
    for layer in layers:
        if SERVICES in layer:
            services = layer[SERVICES]
        if changes := layer.get(CHANGES):
            services = changed(services, changes)
    return services


def changed(services: Any, changes: Any) -> dict[str, Any]:
    """The services with the changes in them; neither of the two is touched.

    `changes` maps a service to `{option: value}`. Dictionaries are merged, at any depth; everything
    else takes the place of what was there; null takes the option out. A service that is not there
    yet needs an entry that could stand by itself (a kind in it).
    """
    problems = []
    if not isinstance(services, Mapping):
        problems.append(f"{SERVICES} is worked out as a whole, so no single option can be changed.")
        services = {}
    if not isinstance(changes, Mapping):
        problems.append(f"{CHANGES} must be a dictionary: a service's name, the options of it.")
        changes = {}
    result = dict(services)
    for name, options in changes.items():
        where = f"{CHANGES}.{name}"
        if not isinstance(options, Mapping):
            problems.append(f"{where} must be a dictionary of options, such as {{port: 5433}}.")
        elif name not in services and "kind" not in options:
            near = did_you_mean(str(name), map(str, services))
            problems.append(f"{where}: no such service.{near} A new one needs its kind.")
        else:
            result[name] = _merged(services.get(name, {}), options)
    refuse(CHANGES, problems)
    return result


def _merged(old: Any, new: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(old) if isinstance(old, Mapping) else {}
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        else:
            both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
            result[key] = _merged(result[key], value) if both else value
    return result
