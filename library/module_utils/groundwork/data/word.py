"""The word that names a stack, which a command that replaces its data has to say."""

from __future__ import annotations

from ..errors import GroundworkError


def check_word(word: str, given: str, stack: str, playbook: str) -> None:
    """A laptop's command must not reach a shared machine's data by a mistyped target.

    On a laptop the word is the stack's name and may be left out. Raises GroundworkError.
    """
    if given in ([word] if word != stack else ["", word]):
        return
    raise GroundworkError(
        f"This would put other data in the place of those of {word}"
        + (f", and names {given}." if given else "."),
        where=playbook,
        next_step=f"Give -e restore_data={word}, where that is meant. Nothing was changed.",
    )
