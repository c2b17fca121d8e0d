"""An Alembic tree's revisions, compared with a database's: pure functions, Alembic not needed.

`tree_files` reads a tree from its directory, in milliseconds for a hundred files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from ..records import Record

State = Literal["at_head", "pending", "ahead", "two_heads", "empty", "unknown"]


@dataclass(frozen=True)
class Step(Record):
    """A revision applied or taken back, or to be so; `seconds` with its commit."""

    revision: str
    file: str
    message: str
    direction: str  # up or down
    seconds: float = 0.0


@dataclass(frozen=True)
class Revision:
    """One revision: its id, what it stands on, its file and the first line of its docstring."""

    id: str
    parents: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    file: str = ""
    message: str = ""


@dataclass(frozen=True)
class TreeProblem:
    """A file whose revision can't be told, and why; or a revision that doesn't fit in."""

    file: str
    why: str


@dataclass(frozen=True)
class Tree:
    """The revisions of a directory.

    `problems` says what could not be told from the files; then the tree is not to be trusted,
    and every comparison with it is `unknown`.
    """

    directory: str
    revisions: tuple[Revision, ...]
    problems: tuple[TreeProblem, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Revision]:
        """The revisions by their ids."""
        return {revision.id: revision for revision in self.revisions}

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The ids that no other revision stands on; one in a healthy tree."""
        parents = {parent for revision in self.revisions for parent in revision.parents}
        return tuple(sorted(set(self.by_id) - parents))

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All ids, each behind what it stands on; those of a circle are left out."""
        left = {id_: len(set(self.below(id_))) for id_ in self.by_id}
        above: dict[str, list[str]] = {id_: [] for id_ in self.by_id}
        for id_ in sorted(self.by_id):
            for below in set(self.below(id_)):
                above[below].append(id_)
        found = sorted(id_ for id_, count in left.items() if not count)
        for id_ in found:  # grows while it is walked
            for higher in above[id_]:
                left[higher] -= 1
                if not left[higher]:
                    found.append(higher)
        return tuple(found)

    def below(self, id_: str) -> tuple[str, ...]:
        """The ids that a revision stands on directly, as far as the tree has them."""
        revision = self.by_id[id_]
        depends = [self.resolve(name) or "" for name in revision.depends_on]
        return tuple(name for name in (*revision.parents, *depends) if name in self.by_id)

    def ancestors(self, ids: Iterable[str]) -> set[str]:
        """`ids`, where the tree has them, and all that they stand on."""
        found: set[str] = set()
        waiting = [id_ for id_ in ids if id_ in self.by_id]
        while waiting:
            id_ = waiting.pop()
            if id_ not in found:
                found.add(id_)
                waiting += self.below(id_)
        return found

    def resolve(self, name: str) -> str | None:
        """The id that `name` means: an id, a branch's label, or an id's unique beginning."""
        if name in self.by_id:
            return name
        labelled = [revision.id for revision in self.revisions if name in revision.labels]
        if labelled:
            return labelled[0]
        begun = [id_ for id_ in self.by_id if name and id_.startswith(name)]
        return begun[0] if len(begun) == 1 else None


@dataclass(frozen=True)
class TreeComparison:
    """A database against a tree.

    - `at_head`: nothing to do.
    - `pending`: the revisions of `pending` are to be applied, in this order.
    - `empty`: the same, for a database that has no revision yet.
    - `ahead`: the database has the revisions of `unknown`, which the tree has not.
    - `two_heads`: the tree has more than one head.
    - `unknown`: the tree could not be read in full.
    """

    state: State
    heads: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]


def compare(tree: Tree, current: Sequence[str]) -> TreeComparison:
    """Compare a database's revisions (`current`, as its version table has them) with a tree."""
    unknown = tuple(id_ for id_ in current if id_ not in tree.by_id)
    done = tree.ancestors(current)
    pending = tuple(id_ for id_ in tree.order if id_ not in done)
    state: State
    if tree.problems:
        state = "unknown"
    elif len(tree.heads) > 1:
        state = "two_heads"
    elif unknown:
        state = "ahead"
    elif not pending:
        state = "at_head"
    else:
        state = "pending" if current else "empty"
    return TreeComparison(state, tree.heads, pending, unknown)


def nothing_to_do(tree: Tree, current: Sequence[str], target: str) -> bool:
    """Whether a database is where `target` (head, base, a full revision) wants it, for certain."""
    found = compare(tree, current)
    if target == "base":
        return not current
    if found.state in ("unknown", "ahead"):
        return False
    return found.state == "at_head" if target == "head" else list(current) == [target]


def misfits(revisions: Sequence[Revision]) -> tuple[TreeProblem, ...]:
    """What keeps revisions from making a tree: an id twice, a parent that isn't there, a circle."""
    found: list[TreeProblem] = []
    files: dict[str, str] = {}
    for revision in revisions:
        if revision.id in files:
            other = Path(files[revision.id]).name
            found.append(
                TreeProblem(revision.file, f"revision {revision.id} is in {other} as well")
            )
        files.setdefault(revision.id, revision.file)
    tree = Tree("", tuple(revisions))
    for revision in revisions:
        missing = [name for name in revision.parents if name not in files]
        missing += [name for name in revision.depends_on if tree.resolve(name) is None]
        found += [
            TreeProblem(revision.file, f"it stands on revision {name}, which no file holds")
            for name in missing
        ]
    circle = sorted(set(files) - set(tree.order))
    if circle:
        found.append(TreeProblem(files[circle[0]], f"revisions in a circle: {', '.join(circle)}"))
    return tuple(found)
