"""An entry of the kind `container`: its fields, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..services import container, template
from ..text import did_you_mean
from .container_parts import capabilities, flag, number, paths, texts, words
from .mistakes import unknown_options
from .values import port_number, unwritable

KNOWN = (
    *("ports", "health", "url", "lines", "environment", "secrets", "files", "volumes"),
    *("command", "entrypoint", "user", "tmpfs", "read_only", "cap_add", "no_new_privileges"),
    "stop_seconds",
)
_ELSEWHERE = {
    "port": "a container has `ports` by name: ports: {web: {container: 80, port: 8080}}.",
    "password": "a container has `secrets` by name (docs/services.md).",
    "tls": "Groundwork knows no container's way to TLS. Give it its certificate by `files`.",
    "host": "a container runs here.",
    "settings": "what a container reads goes into `environment`, `command` or `files`.",
    "hosts": "a container runs here.",
}
_ELSEWHERE |= dict.fromkeys(("certificate", "key", "names", "ca_file"), _ELSEWHERE["tls"])
_TMPFS = "/tmp:size=64m,mode=1777"  # noqa: S108  in the container
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEALTH = ("http", "tcp", "command", "port")
_PATH = re.compile(r"/[^\s?#\x00-\x1f\x7f-\U0010ffff]*(\?[^\s#\x00-\x1f\x7f-\U0010ffff]*)?")


def container_fields(
    where: str, name: str, entry: Mapping[str, Any], common: Iterable[str], problems: list[str]
) -> dict[str, Any]:
    """The fields of its Service that only a container has; `common` are all entries' options.

    Meaningless where `problems` has grown.
    """
    known = (*(key for key in common if key not in _ELSEWHERE), *KNOWN)
    problems += [f"{where}.{key}: {_ELSEWHERE[key]}" for key in entry if key in _ELSEWHERE]
    problems += unknown_options(where, [key for key in entry if key not in _ELSEWHERE], known)
    if entry.get("external", False) is not False:
        problems.append(
            f"{where}.external: nobody knows here how to ask somebody else's container. Take the "
            "entry out; its address goes into env_files_apps.APP.variables."
        )
    inside, outside = _ports(f"{where}.ports", entry.get("ports"), problems)
    health = _health(f"{where}.health", entry.get("health"), inside, problems)
    uses = _secrets(where, name, entry.get("secrets"), problems)
    environment = texts(f"{where}.environment", entry.get("environment"), problems)
    problems += _twice(where, uses, environment)
    fill = {"ports": inside, "secrets": [use.name for use in uses]}
    said = container.Details(
        health=health,
        url=_url(where, entry.get("url"), health, fill, problems),
        environment=environment,
        secrets=tuple(uses),
        files=_files(f"{where}.files", entry.get("files"), fill, problems),
        volumes=_volumes(f"{where}.volumes", entry.get("volumes"), problems),
        lines=_lines(f"{where}.lines", entry.get("lines"), fill, problems),
        command=words(f"{where}.command", entry.get("command"), problems),
        entrypoint=words(f"{where}.entrypoint", entry.get("entrypoint"), problems),
        read_only=flag(f"{where}.read_only", entry.get("read_only"), problems),
        no_new_privileges=flag(
            f"{where}.no_new_privileges", entry.get("no_new_privileges"), problems
        ),
        cap_add=capabilities(f"{where}.cap_add", entry.get("cap_add"), problems),
        user=texts(where, {"user": entry.get("user")}, problems).get("user", ""),
        tmpfs=_tmpfs(where, entry, problems),
        stop_seconds=number(f"{where}.stop_seconds", entry.get("stop_seconds"), 30, problems),
    )
    problems += _places(where, said)
    first, *more = outside
    return {
        "port": outside[first],
        "more_ports": {each: outside[each] for each in more},
        "inner_ports": inside,
        "details": said,
    }


def _named(where: str, value: Any, what: str, problems: list[str]) -> Mapping[str, Any]:
    """A dictionary by names; what is none becomes one of `problems`, and is left out."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.append(f"{where} must be a dictionary: {what}.")
        return {}
    wrong = [name for name in value if not isinstance(name, str) or not _NAME.fullmatch(name)]
    problems += [
        f"{where}: {name!r} is no name; it takes a-z, 0-9 and _, a letter first." for name in wrong
    ]
    return {name: each for name, each in value.items() if name not in wrong}


def _ports(where: str, value: Any, problems: list[str]) -> tuple[dict[str, int], dict[str, int]]:
    """The ports in the container and on the machine, by name."""
    shape = "{web: {container: 80, port: 8080}}, or {web: 8080} where both are the same"
    inside: dict[str, int] = {}
    outside: dict[str, int] = {}
    for name, each in _named(where, value, shape, problems).items():
        if not isinstance(each, Mapping):
            each = {"container": each, "port": each}
        problems += unknown_options(f"{where}.{name}", each, ("container", "port"))
        number = port_number(f"{where}.{name}.container", each.get("container"), problems)
        if number in inside.values():
            before = next(other for other, port in inside.items() if port == number)
            problems.append(
                f"{where}.{name} and {where}.{before}: both are the container's {number}."
            )
        inside[name] = number
        outside[name] = port_number(f"{where}.{name}.port", each.get("port"), problems)
    if not inside:
        problems.append(f"{where} is missing: at least one port by name, {shape}.")
        return {"": 0}, {"": 0}
    return inside, outside


def _health(
    where: str, value: Any, ports: Mapping[str, int], problems: list[str]
) -> container.Health:
    first = next(iter(ports))
    ways = "{http: /health, port: web}, {tcp: web} or {command: [..]}"
    if not isinstance(value, Mapping) or not value:
        problems.append(
            f"{where} is missing: without it nobody knows when the container is ready, and every "
            f"run would call it well. One of {ways}."
        )
        return container.Health("tcp", first)
    problems += unknown_options(where, value, _HEALTH)
    how = [key for key in ("http", "tcp", "command") if key in value]
    if len(how) != 1 or ("port" in value and how != ["http"]):
        problems.append(f"{where} must be one of {ways}.")
        return container.Health("tcp", first)
    port = value["tcp"] if how == ["tcp"] else value.get("port", first)
    if port not in ports:
        problems.append(f"{where}: no port {port!r} in ports.{did_you_mean(str(port), ports)}")
        port = first
    path, command = "", tuple[str, ...]()
    if how == ["http"]:
        path = value["http"]
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            problems.append(f"{where}.http is {path!r}; it must be a path, from / on.")
    if how == ["command"]:
        test, text = words(f"{where}.command", value["command"], problems), value["command"]
        command = ("CMD-SHELL", text) if isinstance(text, str) else ("CMD", *test)
        if not test:
            problems.append(f"{where}.command must be a list of words, or a line for its shell.")
    return container.Health(how[0], port, path, command)


def _secrets(
    where: str, service: str, value: Any, problems: list[str]
) -> list[container.SecretUse]:
    shape = "{password: APP_PASSWORD_FILE}, {password: {}} for a file alone"
    uses: list[container.SecretUse] = []
    for name, each in _named(f"{where}.secrets", value, shape, problems).items():
        here = f"{where}.secrets.{name}"
        if each is None or isinstance(each, str):
            each = {"file_variable": each or ""}
        if not isinstance(each, Mapping):
            problems.append(f"{here} must be a dictionary, or the variable of its file.")
            continue
        known = ("file_variable", "plain_variable", "password")
        problems += unknown_options(here, each, known)
        file, open_, given = (each.get(key) or "" for key in known)
        for key, text in (("file_variable", file), ("plain_variable", open_)):
            if text and not (isinstance(text, str) and _VARIABLE.fullmatch(text)):
                problems.append(f"{here}.{key}: {text!r} is not a variable name (A-Z, 0-9, _).")
        if file and not str(file).endswith("_FILE"):
            problems.append(
                f"{here}: {file} doesn't end in _FILE, as the variable of a file's path does. "
                f"Where the image reads the secret itself from it, say {{plain_variable: {file}}}; "
                "then `docker inspect` shows it."
            )
        if given and not isinstance(given, str):
            problems.append(f"{here}.password must be text: put it in quotes.")
        elif given and (why := unwritable(given)):
            problems.append(f"{here}.password can't be used: {why}.")
        variable = f"{service.upper().replace('-', '_')}_{name.upper()}"
        uses.append(container.SecretUse(name, variable, str(file), str(open_), str(given)))
    return uses


def _twice(
    where: str, uses: Iterable[container.SecretUse], environment: Iterable[str]
) -> list[str]:
    """Variables of the container's that two things would set."""
    found: list[str] = []
    seen = dict.fromkeys(environment, f"{where}.environment")
    for use in uses:
        for variable in filter(None, (use.file_variable, use.plain_variable)):
            here = f"{where}.secrets.{use.name}"
            if variable in seen:
                found.append(f"{here} and {seen[variable]}: both set the variable {variable}.")
            seen.setdefault(variable, here)
    return found


def _url(
    where: str, value: Any, health: container.Health, fill: Mapping[str, Any], problems: list[str]
) -> str:
    if value is None:
        asked = health.how == "http" and health.port == next(iter(fill["ports"]))
        return f"{'http' if asked else 'tcp'}://{{host}}:{{port}}"
    if not isinstance(value, str) or not value:
        problems.append(f"{where}.url must be text such as http://{{host}}:{{port}}.")
        return ""
    problems += _template(f"{where}.url", value, fill)
    return value


def _lines(where: str, value: Any, fill: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    found = texts(where, value, problems)
    for name, text in found.items():
        if not _VARIABLE.fullmatch(name):
            problems.append(f"{where}: {name!r} is not a variable name (A-Z, 0-9, _).")
        problems += _template(f"{where}.{name}", text, fill)
    return found


def _template(where: str, text: str, fill: Mapping[str, Any]) -> list[str]:
    if why := template.problem(text, fill["ports"], fill["secrets"], loose=False):
        return [f"{where} {why}"]
    if why := unwritable(text) or unwritable(template.worst(text)):
        return [f"{where} can't be written: {why}."]
    return []


def _files(where: str, value: Any, fill: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    found = texts(where, value, problems, lines=True)
    for path, text in found.items():
        paths(where, [path], problems)
        if why := template.problem(text, fill["ports"], fill["secrets"], loose=True):
            problems.append(f"{where}.{path} {why}")
    return found


def _volumes(where: str, value: Any, problems: list[str]) -> dict[str, str]:
    found = _named(where, value, "{data: /path/in/the/container}", problems)
    for name, path in found.items():
        if "_" in name:  # it becomes a part of the volume's name, where a _ is the stack's
            problems.append(f"{where}: {name!r} is no name for a volume; it takes no _.")
        paths(where, [path], problems)
        if ":" in str(path):
            problems.append(
                f"{where}.{name}: {path!r}: a volume is at a path alone, without a colon."
            )
    return {name: str(path) for name, path in found.items()}


def _tmpfs(where: str, entry: Mapping[str, Any], problems: list[str]) -> tuple[str, ...]:
    if "tmpfs" in entry:
        return paths(f"{where}.tmpfs", entry["tmpfs"], problems)
    volumes = entry.get("volumes")
    taken = volumes.values() if isinstance(volumes, Mapping) else ()
    return () if "/tmp" in taken else (_TMPFS,)  # noqa: S108


def _places(where: str, said: container.Details) -> list[str]:
    """Places in the container where two things would be."""
    found: list[str] = []
    seen = {f"/run/secrets/{use.name}": f"secrets.{use.name}" for use in said.secrets}
    named = [(f"volumes.{name}", place) for name, place in said.volumes.items()]
    named += [("tmpfs", place.partition(":")[0]) for place in said.tmpfs]
    named += [(f"files.{place}", place) for place in said.files]
    for option, place in named:
        if other := seen.get(place.rstrip("/")):
            both = f"{where}.{option} and {where}.{other}: both are at {place}."
            found.append(both if other != option else f"{where}.{option}: it is twice at {place}.")
        seen[place.rstrip("/")] = option
    return found
