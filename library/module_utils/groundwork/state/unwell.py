"""Whether all is as it should be, for a program that asks: pure."""

from __future__ import annotations

from .model import Inspection, ServiceState


def unwell(found: Inspection) -> list[str]:
    """Why not everything is healthy, at its head and as the inventory has it; empty where it is.

    What is in the way of a run, what a run would do (a service that doesn't answer, or a schema
    that isn't at its head, is in that), a person's own services, which no run looks after, and
    backups that weren't made or proven.
    """
    reasons = [problem.what for problem in found.problems]
    reasons += [f"{step}: {why}" for step, whys in found.plan.steps() for why in whys]
    reasons += [
        f"{name}, a service of your own, {why}"
        for name, seen in found.state.services.items()
        if seen.custom and (why := _ill(seen))
    ]
    if found.state.backups and (why := found.state.backups.overdue):
        reasons.append(f"backup: {why}")
    return reasons


def _ill(seen: ServiceState) -> str:
    if seen.state != "running":
        return f"is {seen.state}"
    return f"is {seen.health}" if seen.health in ("unhealthy", "starting") else ""
