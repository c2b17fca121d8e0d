"""Passwords of databases: the verifier that PostgreSQL keeps, the journal of a change under way."""

from __future__ import annotations

import base64
from pathlib import Path

from ansible.module_utils.groundwork.host.postgres_roles import (
    clear_journal,
    journal,
    note,
    scram_verifier,
)


def test_the_verifier_is_that_of_rfc_7677() -> None:
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    assert scram_verifier("pencil", salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
        "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_each_verifier_has_a_salt_of_its_own() -> None:
    assert scram_verifier("pencil") != scram_verifier("pencil")


def test_letters_are_normalised_as_client_libraries_do() -> None:
    salt = b"0123456789abcdef"
    assert scram_verifier("u\u0308", salt) == scram_verifier("\u00fc", salt)
    assert scram_verifier("\u00aa", salt) == scram_verifier("a", salt)
    assert scram_verifier("a\u00a0b", salt) == scram_verifier("a b", salt)
    assert scram_verifier("I\u00adX", salt) == scram_verifier("IX", salt)


def test_the_journal_adds_up_and_goes(tmp_path: Path) -> None:
    directory = tmp_path / "in fra"
    assert journal(directory) == set()
    note(directory, ["B"])
    note(directory, ["A", "B"])
    assert journal(directory) == {"A", "B"}
    assert [path.name for path in directory.iterdir()] == [".new-passwords"]
    clear_journal(directory)
    clear_journal(directory)
    assert list(directory.iterdir()) == []
