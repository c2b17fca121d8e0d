"""Whether a PostgreSQL's data can move to the image that is named for them, asked before anything
is touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..docker import volumes
from ..errors import GroundworkError
from ..records import Record
from . import postgres
from .model import Source
from .postgres_contents import Contents

PLAYBOOK = "playbooks/upgrade.yml"
_LEFT_OUT = """
SELECT datname FROM pg_database
WHERE NOT (datistemplate AND (datname IN ('template0', 'template1') OR NOT datallowconn))
  AND (datistemplate OR NOT datallowconn) ORDER BY 1;
"""
_PREPARED = "SELECT count(*) FROM pg_prepared_xacts;"


@dataclass(frozen=True)
class Move(Record):
    """A service and where it goes: images by name, storage formats."""

    service: str = ""
    image: str = ""
    storage_format: str = ""
    former_image: str = ""
    former_format: str = ""


def find(sources: Iterable[Source], name: str) -> Source:
    """The PostgreSQL of that name. Raises GroundworkError."""
    there = {each.service.name: each for each in sources if each.service.kind == "postgres"}
    if name in there:
        return there[name]
    raise refusal(
        f"There is no PostgreSQL {name!r} whose data are here."
        if name
        else "Which service is to move isn't said.",
        f"Give -e service={next(iter(there), 'postgres')}. There are: {', '.join(there) or 'none'}."
        " Redis reads the files of its older versions by itself, and Qdrant moves by its own rules"
        " (docs/data.md).",
    )


def made_by(source: Source) -> str:
    """The storage format of its live volume, by the volume's label."""
    volume = volume_of(source)
    found = source.docker.inspect("volume", [volume]).get(volume)
    if found is None:
        raise refusal(
            f"{source.service.name} has no data yet.", "Start it (playbooks/dev.yml); it is new."
        )
    return (found.get("Labels") or {}).get(volumes.FORMAT_LABEL, "") or source.storage_format


def planned(source: Source, images: Mapping[str, Mapping[str, str]]) -> Move:
    """From what its data are to the image that the inventory names; both formats may be the same.

    `images`: those that were chosen, by service. Raises GroundworkError.
    """
    name, image = source.service.name, images.get(source.service.name)
    if image is None:
        raise refusal(
            f"The image {source.service.image} isn't here.",
            "See that it can be fetched (docs/images.md).",
        )
    former = made_by(source)
    if "unknown" in image["storage_format"]:
        raise refusal(
            f"The image {image['reference']} doesn't tell its PostgreSQL's version and C library "
            f"({image['storage_format']}).",
            "Give it the labels groundwork.major (17) and groundwork.libc (glibc or musl).",
        )
    if _major(image["storage_format"]) < _major(former):
        raise refusal(
            f"The data of {name} are {former}; {image['reference']} is {image['storage_format']}, "
            "and an older PostgreSQL can't take a newer one's data.",
            "To go back to the data from before an upgrade: playbooks/restore.yml -e back=true.",
        )
    return Move(name, image["reference"], image["storage_format"], source.image, former)


def _major(storage_format: str) -> int:
    number = re.match(r"postgres-(\d+)-", storage_format)
    return int(number[1]) if number else 0


def check_extensions(name: str, needed: Mapping[str, Iterable[str]], there: Iterable[str]) -> None:
    """Raise GroundworkError where an image lacks extensions. `needed` by database, pure."""
    known = set(there)
    lacking = {database: sorted(set(extensions) - known) for database, extensions in needed.items()}
    details = [f"{database}: {', '.join(each)}" for database, each in lacking.items() if each]
    if details:
        raise refusal(
            f"The new image lacks extensions that {name} uses.",
            "Name an image that has them in stack_services, or drop them where nothing uses them "
            "(DROP EXTENSION).",
            details,
        )


def check_whole(source: Source, there: Contents) -> None:
    """Raise GroundworkError where a dump would leave something out."""
    name = source.service.name
    if there.tablespaces:
        raise refusal(
            f"{name} has tablespaces: {', '.join(there.tablespaces)}.",
            "Move what is in them to pg_default and drop them, then run again.",
        )
    if left := postgres.ask(source, source.container, _LEFT_OUT).split("\n")[:-1]:
        raise refusal(
            f"{name} has databases that a dump leaves out: {', '.join(left)}. They are templates, "
            "or let nobody in.",
            "Drop them, or make them ordinary ones (ALTER DATABASE … IS_TEMPLATE false "
            "ALLOW_CONNECTIONS true), then run again.",
        )
    if int(postgres.ask(source, source.container, _PREPARED)):
        raise refusal(
            f"{name} has prepared transactions, which a dump leaves out.",
            "COMMIT PREPARED or ROLLBACK PREPARED them (pg_prepared_xacts), then run again.",
        )


def volume_of(source: Source) -> str:
    """Its live volume."""
    return source.volumes[source.service.name]


def refusal(what: str, next_step: str, details: Iterable[str] = ()) -> GroundworkError:
    """An error before the switch."""
    return GroundworkError(
        what,
        where=PLAYBOOK,
        details=[*details],
        next_step=f"{next_step} The service and its data are as they were.",
    )
