"""Where a database is to be brought, and what is refused before anything changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import GroundworkError
from .database import Database
from .tree import Tree, compare

_RELATIVE = re.compile(r"[+-]\d+")


def refuse_two_heads(tree: Tree, target: str) -> None:
    """Two heads, where the way could lead to either."""
    if tree.problems or len(tree.heads) < 2 or not (target == "head" or target.startswith("+")):
        return
    raise GroundworkError(
        f"The revisions have {len(tree.heads)} heads: {', '.join(tree.heads)}.",
        where=tree.directory,
        details=[f"{head}: {tree.by_id[head].file}" for head in tree.heads],
        next_step="Two branches of work met. Join them with `alembic merge heads`, or let one "
        "stand on the other (its down_revision). The database was not touched.",
    )


def refuse_ahead(tree: Tree, current: Sequence[str], database: Database) -> None:
    """A database that has revisions which the tree has not."""
    unknown = compare(tree, current).unknown
    if unknown:
        raise GroundworkError(
            f"The database is ahead: its revision {', '.join(unknown)} is not in this checkout.",
            where=f"{database}; {tree.directory}",
            next_step="Get the code that brought it (`git pull`, or the branch: `git log --all "
            f"--oneline -S {unknown[0]}` finds it), then run again. Nothing was changed.",
        )


def resolve(tree: Tree, current: Sequence[str], target: str) -> tuple[str, bool]:
    """The target as Alembic wants it, and whether the way there is down."""
    if target in ("head", "base") or _RELATIVE.fullmatch(target):
        return target, target == "base" or target.startswith("-")
    revision = tree.resolve(target)
    if revision is None:
        begun = sorted(id_ for id_ in tree.by_id if id_.startswith(target))
        raise GroundworkError(
            f"There is no revision {target!r}, nor a single one that begins so.",
            where=tree.directory,
            details=[f"It could be {', '.join(begun)}."] if begun else [],
            next_step="Give head, base, +N, -N or a revision of this tree. Nothing was changed.",
        )
    return revision, revision not in current and revision in tree.ancestors(current)


def way(tree: Tree, current: Sequence[str], target: str) -> list[tuple[str, bool]] | None:
    """The revisions on the way to `target`, in order, each with whether it is taken back.

    From the tree's files alone; None where they don't tell. Alembic has the last word.
    """
    done = tree.ancestors(current)
    if tree.problems or set(current) - set(tree.by_id):
        return None
    up = [(id_, False) for id_ in tree.order if id_ not in done]
    down = [(id_, True) for id_ in reversed(tree.order) if id_ in done]
    if target in ("head", "base"):
        return up if target == "head" else down
    if _RELATIVE.fullmatch(target):
        return (down if target.startswith("-") else up)[: abs(int(target))]
    wanted = tree.resolve(target)
    if wanted is None:
        return None
    below = tree.ancestors([wanted])
    if wanted in done and wanted not in current:
        return [each for each in down if each[0] not in below]
    return [each for each in up if each[0] in below]
