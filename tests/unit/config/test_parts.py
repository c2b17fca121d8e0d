"""The words behind --tags and --skip-tags."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.parts import check_parts
from ansible.module_utils.groundwork.errors import GroundworkError

TAGS = {"always", "images", "stack", "schema"}


def test_parts_and_ansibles_own_words_pass() -> None:
    check_parts(["all"], [], TAGS)
    check_parts(["all"], [], {"always"})
    check_parts(["schema", "stack"], ["images"], TAGS)
    check_parts(["tagged"], ["never"], TAGS)
    check_parts(
        ["all"], ["molecule-notest", "notest", "molecule-idempotence-notest"], TAGS
    )  # each run of Molecule


@pytest.mark.parametrize(
    ("run", "skip", "said"),
    [
        (["schem"], [], "--tags schem: no such part of this playbook. Did you mean 'schema'?"),
        (["schema", "firewall"], [], "--tags firewall: no such part of this playbook. Known are:"),
        (["all"], ["imges"], "--skip-tags imges: no such part of this playbook. Did you mean 'im"),
    ],
)
def test_another_word_is_refused(run: list[str], skip: list[str], said: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        check_parts(run, skip, TAGS)
    assert said in str(caught.value)
    assert "Next:" in str(caught.value)


def test_a_playbook_without_parts_says_that() -> None:
    with pytest.raises(GroundworkError, match="it runs as a whole"):
        check_parts(["schema"], [], {"always"})
