"""What a migration is about to do, told before it begins; none of the tree's code runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import GroundworkError
from ..services import Service
from .database import current_revisions
from .effects import Effects, effects_of
from .layout import find_layout
from .runner import reached
from .setup import SchemaSetup
from .state import login_of
from .target import way
from .tree import Step, Tree
from .tree_files import read_tree
from .version_table import DEFAULT_TABLE, Memory

# In place of a revision's id: any
ANY = "*"
_UNTOLD = Effects(ANY, ("can only be told when it runs",))

# Views and an extension's own tables hold nobody's data
_HOLDS_DATA = """SELECT EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND c.relname <> %s
    AND n.nspname <> 'information_schema' AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
) OR EXISTS (SELECT FROM pg_largeobject_metadata)"""


@dataclass(frozen=True)
class Outlook:
    """The revisions before and after, what each of those between does, in order, and whether the
    database holds anything."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    effects: tuple[Effects, ...] = ()
    empty: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a transaction doesn't bring all of it back; a sentence's end for each revision."""
        return tuple(str(each) for each in self.effects if each.reasons)

    @property
    def outside(self) -> tuple[str, ...]:
        """The revisions of which something stays where they fail."""
        return tuple(each.revision for each in self.effects if each.outside)


def foresee(
    service: Service, setup: SchemaSetup, secrets: Mapping[str, str], target: str
) -> Outlook:
    """What a migration to `target` would do; nothing, where it would be refused.

    Raises GroundworkError where there is no tree, or the database can't be read.
    """
    directory, ini, start, memory = setup.paths()
    database = login_of(service, setup, secrets)
    try:
        layout = find_layout(directory, ini, start)
        tree, table = read_tree(layout), Memory(layout, database.key, memory).table()
    except GroundworkError:
        if setup.run_on == "controller":  # its files may be there alone, so nothing can be told
            return Outlook()
        raise
    with database.connect() as connection:
        current = current_revisions(connection, table) if table else None
        name = (table or DEFAULT_TABLE).name
        row = connection.execute(_HOLDS_DATA, [name]).fetchone()
    return outlook(tree, current, target, empty=row == (False,))


def outlook(tree: Tree, current: Sequence[str] | None, target: str, empty: bool) -> Outlook:
    """See `foresee`. `current` None: where env.py has its revisions isn't known yet."""
    before = tuple(current or ())
    if current is None or tree.problems:
        return Outlook(before, (), (_UNTOLD,), empty)
    found = way(tree, current, target) or []
    forked = len(tree.heads) > 1 and (target == "head" or target.startswith("+"))
    steps = [
        Step(id_, tree.by_id[id_].file, "", "down" if down else "up")
        for id_, down in ([] if forked else found)
    ]
    effects = tuple(
        effects_of(each.revision, each.file, each.direction == "down") for each in steps
    )
    return Outlook(before, tuple(reached(before, steps, tree)), effects, empty)
