"""The parts of a playbook that --tags and --skip-tags name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..errors import GroundworkError
from ..text import did_you_mean

# Ansible's own words, which no task has to have, and those that Molecule leaves out of its runs
_SPECIAL = frozenset(
    {
        *("all", "always", "never", "tagged", "untagged"),
        *("notest", "molecule-notest", "molecule-idempotence-notest"),
    }
)


def check_parts(run: Iterable[str], skip: Iterable[str], tags: Collection[str]) -> None:
    """Raise GroundworkError where one of the typed tags is none of the playbook's.

    Ansible itself would run nothing, or leave nothing out, without a word. `run`: what --tags has,
    `all` where nothing was typed; `skip`: what --skip-tags has; `tags`: those of the play's tasks.
    """
    parts = sorted(set(tags) - _SPECIAL)
    for option, words in (("--tags", run), ("--skip-tags", skip)):
        for word in words:
            if word in parts or word in _SPECIAL:
                continue
            raise GroundworkError(
                f"{option} {word}: no such part of this playbook." + did_you_mean(word, parts)
                if parts
                else f"{option} {word}: this playbook has no parts; it runs as a whole.",
                where="the command line",
                next_step="Correct it, or leave it out: a run does by itself only what is needed. "
                "Nothing was changed.",
            )
