"""What of a stack is to be made anew: the databases of a PostgreSQL, or all data of another."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import GroundworkError
from ..migrations import SchemaSetup, digest
from ..records import Record
from ..services import OwnedDatabase, Service
from ..text import did_you_mean


@dataclass(frozen=True)
class ResetDatabase(Record):
    """A database, its owner, its trees by name, and the digest of what it is made from.

    The digest is empty where that can't be told here: no template is taken for it then.
    """

    name: str = ""
    owner: str = ""
    digest: str = ""
    trees: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reset(Record):
    """The service, and its databases; none where its data go as a whole."""

    service: str = ""
    databases: tuple[ResetDatabase, ...] = ()


def reset_of(
    asked: str,
    database: str,
    word: str,
    stack: str,
    services: Sequence[Service],
    trees: Iterable[Mapping[str, Any]],
) -> Reset:
    """What `asked` means: a service, behind the stack's `word` where that isn't the stack's name.

    Raises GroundworkError, and nothing was changed.
    """
    found = _service(asked, word, stack, services)
    if found.external:
        raise _refusal(
            f"{found.name} is external: somebody else runs it, and its data aren't touched.",
            "Ask those who run it.",
        )
    if found.kind != "postgres":
        if database:
            raise _refusal(
                f"{found.name} is no PostgreSQL, so it has no database {database!r}.",
                "Leave database out; all data of the service go.",
            )
        return Reset(found.name)
    known = {each.name: each for each in found.objects.databases}
    if database and database not in known:
        raise _refusal(
            f"{found.name} has no database {database!r}.{did_you_mean(database, known)}",
            "Name one of them, or leave database out for all of them.",
        )
    wanted = [known[database]] if database else list(known.values())
    raw = [each for each in trees if each.get("service") == found.name]
    return Reset(found.name, tuple(_database(found, each, raw) for each in wanted))


def refuse_near(names: Iterable[str]) -> None:
    """Raise GroundworkError where a variable is nearly called `database`: all databases would go
    in place of one."""
    if near := difflib.get_close_matches("database", set(names) - {"database"}, n=1, cutoff=0.8):
        raise _refusal(
            f"{near[0]}: no such variable. Did you mean 'database'? Without one, all are reset.",
            "Give -e database=NAME.",
        )


def _service(asked: str, word: str, stack: str, services: Sequence[Service]) -> Service:
    known = {service.name: service for service in services}
    given, slash, name = asked.rpartition("/")
    example = f"{word}/{next(iter(known), 'SERVICE')}" if word != stack else next(iter(known), "")
    if not name:
        raise _refusal(
            "No service is named, so nothing is reset.", f"Give -e service={example}, say."
        )
    if name not in known:
        raise _refusal(
            f"There is no service {name!r}.{did_you_mean(name, known)}",
            "Correct -e service, and run again.",
        )
    if slash and given != word:
        raise _refusal(
            f"service is {asked}, but this stack is {word}.", f"Give -e service={word}/{name}."
        )
    if not slash and word != stack:
        raise _refusal(
            f"On a shared machine its stack has to be named too: {word}.",
            f"Give -e service={word}/{name}, to lose the data of {name} there for good.",
        )
    return known[name]


def _database(
    service: Service, database: OwnedDatabase, trees: Sequence[Mapping[str, Any]]
) -> ResetDatabase:
    mine = [each for each in trees if each.get("database") == database.name]
    roles = [
        asdict(role) | {"password": ""}
        for each, role in service.objects.grants()
        if each == database
    ]
    made = digest((SchemaSetup.from_dict(each) for each in mine), [asdict(database), roles])
    elsewhere = any(each.get("controller") for each in mine)
    return ResetDatabase(
        database.name,
        database.owner,
        "" if elsewhere else made,
        tuple(str(each.get("name") or "") for each in mine),
    )


def _refusal(what: str, next_step: str) -> GroundworkError:
    return GroundworkError(
        what, where="playbooks/reset.yml", next_step=f"{next_step} Nothing was changed."
    )
