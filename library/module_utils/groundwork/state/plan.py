"""From the look to what has to be done, and to what must not be tried: pure comparisons.

A plan maps a step to its reasons, plain sentences; no reasons, nothing to do. What could not be
looked at is `unknown`, and unknown is acted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..docker import Owner, refusal
from ..images import flavour_clash, ports_that_it_lacks
from ..services import Service, endpoint, kind_of
from .desired import Desired
from .survey import CONFIGURATION_REASONS, other_reason

Look = Mapping[str, Any]

ENGINE_REASONS = {
    "absent": "there is no Docker engine here",
    "stopped": "the Docker engine is stopped",
    "denied": "this user may not talk to the Docker engine",
    "elsewhere": "the Docker engine that was chosen gives no answer",
    "no-compose": "the engine has no Compose plugin",
}


STEPS = ("docker", "images", "firewall", "files", "services", "env_files", "schema")


def plan(desired: Desired, look: Look) -> dict[str, list[str]]:
    """The reasons to act, by step: docker, images, firewall, files, services, env_files, schema."""
    if look["owner"]:  # somebody else's: nothing is to be done here
        return {step: [] for step in STEPS}
    engine = look["engine"]
    docker = []
    if engine["state"] != "ok" and desired.own:
        docker.append(ENGINE_REASONS.get(engine["state"], engine["error"] or "unknown"))
    settings = look["engine_settings"]
    if settings and desired.own:
        docker.append(f"the engine's settings differ: {', '.join(settings)}")
    images = [
        f"{name}: {found['due']}"
        if engine["state"] == "ok"
        else f"{name}: unknown until the engine answers"
        for name, found in look["images"].items()
        if found["due"]
    ]
    files = _file_reasons(desired, look["files"])
    services = [
        f"{service.name}: {reason}"
        for service in desired.services
        if (reason := _service_reason(service, look["services"].get(service.name)))
    ]
    if files and not services and desired.own:
        services = ["the files that the containers are made from change"]
    if look["new_passwords"]:
        services.append("a database doesn't have its new password yet")
    named = {service.name for service in desired.services}
    services += [
        f"{name}: {reason}"
        for name, found in sorted(look["services"].items())
        if name not in named and (reason := other_reason(found, look["left_data"].get(name)))
    ]
    return {
        "docker": docker,
        "images": images,
        "firewall": list(look.get("firewall", ())),
        "files": files,
        "services": services,
        "env_files": _file_reasons(desired, look["env_files"]),
        "schema": _schema_reasons(look["schema"]),
    }


def _file_reasons(desired: Desired, verdicts: Mapping[str, str]) -> list[str]:
    phrases = {"missing": "is not there yet", "differs": "is not as it should be"}
    return [
        f"{_short(desired, path)} {phrases.get(verdict, 'could not be compared')}"
        for path, verdict in verdicts.items()
        if verdict != "same"
    ]


def _short(desired: Desired, path: str) -> str:
    """A path as a person says it: from the workspace on, where it is in there."""
    full = Path(path)
    return str(full.relative_to(desired.workspace)) if desired.workspace in full.parents else path


def _service_reason(service: Service, found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "has no container yet"
    if found["state"] == "external":
        if found.get("leftover"):
            return "is external now, its container goes"
        return "" if found["answers"] else f"doesn't answer ({found['error']})"
    if found["state"] == "unknown":
        return "unknown until the engine answers"
    if found["state"] != "running":
        return f"its container is {found['state']}"
    if found["health"] == "unhealthy":
        return "is unhealthy"
    if reason := CONFIGURATION_REASONS.get(found["config"]):
        return reason
    if found["image"] == "differs":
        return "its image changed"
    if not found["answers"]:
        return f"doesn't answer ({found['error']})" if found["error"] else "doesn't answer"
    if found["config"] == "unknown":
        return "its configuration could not be compared"
    return ""


def _schema_reasons(schema: Mapping[str, Any]) -> list[str]:
    state = schema["state"]
    if state in ("at_head", "off"):
        return []
    if state in ("pending", "empty"):
        count = len(schema["pending"])
        return [f"{count} revision{'s' if count != 1 else ''} to apply"]
    return {
        "ahead": ["the database is ahead of this checkout"],
        "two_heads": ["the revisions have more than one head"],
        "unread": [str(schema.get("error"))],
    }.get(state, ["unknown until the database answers"])


def problems(desired: Desired, look: Look, reset_passwords: bool = False) -> list[dict[str, str]]:
    """What must not be tried, each as `{what, where, next_step}`.

    `reset_passwords`: the databases are to get the passwords of the inventory or `infra/.env`.
    """
    if look["owner"]:
        other = Owner(Path(look["owner"]["folder"]), look["owner"]["user"])
        return [refusal(desired.stack, desired.stack_dir, other).as_problem()]
    found: list[dict[str, str]] = []
    if look["engine"]["state"] == "elsewhere" and desired.own:
        found.append(_silent_choice(look["engine"]))
    found += [_port_taken(item) for item in look["ports_taken"]]
    found += look.get("machine", ())
    if look["foreign_compose_file"]:
        found.append(
            {
                "what": "There is a Compose file already that Groundwork did not write; "
                "it was left alone.",
                "where": look["foreign_compose_file"],
                "next_step": "Move it away. What you want to keep of it goes into "
                "docker-compose.override.yml beside it, which Compose reads too.",
            }
        )
    if not reset_passwords:
        found += _passwords(desired, look)
    for service in desired.own:
        volume, image = look["volumes"].get(service.name), look["images"].get(service.name)
        if volume and image and image["reference"]:
            clash = flavour_clash(service, desired.volume(service), volume, image)
            found += [clash] if clash else []
            found += ports_that_it_lacks(service, image["reference"])
    if look["disk_free_mb"] is not None and look["disk_free_mb"] < look["disk_wanted_mb"]:
        found.append(
            {
                "what": f"The disk with the engine's data has {look['disk_free_mb']} MB left; "
                f"a start wants {look['disk_wanted_mb']} MB.",
                "where": look["disk_path"],
                "next_step": "Free some space (`docker system df` shows what the engine holds), "
                "or lower observe_min_free_mb.",
            }
        )
    return found


def nothing_to_rotate(desired: Desired, steps: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """A new password is asked for, but the inventory still gives the old ones, and all have them.

    What an interrupted run left is something to do, and no problem.
    """
    given = [service for service in desired.services if service.name in desired.rotate]
    if not given or any(not service.password for service in given) or any(steps.values()):
        return []
    names = ", ".join(service.name for service in given)
    return [
        {
            "what": f"There is no new password: the inventory still gives {names} the old one.",
            "where": ", ".join(f"stack_services.{service.name}.password" for service in given),
            "next_step": "Change it there first; `make vault NEW=<service>` does that for a vault. "
            "Nothing was changed.",
        }
    ]


def _silent_choice(engine: Mapping[str, Any]) -> dict[str, str]:
    return {
        "what": f"The Docker engine that was chosen gives no answer: {engine['error']}",
        "where": engine["chosen"],
        "next_step": engine["next_step"],
    }


def _passwords(desired: Desired, look: Look) -> list[dict[str, str]]:
    """Passwords that the services don't have, and that nobody asked this run to give them."""
    asked = {
        service.name: look["services"].get(service.name, {})
        for service in desired.own
        if service.name not in desired.rotate
        # An interrupted run began to change it; this one goes on
        and kind_of(service).secret_variable(service) not in look["new_passwords"]
    }
    silent = [name for name, entry in asked.items() if not entry.get("answers")]
    # Where the engine doesn't answer, nobody knows which volumes there are
    known = look["engine"]["state"] == "ok"
    other = [
        name
        for name in silent
        if name in look["other_passwords"] and (name in look["volumes"] or not known)
    ]
    refused = [n for n in silent if asked[n].get("code") == "28P01" and n not in other]
    found = [
        _wrong_password(
            [name],
            f"{name} doesn't take the password of the inventory or infra/.env: its volume keeps "
            "the one that it was made with.",
        )
        for name in refused
    ]
    if other:
        what = "the inventory gives another password than the one in use, which infra/.env has."
        found.append(_wrong_password(other, f"{', '.join(other)}: {what}"))
    return found


def _wrong_password(names: list[str], what: str) -> dict[str, str]:
    return {
        "what": what,
        "where": ", ".join(f"stack_services.{name}.password" for name in names) + "; infra/.env",
        "next_step": "Somebody else may have renewed it: get the inventory's latest version "
        "(git pull). If the inventory's is the right one, run again with "
        "-e stack_reset_passwords=true. Otherwise put the old one back.",
    }


def _port_taken(item: Mapping[str, Any]) -> dict[str, str]:
    return {
        "what": f"Port {item['port']}, which {item['service']} wants, is taken "
        f"by {item['holder']}.",
        "where": f"stack_services.{item['service']}.{item['option']}",
        "next_step": "Stop that program, or choose another port in "
        "inventory/group_vars/all/stack.yml.",
    }


def unknown_service(service: Service) -> dict[str, Any]:
    """A service that nothing is known of, as the look holds it; its URL without the secret."""
    kind, here = kind_of(service), endpoint(service, "host")
    return {
        "kind": kind.name,
        "address": str(here),
        "url": kind.url(service, here, "SECRET").replace("SECRET", "***"),
        "state": "unknown",
        "health": "unknown",
        "config": "unknown",
        "image": "unknown",
        "answers": False,
        "version": "",
        "error": "",
        "code": "",
        "started_at": "",
        "runs": "",
    }
