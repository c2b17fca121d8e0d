"""What PostgreSQL keeps of a password, and which passwords it may not have yet.

It keeps them in its volume, so another one in a file changes nothing (`postgres_objects` does).

`infra/.new-passwords` lists the variables of passwords that were made while the volume was there
already. It is written before them and removed after the database has them, so that a run that was
interrupted between the two is finished by the next.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stringprep
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ..files import make_directories, replacing

JOURNAL = ".new-passwords"
WRONG_PASSWORD = "28P01"


def journal(directory: Path) -> set[str]:
    """The variables whose new values may not be in their databases yet."""
    path = directory / JOURNAL
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


def note(directory: Path, variables: Iterable[str]) -> None:
    """Add variables to the journal."""
    make_directories(directory, public=True)
    names = sorted(journal(directory) | set(variables))
    with replacing(directory / JOURNAL) as fresh:
        fresh.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def clear_journal(directory: Path) -> None:
    """The databases have them all: drop the journal."""
    (directory / JOURNAL).unlink(missing_ok=True)


def scram_verifier(password: str, salt: bytes = b"", iterations: int = 4096) -> str:
    """What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803); a random salt for b"".

    A password can't be worked out from it where it is long and random.
    """
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    words = (base64.b64encode(x).decode() for x in (salt, hashlib.sha256(client).digest(), server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *words)


def _prepared(password: str) -> str:
    """The password as client libraries normalise it (SASLprep, RFC 4013) before they hash it."""
    if password.isascii():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in password
        if not stringprep.in_table_b1(char)
    )
    return unicodedata.normalize("NFKC", mapped)
