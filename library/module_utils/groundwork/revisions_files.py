"""An Alembic tree read from its files, without running them."""

from __future__ import annotations

import ast
import configparser
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import GroundworkError
from .revisions import Problem, Revision, Tree, misfits

if sys.version_info >= (3, 11):
    import tomllib
else:  # Ubuntu 22.04's, on a shared machine; Alembic brings it along
    import tomli as tomllib

NAMES = ("revision", "down_revision", "depends_on", "branch_labels")

_CODE = re.compile(r"^(?:def|async def|class|@)", re.MULTILINE)
_NAMED = re.compile(rf"^(?:{'|'.join(NAMES)})\b", re.MULTILINE)
_SPLIT = {"space": r"\s+", "newline": r"\n+", "os": re.escape(os.pathsep), ":": ":", ";": ";"}


@dataclass(frozen=True)
class Layout:
    """Where a tree's parts are: its folder, its configuration file, its folders of versions."""

    schema_dir: Path
    ini: Path | None
    versions: tuple[Path, ...]
    recursive: bool = False


def read(schema_dir: Path, alembic_ini: Path | None = None) -> Tree:
    """The revisions of `schema_dir`. Raises GroundworkError where that is no Alembic tree."""
    layout = find_layout(schema_dir, alembic_ini)
    revisions: list[Revision] = []
    problems: list[Problem] = []
    for path in version_files(layout):
        try:
            revisions.append(read_revision(path))
        except (OSError, ValueError, SyntaxError, RecursionError) as error:
            problems.append(Problem(str(path), _why(error)))
    if not problems:
        problems += misfits(revisions)
    return Tree(str(schema_dir), tuple(revisions), tuple(problems))


def version_files(layout: Layout) -> list[Path]:
    """The files that Alembic takes for revisions, sorted by name within their folder."""
    return [
        path
        for folder in layout.versions
        for path in sorted(folder.rglob("*.py") if layout.recursive else folder.glob("*.py"))
        if not path.name.startswith((".#", "__init__")) and "__pycache__" not in path.parts
    ]


def read_revision(path: Path) -> Revision:
    """The revision of a file. Raises ValueError or SyntaxError where it can't be told for sure."""
    text = path.read_text(encoding="utf-8")
    values, document = _assignments(text)
    id_ = values.get("revision")
    if not isinstance(id_, str) or not id_:
        raise ValueError('it doesn\'t say `revision = "..."`')
    if "down_revision" not in values:
        raise ValueError("it doesn't say `down_revision = ...`")
    message = document.strip().splitlines()[0] if document.strip() else path.stem
    return Revision(
        id_,
        _names(values["down_revision"]),
        _names(values.get("depends_on")),
        _names(values.get("branch_labels")),
        str(path),
        message,
    )


def _assignments(text: str) -> tuple[dict[str, Any], str]:
    """The values that a revision's file gives to its names, and its docstring.

    What stands in front of the first function is enough, unless a name comes again below: of
    long migrations most of the time would go into their bodies.
    """
    code = _CODE.search(text)
    if code and not _NAMED.search(text, code.start()):
        try:
            return _literals(text[: code.start()])
        except SyntaxError:
            pass  # that `def` was inside of a text
    return _literals(text)


def _literals(text: str) -> tuple[dict[str, Any], str]:
    module = ast.parse(text)
    values: dict[str, Any] = {}
    for node in module.body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in NAMES:
                try:
                    values[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
                except (ValueError, TypeError):
                    raise ValueError(f"its {target.id} is worked out when it runs") from None
    return values, ast.get_docstring(module) or ""


def _names(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else (value or ())
    if not isinstance(names, tuple | list | set) or not all(isinstance(n, str) for n in names):
        raise ValueError(f"{value!r} is no revision")
    return tuple(names)


def _why(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    if isinstance(error, OSError):
        return error.strerror or "it can't be read"
    if isinstance(error, UnicodeDecodeError):
        return "it isn't UTF-8 text"
    return str(error)


def find_layout(schema_dir: Path, alembic_ini: Path | None = None) -> Layout:
    """Where the tree's parts are; an alembic.ini in the folder or above it is heeded if it is
    this tree's (its script_location), and so is the pyproject.toml above.
    """
    schema_dir = Path(schema_dir).absolute()
    if not (schema_dir / "env.py").is_file():
        raise GroundworkError(
            "There is no Alembic tree: the folder has no env.py.",
            where=str(schema_dir),
            next_step="Point schema_dir at the folder that holds env.py and versions/.",
        )
    if alembic_ini is not None and not alembic_ini.is_file():
        raise GroundworkError("There is no such alembic.ini.", where=str(alembic_ini))
    given = [alembic_ini.absolute()] if alembic_ini else []
    beside = [schema_dir / "alembic.ini", schema_dir.parent / "alembic.ini"]
    for path in given or beside:
        options = _ini_options(path)
        if options is not None and (given or _is_of(options, path, schema_dir)):
            return _layout(schema_dir, path, options, path.parent)
    options = _toml_options(schema_dir.parent / "pyproject.toml")
    if options and _is_of(options, schema_dir.parent / "pyproject.toml", schema_dir):
        return _layout(schema_dir, None, options, schema_dir.parent)
    return _layout(schema_dir, None, {}, schema_dir.parent)


def _ini_options(path: Path) -> dict[str, Any] | None:
    """The section [alembic] of a file, `%(here)s` filled in as Alembic does; None: there is none.

    Read without interpolation, since a `%` in an URL that nobody asks for must not be an error.
    """
    parser = configparser.RawConfigParser()
    try:
        if not parser.read(path, encoding="utf-8") or not parser.has_section("alembic"):
            return None
    except (configparser.Error, UnicodeDecodeError) as error:
        message = str(error).splitlines()[0]
        raise GroundworkError(f"alembic.ini can't be read: {message}", where=str(path)) from None
    here = path.parent.as_posix()
    return {
        name: value.replace("%(here)s", here).replace("%%", "%")
        for name, value in parser.items("alembic")
    }


def _toml_options(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            options = tomllib.load(file).get("tool", {}).get("alembic")
    except (OSError, tomllib.TOMLDecodeError):
        return None
    here = path.parent.as_posix()
    return {
        name: value.replace("%(here)s", here).replace("%%", "%")
        if isinstance(value, str)
        else [str(item).replace("%(here)s", here).replace("%%", "%") for item in value]
        if isinstance(value, list)
        else value
        for name, value in (options or {}).items()
    }


def _is_of(options: Mapping[str, Any], path: Path, schema_dir: Path) -> bool:
    location = str(options.get("script_location", ""))
    return bool(location) and (path.parent / location).resolve() == schema_dir.resolve()


def _layout(schema_dir: Path, ini: Path | None, options: Mapping[str, Any], folder: Path) -> Layout:
    value = options.get("version_locations") or []
    if isinstance(value, str):
        separator = options.get("path_separator", options.get("version_path_separator", ""))
        pattern = _SPLIT.get(str(separator).strip(), r"[\s,]+")
        value = [item.strip() for item in re.split(pattern, value) if item.strip()]
    versions = tuple(folder / item for item in value) or (schema_dir / "versions",)
    recursive = str(options.get("recursive_version_locations", "")).lower() in ("true", "1", "yes")
    return Layout(schema_dir, ini, versions, recursive)
