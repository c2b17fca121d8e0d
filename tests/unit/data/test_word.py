"""The word that a command which replaces data has to say."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.data import check_word
from ansible.module_utils.groundwork.errors import GroundworkError


@pytest.mark.parametrize(
    ("word", "given", "fits"),
    [
        ("shop", "", True),
        ("shop", "shop", True),
        ("shop", "shop@vm", False),
        ("shop@vm", "", False),
        ("shop@vm", "shop", False),
        ("shop@vm", "shop@vm", True),
    ],
)
def test_a_shared_machine_wants_its_own(word: str, given: str, fits: bool) -> None:
    if fits:
        check_word(word, given, "shop", "playbooks/x.yml")
        return
    with pytest.raises(GroundworkError, match=f"those of {word}"):
        check_word(word, given, "shop", "playbooks/x.yml")
