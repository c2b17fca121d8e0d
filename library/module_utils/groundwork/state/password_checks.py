"""Passwords that are in the way of a run: those that the services don't have, and no new ones."""

from __future__ import annotations

from collections.abc import Sequence

from ..env import named_secrets
from ..errors import Problem
from ..host import ObjectsState, postgres_roles
from ..services import Secret, service_type
from .desired import Desired
from .model import Plan, ServiceState, State


def nothing_to_rotate(desired: Desired, plan: Plan) -> list[Problem]:
    """A new password is asked for, but the inventory still gives the old ones, and all have them.

    What an interrupted run left is something to do, and no problem.
    """
    anew = desired.rotated()
    asked = [each for name, each in named_secrets(desired.services) if name in anew]
    if desired.rotate and not asked:
        names = ", ".join(sorted(desired.rotate))
        return [
            Problem(
                f"There is nothing to renew: {names} has no password.",
                "stack_rotate",
                "Name a service that has one, or leave stack_rotate out for all of them.",
            )
        ]
    if not asked or any(not secret.given for secret in asked) or plan:
        return []
    names = ", ".join(secret.name for secret in asked)
    return [
        Problem(
            f"There is no new password: the inventory still gives {names} the old one.",
            ", ".join(secret.where for secret in asked),
            "Change it there first; `make vault NEW=<service>` does that for a vault. "
            "Nothing was changed.",
        )
    ]


def passwords(desired: Desired, state: State) -> list[Problem]:
    """Passwords that the services don't have, and that nobody asked this run to give them."""
    # Where the engine doesn't answer, nobody knows which volumes there are
    known = state.engine.state == "ok"
    # What answers at a port that somebody else holds is theirs
    taken = {item.service for item in state.ports_taken}
    other: list[Secret] = []
    refused: list[Secret] = []
    for variable, secret in named_secrets(desired.managed):
        # What an interrupted run began to change, this one goes on with
        if secret.is_in(desired.rotate) or variable in state.new_passwords:
            continue
        name = secret.service.name
        entry = state.services.get(name, ServiceState())
        objects = state.objects.get(name, ObjectsState())
        refused_role = secret.role in objects.refused
        wrong = entry.code == postgres_roles.WRONG_PASSWORD and not entry.answers
        wrong &= name not in taken
        # One that is asked without a password says nothing of it
        silent = not entry.answers or not service_type(secret.service).secret_suffix
        if secret.role and secret.service.kind == "postgres":
            # Nobody logs in as the superuser to see
            silent |= refused_role or secret.role == secret.service.objects.superuser
            wrong = refused_role
        there = name in state.volumes or entry.runs or not known
        if silent and secret.name in state.other_passwords and there:
            other.append(secret)
        elif wrong and not objects.user_missing:
            refused.append(secret)
    found = [
        _wrong_password(
            [secret],
            f"{secret.name} doesn't take the password of the inventory or infra/.env: its volume "
            "keeps the one that it was made with.",
        )
        for secret in refused
    ]
    if other:
        names = ", ".join(secret.name for secret in other)
        what = "the inventory gives another password than the one in use, which infra/.env has."
        found.append(_wrong_password(other, f"{names}: {what}"))
    return found


def _wrong_password(secrets: Sequence[Secret], what: str) -> Problem:
    return Problem(
        what,
        ", ".join(secret.where for secret in secrets) + "; infra/.env",
        "Somebody else may have renewed it: get the inventory's latest version "
        "(git pull). If the inventory's is the right one, run again with "
        "-e stack_reset_passwords=true. Otherwise put the old one back.",
    )
