"""The one look at a host: engine, images, files, volumes, containers, health, schema.

Reads and nothing else, and everything that can be read at once is. What could not be looked at is
`unknown`; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .. import files
from ..docker import Docker, Engine, daemon_config
from ..docker import engine as engines
from ..env import Image
from ..errors import GroundworkError
from ..health import wait
from ..host import firewall, postgres_roles
from ..images import Known, Wanted, choice
from ..migrations import Tree, schema_state
from ..services import Service, kind_of
from . import checks, plan
from .desired import Desired
from .survey import Containers, Survey, configuration, left_data, others, survey
from .survey import volumes as stack_volumes


@dataclass(frozen=True)
class Where:
    """What the look needs besides the desired state."""

    docker: Docker
    images: Mapping[str, Wanted]  # what each service asks for
    sources: Sequence[str]  # where it may come from
    renew: bool  # whether newer ones are asked for
    schema: Tree | None
    min_free_mb: int
    daemon: Mapping[str, Any]  # the engine's options, and swarm; nothing where not looked at
    firewall: Mapping[str, Any]  # bridge, enabled, allow_from; nothing where it isn't looked at


def look(desired: Desired, where: Where) -> dict[str, Any]:
    """Everything, as plain data; the keys are those of the module observe's RETURN."""
    desired.check_workspace()
    docker = where.docker
    with ThreadPoolExecutor(8) as pool:
        asked_engine = pool.submit(engines.version, docker)
        asked_survey = pool.submit(survey, docker, desired)
        names = sorted({name for wanted in where.images.values() for name in wanted.names})
        asked_images = pool.submit(_quiet, docker.inspect, "image", names)
        asked_volumes = pool.submit(_quiet, stack_volumes, docker, desired.stack)
        secrets = desired.secrets()
        known = {name: value for name, value in secrets.values.items() if name not in secrets.made}
        known |= desired.rotated()  # the old ones still hold
        asked_health = pool.submit(wait.look_once, list(desired.services), known)
        asked_schema = pool.submit(schema_state, desired.services, where.schema, known)
        asked_firewall = pool.submit(_firewall, desired, where)
        surveyed = asked_survey.result()
        containers = surveyed.containers
        engine = engines.judged(asked_engine.result(), surveyed.compose)
        inspected = asked_images.result()
        all_volumes = asked_volumes.result() or {}
        volumes = _volumes(desired, where, all_volumes)
        answers, revision = asked_health.result(), asked_schema.result()
    chosen = _choose(desired, where, inspected, volumes, containers)
    certificates = checks.certificates(desired)
    infra, apps, unwritable = _files(desired, chosen, engine, secrets, not certificates)
    services = _services(desired, surveyed, answers, chosen)
    found: dict[str, Any] = {
        "engine": engine.plain(),
        "engine_settings": _engine_settings(where),
        "images": chosen,
        "volumes": volumes,
        "files": infra,
        "env_files": apps,
        "services": services,
        "new_passwords": sorted(postgres_roles.journal(desired.stack_dir)),
        "other_passwords": desired.other_passwords(),
        "schema": revision,
        "firewall": asked_firewall.result(),
        "owner": checks.owner(desired, surveyed, all_volumes),
        "left_data": left_data(desired, all_volumes),
        # Where the engine is there but silent, a port may be held by our own container
        "ports_taken": []
        if containers is None and engine.state != "absent"
        else checks.ports_taken(desired, docker, containers),
        "machine": certificates
        + unwritable
        + checks.machine(desired)
        + checks.strangers(surveyed)
        + checks.own_lines(desired)
        + checks.unguarded(where.firewall, containers),
        "foreign_compose_file": checks.foreign_compose_file(desired),
    }
    return found | checks.disk(desired, docker, where.min_free_mb, found)


def _engine_settings(where: Where) -> list[str]:
    """Which of the engine's settings are not as they should be."""
    asked = where.daemon
    return daemon_config.look(asked["options"], asked["swarm"]) if asked else []


def _firewall(desired: Desired, where: Where) -> list[str]:
    """Why the firewall has to be set up anew."""
    asked = where.firewall
    if not asked:
        return []
    rules = (
        firewall.rules(desired.own, asked["bridge"], asked["allow_from"])
        if asked["enabled"]
        else {}
    )
    return firewall.look(rules, asked["bridge"])


def _quiet(function: Any, *args: Any) -> Any:
    """None where the engine doesn't answer: the engine's own entry says why."""
    try:
        return function(*args)
    except GroundworkError:
        return None


def _volumes(
    desired: Desired, where: Where, inspected: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    """Which volumes there are, and what made each, by service."""
    found: dict[str, dict[str, Any]] = {}
    for service in desired.own:
        volume = inspected.get(desired.volume(service))
        if volume is not None:
            flavour = volume["flavour"]
            version = "" if flavour else _data_version(service, desired, where)
            found[service.name] = {"flavour": flavour, "data_version": version}
    return found


def _data_version(service: Service, desired: Desired, where: Where) -> str:
    """For a volume that somebody else made: the version that its data name, with any image."""
    marker = kind_of(service).version_file
    if not marker:
        return ""
    for image in where.images[service.name].names:
        result = where.docker.run(
            *("run", "--rm", "--network", "none", "--pull", "never", "--entrypoint", "cat"),
            *("-v", f"{desired.volume(service)}:/volume:ro", image, f"/volume/{marker}"),
        )
        if result.ok:
            return result.stdout.strip()
    return ""


def _choose(
    desired: Desired,
    where: Where,
    inspected: Mapping[str, Mapping[str, Any]] | None,
    volumes: Mapping[str, Mapping[str, Any]],
    containers: Containers,
) -> dict[str, dict[str, Any]]:
    """The image for each service, of those that are here."""
    here = choice.Here.of(where.docker, where.images, inspected or {})
    kept, sources = desired.kept(), where.sources
    chosen = {}
    for name, service in ((service.name, service) for service in desired.own):
        last = kept.get(f"{service.prefix}_IMAGE", "")
        known = Known.of(volumes.get(name), (containers or {}).get(name), last)
        chosen[name] = choice.choose(where.images[name], here, known, sources, where.renew)
    return chosen


def _files(
    desired: Desired,
    chosen: Mapping[str, Mapping[str, Any]],
    engine: Engine,
    secrets: Any,
    certified: bool,
) -> tuple[dict[str, str], dict[str, str], list[dict[str, str]]]:
    """Verdicts by path, of the files in infra/ and the apps'; and what forbids to write them."""
    states: list[files.State] = []
    if certified and all(image["reference"] for image in chosen.values()):
        picked = {
            name: Image(image["reference"], image["flavour"]) for name, image in chosen.items()
        }
        wanted = desired.infra_files(picked, secrets, engine.quick_start)
        states = [files.compare(item) for item in wanted]
        infra = files.verdicts(states)
    else:
        infra = {
            str(path): "unknown" if path.exists() else "missing"
            for path in (desired.compose_file, desired.env_file)
        }
    apps = [files.compare(item) for item in desired.app_files(secrets)]
    verdicts = {str(state.wanted.path): state.verdict for state in apps}
    return infra, verdicts, checks.unwritable(states, apps)


def _services(
    desired: Desired,
    surveyed: Survey,
    answers: Mapping[str, Mapping[str, Any]],
    chosen: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Each service as it runs; a person's own, and those that have left the inventory, too."""
    found: dict[str, dict[str, Any]] = {}
    containers, hashes = surveyed.containers, surveyed.hashes
    for service in desired.services:
        entry = plan.unknown_service(service) | _answer(answers.get(service.name))
        container = (containers or {}).get(service.name)
        if service.external:
            entry |= {"state": "external", "health": "", "config": "", "image": ""}
            entry["leftover"] = container is not None
        elif container is not None:
            state = container["State"]
            wanted = (hashes or {}).get(service.name)
            entry |= {
                "state": state["Status"],
                "health": (state.get("Health") or {}).get("Status", "none"),
                "config": configuration(container, wanted, desired.stack_dir),
                "image": "same" if container["Image"] == chosen[service.name]["id"] else "differs",
                "started_at": state["StartedAt"],
                "runs": str(container["Config"].get("Image", "")),
            }
        elif containers is not None:
            continue
        found[service.name] = entry
    return found | others(desired, surveyed)


def _answer(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {
        "answers": bool(answer["healthy"]),
        "version": answer["version"],
        "error": answer["error"],
        "code": answer["code"],
    }
