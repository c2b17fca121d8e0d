"""The engine's settings file, daemon.json: ours put in, a person's kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import GroundworkError

FILE = Path("/etc/docker/daemon.json")
MARKER = FILE.with_name("installed-by-groundwork")  # the role docker leaves it


@dataclass(frozen=True)
class DaemonConfig:
    """What daemon.json should hold: its text, and the names of the settings that differ."""

    text: str
    differs: tuple[str, ...]


def merge_daemon_config(
    text: str,
    options: Mapping[str, Any],
    *,
    swarm: bool = False,
    path: str = "/etc/docker/daemon.json",
) -> DaemonConfig:
    """Put `options` into the settings in `text` (empty: there is no file yet).

    Settings that `options` doesn't name stay. Within a setting that is a dictionary (`log-opts`)
    the same holds for its keys. Where nothing differs, the text comes back as it was written.
    On a swarm `live-restore` is taken out, because the engine refuses the two together.
    Raises GroundworkError, with line and column, for a text that isn't a JSON object.
    """
    present = _parse(text, path)
    wanted = _merged(present, _with_text_log_opts(options))
    if swarm:
        wanted.pop("live-restore", None)
    names = [*present, *(name for name in wanted if name not in present)]
    differs = tuple(n for n in names if not _same(present.get(n), wanted.get(n)))
    if not differs:
        return DaemonConfig(text, ())
    return DaemonConfig(json.dumps(wanted, indent=2, ensure_ascii=False) + "\n", differs)


def differing(
    options: Mapping[str, Any], swarm: bool, file: Path = FILE, marker: Path = MARKER
) -> list[str]:
    """The settings that differ from `options`, where the engine is one that the role installed.

    What this user can't see isn't compared: a file that is root's alone, and `live-restore` on a
    machine of which only root can tell whether it is in a swarm.
    """
    if not options or not _there(marker):
        return []
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except PermissionError:
        return []
    except (OSError, UnicodeDecodeError):
        return ["all of them"]  # the role says what is wrong with the file
    try:
        state = swarm or _there(Path(data_root(text, options)) / "swarm/docker-state.json")
        differs = merge_daemon_config(text, options, swarm=bool(state)).differs
    except GroundworkError:
        return ["all of them"]
    return [name for name in differs if name != "live-restore" or state is not None]


def _there(path: Path) -> bool | None:
    """Whether there is such a file; None where only root can tell."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return None
    return True


def data_root(text: str, options: Mapping[str, Any], path: str = "/etc/docker/daemon.json") -> str:
    """The directory where the engine keeps its data, by these settings."""
    return str(_merged(_parse(text, path), options).get("data-root") or "/var/lib/docker")


def _parse(text: str, path: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise GroundworkError(
            f"The Docker engine's settings are not valid JSON: {error.msg}",
            where=f"{path}, line {error.lineno}, column {error.colno}",
            next_step="Correct that place, or move the file away, and run again. "
            "Nothing in it was changed.",
        ) from None
    if not isinstance(value, dict):
        raise GroundworkError(
            f"The Docker engine's settings must be a JSON object, found {_json_type(value)}",
            where=f"{path}, line 1",
            next_step='Begin the file with "{" and end it with "}", or move it away, and run '
            "again. Nothing in it was changed.",
        )
    return value


def _json_type(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else json.dumps(value)


def _merged(present: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(present)
    for name, value in options.items():
        old = result.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[name] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def _with_text_log_opts(options: Mapping[str, Any]) -> dict[str, Any]:
    """The engine reads nothing but texts in log-opts; people write `max-file: 3`."""
    result = dict(options)
    if isinstance(result.get("log-opts"), Mapping):
        result["log-opts"] = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in result["log-opts"].items()
        }
    return result


def _same(one: object, other: object) -> bool:
    """Equal as JSON: to Python, True is 1, and to the engine it isn't."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
