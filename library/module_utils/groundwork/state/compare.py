"""The facts beside the desired state: what is as it should be, and what differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .. import dotenv, rendered
from ..docker import labels, volumes
from ..env import Image
from ..errors import GroundworkError, Problem
from ..host import postgres_objects
from ..images import ImageChoice, Known, WantedImage, choice
from ..services import service_type, settings
from .desired import Desired
from .gather import Facts
from .model import PortTaken, ServiceState, State, VolumeState
from .stack_containers import configuration, custom_services, left_data


@dataclass(frozen=True)
class Asked:
    """How images are to be chosen: what each service asks for, and where it may come from.

    `moving`: services that are to get an image of another storage format, so that their data say
    nothing of it.
    """

    images: Mapping[str, WantedImage]
    sources: Sequence[str]
    renew: bool
    moving: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Comparison:
    """The state; and of the files, those of infra/ and the apps', with their texts."""

    state: State
    infra: Sequence[rendered.FileState] = field(repr=False)
    apps: Sequence[rendered.FileState] = field(repr=False)
    certificates: Problem | None  # one in the inventory that can't be used


def compare(desired: Desired, facts: Facts, asked: Asked) -> Comparison:
    """What the facts mean for one host."""
    if facts.owner:  # what answers there says nothing of this directory's services
        state = State(facts.engine, tuple(facts.engine_settings), owner=facts.owner)
        return Comparison(state, (), (), None)
    wrong = _certificates(desired)
    data = _volumes(desired, facts)
    chosen = _images(desired, facts, data, asked)
    infra = [] if wrong else _infra(desired, facts, chosen)
    apps = [rendered.compare(item, facts.files[item.path]) for item in desired.app_files()]
    state = State(
        engine=facts.engine,
        engine_settings=tuple(facts.engine_settings),
        images=chosen,
        volumes=data,
        files=rendered.statuses(infra) if infra else _unknown_files(desired, facts),
        env_files=rendered.statuses(apps),
        services=_services(desired, facts, chosen),
        new_passwords=tuple(facts.new_passwords),
        other_passwords=tuple(desired.other_passwords()),
        objects={
            service.name: postgres_objects.compare(service, facts.objects[service.name])
            for service in desired.managed
            if service.name in facts.objects
        },
        schema=facts.schema,
        firewall=tuple(facts.firewall),
        monitoring=tuple(facts.monitoring),
        backup=tuple(facts.backup),
        backups=facts.backups,
        left_data=left_data(desired, facts.volumes),
        ports_taken=tuple(_ports(desired, facts)),
        foreign_compose_file=_foreign_compose_file(desired, facts),
    )
    return Comparison(state, infra, apps, wrong)


def _certificates(desired: Desired) -> Problem | None:
    try:
        _ = desired.certificates
    except GroundworkError as error:
        return error.as_problem()
    return None


def _volumes(desired: Desired, facts: Facts) -> dict[str, VolumeState]:
    """What made each service's data, by service; of several volumes, what made the first that is
    here."""
    found: dict[str, VolumeState] = {}
    for service in desired.managed:
        here = [volume for volume in desired.volumes(service) if volume in facts.volumes]
        if here:
            made_by = facts.volumes[here[0]]["storage_format"]
            version = facts.data_versions.get(service.name, "")
            found[service.name] = VolumeState(made_by, version)
    return found


def _images(
    desired: Desired, facts: Facts, data: Mapping[str, VolumeState], asked: Asked
) -> dict[str, ImageChoice]:
    """The image for each service, of those that are here."""
    chosen = {}
    for service in desired.managed:
        container = (facts.containers or {}).get(service.name, {})
        volume = data.get(service.name)
        known = Known(
            made_by=volume.storage_format if volume else None,
            container=str(container.get("Image", "")),
            last=desired.kept.get(f"{service.prefix}_IMAGE", ""),
        )
        if service.name in asked.moving:
            known = Known(None, "", "")
        wanted = asked.images[service.name]
        chosen[service.name] = choice.choose(
            wanted, facts.images, known, asked.sources, asked.renew
        )
    return chosen


def _infra(
    desired: Desired, facts: Facts, chosen: Mapping[str, ImageChoice]
) -> list[rendered.FileState]:
    """The files of infra/, where it is known what they have to hold."""
    if not all(image.reference for image in chosen.values()):
        return []
    picked = {name: Image(image.reference, image.storage_format) for name, image in chosen.items()}
    wanted = desired.infra_files(picked, facts.engine.quick_start)
    return [rendered.compare(item, facts.files[item.path]) for item in wanted]


def _unknown_files(desired: Desired, facts: Facts) -> dict[str, str]:
    return {
        str(path): "missing" if facts.files[path].text is None else "unknown"
        for path in (desired.compose_file, desired.env_file)
    }


_UNCHECKED = "its health check hasn't passed yet"


def _services(
    desired: Desired, facts: Facts, chosen: Mapping[str, ImageChoice]
) -> dict[str, ServiceState]:
    """Each service as it runs; a person's own, and those that have left the inventory, too."""
    found: dict[str, ServiceState] = {}
    containers, hashes = facts.containers, facts.stack_containers.hashes or {}
    for service in desired.services:
        entry = ServiceState.unknown(service)
        if answer := facts.answers.get(service.name):
            entry = replace(
                entry,
                answers=answer.healthy,
                version=answer.version,
                error=answer.error,
                code=answer.code,
                address=answer.address or entry.address,
                hosts=answer.hosts,
            )
        container = (containers or {}).get(service.name)
        if service.external:
            leftover = container is not None
            entry = replace(
                entry, state="external", health="", config="", image="", leftover=leftover
            )
        elif container is not None:
            state = container["State"]
            same = container["Image"] == chosen[service.name].id
            health = (state.get("Health") or {}).get("Status", "none")
            by_engine = service_type(service).engine_decides(service)
            entry = replace(
                entry,
                state=state["Status"],
                health=health,
                answers=entry.answers and (health == "healthy" or not by_engine),
                error=entry.error or (by_engine and health != "healthy" and _UNCHECKED) or "",
                config=configuration(container, hashes.get(service.name), desired.stack_dir),
                image="in_sync" if same else "changed",
                not_live=volumes.not_live(container, desired.stack, desired.live),
                runs=str(container["Config"].get("Image", "")),
                settings=settings.differing(
                    labels(container).get(settings.LABEL, ""), service.settings
                ),
            )
        elif containers is not None:
            continue
        found[service.name] = entry
    compose_text = facts.files[desired.compose_file].text or ""
    return found | custom_services(desired, facts.stack_containers, compose_text)


def _ports(desired: Desired, facts: Facts) -> list[PortTaken]:
    return [
        PortTaken(service.name, option, port, facts.ports_taken[port])
        for service in desired.managed
        for option, port in service.ports.items()
        if port in facts.ports_taken
    ]


def _foreign_compose_file(desired: Desired, facts: Facts) -> str:
    """A Compose file in our place that somebody else wrote, or `""`."""
    text = facts.files[desired.compose_file].text
    ours = desired.compose.partition(" from ")[0]
    if text is None or text.removeprefix(dotenv.BOM).startswith(ours):
        return ""
    return str(desired.compose_file)
