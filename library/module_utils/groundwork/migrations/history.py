"""What a person asks of a tree: where its database is, and how it came there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..records import Record
from ..services import Service
from .layout import find_layout
from .setup import SchemaSetup
from .state import SchemaState, schema_states
from .tree_files import read_tree


@dataclass(frozen=True)
class PastRevision(Record):
    """A revision of the tree: whether the database has it, stands at it, and whether it is a
    head."""

    revision: str = ""
    message: str = ""
    file: str = ""
    applied: bool = False
    current: bool = False
    head: bool = False


@dataclass(frozen=True)
class TreeHistory(Record):
    """A tree, its database's state, and its revisions, the newest first."""

    name: str = ""
    service: str = ""
    database: str = ""
    directory: str = ""
    state: SchemaState = field(default_factory=SchemaState)
    revisions: tuple[PastRevision, ...] = ()


def histories(
    services: Sequence[Service], trees: Sequence[SchemaSetup], secrets: Mapping[str, str]
) -> list[TreeHistory]:
    """Each tree's history. Raises GroundworkError where a directory holds no tree."""
    states = schema_states(services, trees, secrets)
    return [_history(tree, states[tree.name]) for tree in trees]


def _history(setup: SchemaSetup, state: SchemaState) -> TreeHistory:
    directory, ini, start, _ = setup.paths()
    tree = read_tree(find_layout(directory, ini, start))
    applied = tree.ancestors(state.current)
    revisions = tuple(
        PastRevision(
            revision=id_,
            message=tree.by_id[id_].message,
            file=tree.by_id[id_].file,
            applied=id_ in applied,
            current=id_ in state.current,
            head=id_ in tree.heads,
        )
        for id_ in reversed(tree.order)
    )
    return TreeHistory(setup.name, setup.service, setup.database, str(directory), state, revisions)
