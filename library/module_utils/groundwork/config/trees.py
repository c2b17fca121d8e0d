"""The Alembic trees of the inventory: checked, or one error that names every mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from ..errors import GroundworkError
from ..services import Service, secrets_of, service_type
from ..text import did_you_mean
from .apps import App, as_text
from .mistakes import refuse, unknown_options
from .seeds import parse_seed
from .services import migrated

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Directories that are called after Alembic, and not after what is in the database
_PLAIN = {"alembic", "migrations", "migration", "db", "database", "src", "app", "versions", "."}
_OPTIONS = (
    *("name", "service", "database", "directory", "alembic_ini", "python", "working_directory"),
    *("environment", "env_app", "run_on", "seed"),
)
_TEXTS = ("name", "service", "database", "directory", "alembic_ini", "working_directory", "env_app")
RUN_ON = ("target", "controller")


@dataclass(frozen=True)
class SchemaTree:
    """One entry of `schema_trees`; the tree of `schema_dir` has no name.

    Paths are as the inventory has them. `service` is empty where there is no PostgreSQL. `python`
    is a path of an interpreter, or a command with its arguments; empty, our own Python runs it.
    `user` owns the database, `secret` is the variable of its password in infra/.env, and
    `url_variable` the one in which apps get the address.
    `env_app`: whose env file's lines are exported for it; empty for none. `seed` is a command,
    `seed_file` a file of SQL; see `parse_seed`.
    """

    name: str
    service: str
    database: str
    directory: str
    alembic_ini: str = ""
    python: tuple[str, ...] = ()
    working_directory: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    env_app: str = ""
    run_on: str = "target"
    user: str = ""
    secret: str = ""
    url_variable: str = ""
    seed: tuple[str, ...] = ()
    seed_file: str = ""


def parse_trees(
    raw: Any, services: Iterable[Service], apps: Iterable[App], variable: str = "schema_trees"
) -> list[SchemaTree]:
    """The trees of the inventory, in its order.

    Raises GroundworkError with a line for each mistake.
    """
    known = {service.name: service for service in services}
    by_name = {app.name: app for app in apps}
    problems: list[str] = []
    trees: list[SchemaTree] = []
    if not isinstance(raw, (list, tuple)):
        problems.append(f"{variable} must be a list; each entry has at least a directory.")
        raw = []
    for number, entry in enumerate(raw):
        named = entry.get("name") if isinstance(entry, Mapping) else None
        where = f"{variable}[{named or number}]"
        found = len(problems)
        if not isinstance(entry, Mapping):
            problems.append(f"{where} must be a dictionary with a directory.")
            continue
        problems += _option_problems(where, entry)
        if len(problems) == found:
            tree = _tree(where, entry, known, by_name, problems)
            if tree:
                trees.append(tree)
    problems += _clashes(variable, trees)
    refuse(variable, problems, "The Alembic trees can't be used as the inventory names them")
    return trees


def nameless_tree(
    directory: str, service: str, alembic_ini: str, services: Iterable[Service], seed: Any = None
) -> SchemaTree | None:
    """The tree of `schema_dir`, for stacks that have one; None where that is empty.

    Raises GroundworkError where `schema_service` leaves a question, or `schema_seed` is none.
    """
    problems: list[str] = []
    command, file = parse_seed("schema_seed", seed, problems)
    refuse("schema_seed", problems, "The seed can't be used as the inventory names it")
    if not directory:
        return None
    found = migrated(services, service)
    if found is None:
        return SchemaTree("", "", "", directory, alembic_ini)
    database = found.options["database"]
    tree = SchemaTree(
        "", found.name, database, directory, alembic_ini, seed=command, seed_file=file
    )
    return replace(tree, **_owner(found, database))


def check_target(names: Sequence[str], target: str, tree: str, stamp: str = "") -> None:
    """Raise GroundworkError where `schema_tree` is none of the trees, or `schema_target` or
    `schema_stamp` needs one. `names` is empty where there is `schema_dir`, whose tree has none."""
    option, revision = ("schema_stamp", stamp) if stamp else ("schema_target", target)
    if tree and tree not in names:
        known = did_you_mean(tree, names) if names else " That of schema_dir has no name."
        what = f"schema_tree: no tree {tree!r}.{known}"
    elif stamp and target != "head":
        what = f"Both schema_target ({target}) and schema_stamp ({stamp}) are given."
    elif (stamp or target != "head") and not tree and len(names) > 1:
        what = (
            f"{option}: {revision} is for one tree, and there are {len(names)}: {', '.join(names)}."
        )
    else:
        return
    raise GroundworkError(
        what,
        where="schema_trees",
        next_step="Give one of schema_target (migrates) and schema_stamp (only writes down), for "
        "one tree (-e schema_tree=NAME), and run again; nothing was changed.",
    )


def _option_problems(where: str, entry: Mapping[str, Any]) -> list[str]:
    problems = unknown_options(where, entry, _OPTIONS)
    problems += [
        f"{where}.{key} must be text."
        for key in _TEXTS
        if not isinstance(entry.get(key) or "", str)
    ]
    if not entry.get("directory"):
        problems.append(f"{where}.directory is missing: the one that holds env.py and versions/.")
    return problems


def _tree(
    where: str,
    entry: Mapping[str, Any],
    services: Mapping[str, Service],
    apps: Mapping[str, App],
    problems: list[str],
) -> SchemaTree | None:
    before = len(problems)
    directory = str(entry["directory"])
    name = tree_name(entry)
    if not _NAME.fullmatch(name):
        problems.append(f"{where}.name: {name!r} takes letters, digits, '.', '_' and '-'.")
    service = _service(where, str(entry.get("service") or ""), services, problems)
    python = _python(where, entry.get("python"), problems)
    run_on = str(entry.get("run_on") or "target")
    if run_on not in RUN_ON:
        problems.append(f"{where}.run_on: no place {run_on!r}.{did_you_mean(run_on, RUN_ON)}")
    environment = _environment(where, entry.get("environment"), problems)
    seed, seed_file = parse_seed(f"{where}.seed", entry.get("seed"), problems)
    app = str(entry.get("env_app") or "")
    if app:
        problems += _app_problems(where, app, apps)
    if len(problems) > before or service is None:
        return None
    database = str(entry.get("database") or service.options["database"])
    databases = [each.name for each in service.objects.databases]
    if databases and database not in databases:
        near = did_you_mean(database, databases)
        problems.append(f"{where}.database: {service.name} has no database {database!r}.{near}")
        return None
    owned = _owner(service, database)
    if python and not app:
        app = _app_of(service, database, owned["user"], apps)
    return SchemaTree(
        name,
        service.name,
        database,
        directory,
        str(entry.get("alembic_ini") or ""),
        python,
        str(entry.get("working_directory") or ""),
        environment,
        app,
        run_on,
        seed=seed,
        seed_file=seed_file,
        **owned,
    )


def _owner(service: Service, database: str) -> dict[str, Any]:
    """Who owns a database, the variable of the password, and the one of the address."""
    user = service.options["user"]
    found = next((each for each in service.objects.databases if each.name == database), None)
    owner, url = (found.owner, found.url_variable) if found else (user, service.url_variable)
    named = (secret.variable for secret in secrets_of(service) if secret.role == owner)
    own = service_type(service).secret_variable(service)
    secret = own if owner == user else next(named, own)
    return {"user": owner, "secret": secret, "url_variable": url}


def _app_of(service: Service, database: str, user: str, apps: Mapping[str, App]) -> str:
    """The first app on the machine that has this database's address as its owner."""
    plain = (service.options["user"], service.options["database"])
    for app in apps.values():
        for login in app.logins if app.audience == "host" else ():
            named = (login.role, login.database) if login.role else plain
            if login.service == service.name and named == (user, database):
                return app.name
    return ""


def tree_name(entry: Mapping[str, Any]) -> str:
    """An entry's name, else one from its directory: `backend/app/alembic` is backend's."""
    if entry.get("name"):
        return str(entry["name"])
    directory = str(entry["directory"])
    parts = [part for part in PurePath(directory).parts if part not in ("/", "..")]
    return next((part for part in reversed(parts) if part not in _PLAIN), "main")


def _service(
    where: str, name: str, services: Mapping[str, Service], problems: list[str]
) -> Service | None:
    postgres = [each.name for each in services.values() if each.kind == "postgres"]
    if not name:
        if len(postgres) == 1 or "postgres" in postgres:
            return services["postgres" if "postgres" in postgres else postgres[0]]
        there = f"there are: {', '.join(postgres)}" if postgres else "there is none"
        problems.append(f"{where}.service has to name a PostgreSQL of stack_services; {there}.")
    elif name not in services:
        problems.append(f"{where}.service: no service {name!r}.{did_you_mean(name, postgres)}")
    elif name not in postgres:
        problems.append(f"{where}.service: {name} is no PostgreSQL; Alembic needs one.")
    else:
        return services[name]
    return None


def _python(where: str, given: Any, problems: list[str]) -> tuple[str, ...]:
    if not given:
        return ()
    if isinstance(given, str):
        first = given.split()[0]
        if first != given and "/" not in first:
            words = ", ".join(given.split())
            problems.append(f"{where}.python: a command is a list, [{words}].")
        return (given,)
    if isinstance(given, (list, tuple)) and all(isinstance(each, str) and each for each in given):
        return tuple(given)
    problems.append(f"{where}.python must be the path of a Python, or a command as a list.")
    return ()


def _environment(where: str, given: Any, problems: list[str]) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        problems.append(f"{where}.environment must be a dictionary of variables.")
        return {}
    problems += [
        f"{where}.environment.{name}: no name of a variable."
        for name in given
        if not _VARIABLE.fullmatch(str(name))
    ]
    problems += [
        f"{where}.environment.{name} must be text."
        for name, value in given.items()
        if isinstance(value, (Mapping, list, tuple))
    ]
    return {str(name): as_text(value) for name, value in given.items()}


def _app_problems(where: str, name: str, apps: Mapping[str, App]) -> list[str]:
    if name not in apps:
        return [f"{where}.env_app: no app {name!r}.{did_you_mean(name, apps)}"]
    if apps[name].audience != "host":
        return [
            f"{where}.env_app: the addresses of {name} are for another place "
            f"(audience {apps[name].audience}); name an app of audience host."
        ]
    return []


def _clashes(variable: str, trees: list[SchemaTree]) -> list[str]:
    names = [tree.name for tree in trees]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [f"{variable}: two trees are called {name}; give each a name." for name in twice]
