"""What a database's template was made from, as one short text: another one, another template."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .layout import find_layout
from .setup import SchemaSetup

VERSION = 1  # of what is digested


def digest(trees: Iterable[SchemaSetup], more: Any) -> str:
    """Changes with the trees' files and seeds, and with `more`, which JSON can hold.

    Of a command that fills the database, its words count and the files that these name; what those
    import isn't seen. Raises GroundworkError where a directory holds no tree.
    """
    total = hashlib.sha256(json.dumps([VERSION, more], sort_keys=True).encode())
    for tree in trees:
        directory, ini, start, _ = tree.paths()
        layout = find_layout(directory, ini, start)
        words = [tree.name, list(tree.seed), tree.seed_file, dict(tree.environment)]
        total.update(json.dumps([words, list(tree.python)], sort_keys=True).encode())
        files = [*directory.rglob("*.py"), *(p for v in layout.versions for p in v.rglob("*.py"))]
        for path in (*sorted(set(files)), *(p for p in (layout.ini, layout.toml) if p)):
            total.update(f"\0{path}\0".encode() + _bytes(path))
        for path in seed_files(tree.seed, tree.seed_file, Path(tree.start_directory)):
            total.update(f"\0{path}\0".encode() + _bytes(path))
    return total.hexdigest()[:32]


def seed_files(command: Sequence[str], file: str, directory: Path) -> list[Path]:
    """The files that a seed names: its SQL, or words of its command that are files or modules."""
    if file:
        return [Path(file).expanduser()]
    found = []
    for word, before in zip(command, ("", *command), strict=False):
        paths = [directory / word]
        if before == "-m":
            module = directory.joinpath(*word.split("."))
            paths = [module.with_suffix(".py"), module / "__main__.py"]
        found += [path for path in paths if path.is_file()]
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the run that reads it says so
        return b""
