"""Where an Alembic tree's parts are: its configuration, its directories of versions, its package.

Read as Alembic reads them, without importing it or anything of the tree's.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import GroundworkError

if sys.version_info >= (3, 11):
    import tomllib
else:  # Ubuntu 22.04's, on a shared machine; Alembic brings it along
    import tomli as tomllib

_OPTIONS = (
    "script_location",
    "version_locations",
    "recursive_version_locations",
    "prepend_sys_path",
    "path_separator",
    "version_path_separator",
)
_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}


@dataclass(frozen=True)
class Layout:
    """A tree's parts, all absolute.

    `directory` is where `alembic` is run by hand: relative paths and `prepend_sys_path` start
    there.
    `package_root` holds the package of a `script_location = package:directory`; `lost` are
    directories of versions, named by a package, that aren't found.
    """

    schema_dir: Path
    ini: Path | None
    toml: Path | None
    directory: Path
    versions: tuple[Path, ...]
    recursive: bool = False
    package_root: Path | None = None
    lost: tuple[str, ...] = ()


def find_layout(
    schema_dir: Path, alembic_ini: Path | None = None, start: Path | None = None
) -> Layout:
    """Where the tree's parts are. `alembic_ini` (an .ini, or a .toml) is taken as it is given.

    Without it, the nearest directory counts, from the tree's own upwards, whose alembic.ini or
    pyproject.toml names this tree as its script_location; an alembic.ini inside the tree is the
    tree's own without saying so. `start` is the directory that its relative paths start from, where
    that isn't the file's. Raises GroundworkError.
    """
    schema_dir = Path(schema_dir).absolute()
    if not (schema_dir / "env.py").is_file():
        raise GroundworkError(
            "There is no Alembic tree: the directory has no env.py.",
            where=str(schema_dir),
            next_step="Point schema_dir (directory in schema_trees) at the one that holds env.py "
            "and versions/.",
        )
    if start is not None and not start.is_dir():
        raise GroundworkError(
            "The directory that the tree is to run in isn't there.",
            where=str(start),
            next_step="Correct the tree's working_directory (schema_trees).",
        )
    if alembic_ini is not None:
        return _given(schema_dir, alembic_ini.absolute(), start)
    real = schema_dir.resolve()
    for directory in dict.fromkeys((schema_dir, *schema_dir.parents, real, *real.parents)):
        ini, toml = directory / "alembic.ini", directory / "pyproject.toml"
        from_ini, from_toml = _ini_options(ini), _toml_options(toml)
        options = (from_toml or {}) | (from_ini or {})
        own = directory == schema_dir and from_ini is not None and "script_location" not in options
        if own or any(_leads_to(options, each, schema_dir) for each in (directory, start) if each):
            has_ini = ini.is_file()  # also one that has nothing but the loggers in it
            found = (ini if has_ini else None, toml if from_toml is not None else None)
            return _layout(schema_dir, *found, options, start or directory)
    return _layout(schema_dir, None, None, {}, start or schema_dir.parent)


def _given(schema_dir: Path, path: Path, start: Path | None) -> Layout:
    """The layout by the file that somebody named; its paths start in its directory or one above."""
    if not path.is_file():
        raise GroundworkError(
            "There is no such alembic.ini.",
            where=str(path),
            next_step="Correct schema_alembic_ini (alembic_ini in schema_trees), or leave it "
            "out to have it found.",
        )
    is_toml = path.suffix == ".toml"
    options = _toml_options(path) if is_toml else _ini_options(path)
    if options is None:
        raise GroundworkError(
            f"{path.name} says nothing of Alembic: it has no "
            f"[{'tool.alembic' if is_toml else 'alembic'}].",
            where=str(path),
            next_step="Correct schema_alembic_ini (alembic_ini in schema_trees), or leave it "
            "out to have it found.",
        )
    above = (start,) if start else (path.parent, *path.parent.parents)
    directory = next((each for each in above if _leads_to(options, each, schema_dir)), above[0])
    location = str(options.get("script_location", ""))
    if directory == above[0] and location and not _is_resource(location):
        other = (directory / location).resolve()
        if other != schema_dir.resolve() and (other / "env.py").is_file():
            raise GroundworkError(
                "The alembic.ini belongs to another tree: its script_location isn't this one.",
                where=str(path),
                details=[f"script_location: {other}", f"the tree's directory: {schema_dir}"],
                next_step="Correct the tree's directory or its alembic_ini (in schema_trees, or "
                "schema_dir and schema_alembic_ini), so that both say the same.",
            )
    toml = path if is_toml else directory / "pyproject.toml"
    if not is_toml and _toml_options(toml) is not None:
        options = (_toml_options(toml) or {}) | options
        return _layout(schema_dir, path, toml, options, directory)
    return _layout(
        schema_dir, None if is_toml else path, toml if is_toml else None, options, directory
    )


def _ini_options(path: Path) -> dict[str, Any] | None:
    """What the section [alembic] of a file says of the tree; None: there is none.

    Only that is filled in (`%(here)s`): a `%` in an URL that nobody asks for is no error.
    """
    parser = configparser.ConfigParser({"here": path.parent.as_posix().replace("%", "%%")})
    try:
        if not parser.read(path, encoding="utf-8") or not parser.has_section("alembic"):
            return None
        return {
            name: parser.get("alembic", name)
            for name in _OPTIONS
            if parser.has_option("alembic", name)
        }
    except (configparser.Error, UnicodeDecodeError) as error:
        message = str(error).splitlines()[0]
        raise GroundworkError(
            f"alembic.ini can't be read: {message}",
            where=str(path),
            next_step="Correct it, or name another file as schema_alembic_ini.",
        ) from None


def _toml_options(path: Path) -> dict[str, Any] | None:
    """The same of [tool.alembic]."""
    try:
        with path.open("rb") as file:
            options = tomllib.load(file).get("tool", {}).get("alembic")
    except (OSError, ValueError):  # not there; another tool's to complain about
        return None
    if not isinstance(options, dict):
        return None
    here = path.parent.as_posix()

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(item) for item in value]
        if isinstance(value, str):
            return value.replace("%(here)s", here).replace("%%", "%")
        return value

    return {name: filled(options[name]) for name in _OPTIONS if name in options}


def _is_resource(location: str) -> bool:
    """Whether it is Alembic's `package:directory`."""
    return not Path(location).is_absolute() and ":" in location


def _tail(location: str) -> tuple[str, ...]:
    """`my.app:db/migrations` as the parts of a path below the package's root."""
    package, *rest = location.split(":")
    return (*package.split("."), *(part for item in rest for part in Path(item).parts))


def _leads_to(options: Mapping[str, Any], directory: Path, schema_dir: Path) -> bool:
    location = str(options.get("script_location") or "")
    if not location:
        return False
    if _is_resource(location):
        return _package_root(location, schema_dir) is not None
    return (directory / location).resolve() == schema_dir.resolve()


def _package_root(location: str, schema_dir: Path) -> Path | None:
    """The directory above the package that `package:directory` begins with, if that is
    `schema_dir`."""
    tail = _tail(location) if _is_resource(location) else ()
    if not tail:
        return None
    for path in (schema_dir, schema_dir.resolve()):
        if path.parts[-len(tail) :] == tail:
            return path.parents[len(tail) - 1]
    return None


def _layout(
    schema_dir: Path,
    ini: Path | None,
    toml: Path | None,
    options: Mapping[str, Any],
    directory: Path,
) -> Layout:
    root = _package_root(str(options.get("script_location") or ""), schema_dir)
    separators = ("path_separator", "version_path_separator")
    prepended = _listed(options, "prepend_sys_path", separators[:1], r", *|(?: +)|:")
    roots = [*([root] if root else []), *(directory / item for item in prepended), directory]
    versions: list[Path] = []
    lost: list[str] = []
    for item in _listed(options, "version_locations", separators, r", *|(?: +)"):
        if not _is_resource(item):
            versions.append(directory / item)
            continue
        places = [each.joinpath(*_tail(item)) for each in roots]
        package = next((place for place in places if place.is_dir()), None)
        if package:
            versions.append(package)
        else:
            lost.append(item)
    recursive = options.get("recursive_version_locations") in ("true", True)
    found = tuple(versions) if versions or lost else (schema_dir / "versions",)
    return Layout(schema_dir, ini, toml, directory, found, recursive, root, tuple(lost))


def _listed(
    options: Mapping[str, Any], name: str, separators: Sequence[str], legacy: str
) -> list[str]:
    """A list of paths, split as Alembic splits it."""
    value = options.get(name) or []
    if isinstance(value, list):
        return [str(item) for item in value]
    given = next((options[each] for each in separators if each in options), None)
    if given is None:
        return [item for item in re.split(legacy, value) if item]
    separator = _SEPARATORS.get(str(given))
    if separator is None:
        raise GroundworkError(
            f"path_separator is {given!r}, which Alembic doesn't know.",
            where="alembic.ini",
            next_step=f"Give one of {', '.join(_SEPARATORS)}.",
        )
    return [item.strip() for item in str(value).split(separator) if item.strip()]
