"""The error of a wait that failed: which service, why, what it said last, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from ..docker import Container
from ..errors import LIBRARIES, GroundworkError
from ..services import RECREATE, Advice, service_type
from ..text import masked
from .probe import ServiceHealth, Target

# By the codes that all types have; their own are in `ServiceType.advice`
_ADVICE = {
    "TLS": Advice(
        "The running service shows another certificate than the one that infra/ holds.",
        RECREATE,
        "`host` has to be a name in its certificate, and `ca_file` the certificate of the "
        "CA that signed it (left out, this machine's own CAs count). Then run again.",
    ),
    "NOTLS": Advice(
        "The running service was started without TLS.",
        RECREATE,
        "Have TLS turned on there; or, in a network that you trust, give "
        "stack_services.{name} tls: false. Then run again.",
    ),
    "NOLIBRARY": Advice("The service itself may be well: it can't be asked.", LIBRARIES, LIBRARIES),
}
_EXTERNAL = (
    "See that its `host` and `port` are right and that this machine may reach it; who runs it "
    "knows whether it is up. Then run again."
)


def _advice(target: Target, code: str) -> Advice | None:
    return (_ADVICE | dict(service_type(target.service).advice)).get(code)


class Unhealthy(GroundworkError):
    """Not every service became healthy. `results` holds all of them, in the inventory's order."""

    results: Sequence[ServiceHealth] = ()


def unhealthy(
    targets: Sequence[Target],
    results: Mapping[str, ServiceHealth],
    reasons: Mapping[str, str],
    containers: Mapping[str, Container],
    logs: Mapping[str, Sequence[str]],
) -> Unhealthy:
    """The error that says why each service in `reasons` isn't healthy.

    `reasons` maps a service to half a sentence (`its container stopped with exit code 1`),
    `logs` to the last lines of its container's log. Secrets of the targets are masked in all.
    """
    failed = [target for target in targets if target.name in reasons]
    details: list[str] = []
    for target in failed:
        details += _evidence(
            target, results[target.name], containers.get(target.name), logs.get(target.name, ())
        )
    details += [_in_short(results[t.name]) for t in targets if t.name not in reasons]
    told = "; ".join(f"{target.name}: {reasons[target.name].rstrip('.')}" for target in failed)
    steps = {_next_step(target, results, containers) for target in failed}
    secrets = _spellings(targets)
    error = Unhealthy(
        masked(f"{_how_many(failed, targets)} healthy. {told}.", secrets),
        where="; ".join(_where(target, containers.get(target.name)) for target in failed),
        next_step=" ".join(sorted(steps)),
        details=[masked(line, secrets) for line in details],
    )
    error.results = [results[target.name] for target in targets]
    return error


def _how_many(failed: Sequence[Target], targets: Sequence[Target]) -> str:
    if len(failed) == 1:
        return f"The service {failed[0].name} isn't"
    return f"{len(failed)} of {len(targets)} services aren't"


def _where(target: Target, container: Container | None) -> str:
    place = f"{target.name} at {target.endpoint}"
    return f"{place} (container {container.name})" if container else place


def _evidence(
    target: Target, result: ServiceHealth, container: Container | None, log: Sequence[str]
) -> list[str]:
    lines = [f"{target.name}:"]
    if result.last_error:
        lines.append(f"  last answer (try {result.tries}): {result.last_error}")
    elif result.healthy:
        lines.append(f"  it had answered well after {result.seconds:.1f} s")
    else:
        lines.append("  no answer yet to the first try")
    advice = _advice(target, result.code)
    if advice and not target.service.external:
        lines.append(f"  {advice.meaning}")
    if container:
        lines.append(f"  container: {container.state}")
        if container.health != "healthy" and container.health_output:
            lines.append(f"  last health check: {container.health_output[:300]}")
        lines.append(f"  last lines of its log ({len(log)}):" if log else "  its log is empty")
        lines += [f"  | {line}" for line in log]
    return lines


def _in_short(result: ServiceHealth) -> str:
    if result.healthy:
        return f"{result.name}: healthy after {result.seconds:.1f} s"
    return f"{result.name}: not healthy yet ({result.last_error or 'no answer so far'})"


def _next_step(
    target: Target, results: Mapping[str, ServiceHealth], containers: Mapping[str, Container]
) -> str:
    container = containers.get(target.name)
    advice = _advice(target, results[target.name].code)
    if target.service.external:
        return (advice.external if advice else _EXTERNAL).format(name=target.name)
    if advice:
        return advice.next_step
    if container is None:
        return "See that the service runs and that its address is right, then run again."
    if container.oom_killed:
        return f"Give the container {container.name} or this host more memory, then run again."
    if container.status == "paused":
        return f"Wake it with `docker unpause {container.name}`, then run again."
    return f"See the whole log with `docker logs {container.name}`, fix the cause, run again."


def _spellings(targets: Sequence[Target]) -> list[str]:
    """The secrets as they are, and as they stand in a URL."""
    plain = [each for target in targets for each in (target.secret, *target.hidden) if each]
    return plain + [quote(secret, safe="") for secret in plain]
