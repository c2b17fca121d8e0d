"""The parameters of the module alembic_migrate as typed values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from .. import dotenv
from ..errors import GroundworkError
from ..text import did_you_mean
from .database import Database
from .migrate import Request
from .setup import SchemaSetup

# Names of an app's variables whose values no output may show
_SECRET = re.compile(r"PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY", re.IGNORECASE)


def database_of(params: Mapping[str, Any]) -> Database:
    """The address and login, the password as given or from an env file. Raises GroundworkError."""
    names = ("host", "port", "user", "database", "connect_timeout")
    return Database(
        **{name: params[name] for name in names},
        password=_password(params),
        sslmode=params["sslmode"] or "",
        sslrootcert=params["sslrootcert"] or "",
    )


def request_of(
    params: Mapping[str, Any], database: Database, check: bool, diff: bool
) -> tuple[Request, set[str]]:
    """What is asked for, and what of the app's env file no output may show.

    Raises GroundworkError where that file can't be read, or a variable stands for nothing.
    """
    setup = SchemaSetup(
        name=params["tree"],
        python=tuple(params["python"] or ()),
        start_directory=params["start_directory"] or params["schema_dir"],
    )
    variables, secrets = variables_of(params, database, check)
    ini, file, directory = (
        Path(params[name]) if params[name] else None
        for name in ("alembic_ini", "version_table_file", "directory")
    )
    request = Request(
        schema_dir=Path(params["schema_dir"]),
        alembic_ini=ini,
        target=params["target"],
        lock_wait=params["lock_wait"],
        lock_timeout=params["lock_timeout"],
        check=check,
        show_sql=diff,
        version_table_file=file,
        interpreter=setup.interpreter(params["timeout"]),
        scheme=params["url_scheme"],
        variables=variables,
        directory=directory,
    )
    return request, secrets


def variables_of(
    params: Mapping[str, Any], database: Database, check: bool
) -> tuple[dict[str, str], set[str]]:
    """What the app's code finds in its environment, and what of it no output may show.

    Raises GroundworkError as `request_of` does.
    """
    lines = _read_lines(Path(file), check) if (file := params["app_env_file"]) else {}
    if name := params["url_variable"]:
        lines[name] = database.url(params["url_scheme"])
    # What everybody sees anyway is no secret: POSTGRES_PWD=polar of a template, in ~/polar
    open_words = f"{params['app_env_file']} {database.user} {database.database} {database.host}"
    secrets = {
        value
        for name, value in lines.items()
        if _SECRET.search(name) and (value == database.password or value not in open_words)
    }
    return _variables(database, lines, params["environment"], params["tree"]), secrets


def _password(params: Mapping[str, Any]) -> str:
    """The password as given, or from the env file."""
    if params["password"] is not None:
        return str(params["password"])
    path, name = Path(params["env_file"]), params["password_variable"]
    values = _read_lines(path)
    if not values.get(name):
        raise GroundworkError(f"The env file has no {name}.", where=str(path))
    return values[name]


def _read_lines(path: Path, check: bool = False) -> dict[str, str]:
    """An env file's variables; in a check none where it isn't there yet. Raises GroundworkError."""
    try:
        return dotenv.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        if check and isinstance(error, FileNotFoundError):
            return {}
        raise GroundworkError(
            f"The env file can't be read: {error.strerror}.",
            where=str(path),
            next_step="Run the playbook from its start, which writes this file.",
        ) from None


def _variables(
    database: Database, lines: Mapping[str, str], given: Mapping[str, str], name: str = ""
) -> dict[str, str]:
    """What a tree's code finds in its environment: an app's `lines`, the login as PostgreSQL's
    client library names it, and what the inventory gives, where `$PGHOST` and the like stand for
    those. Raises GroundworkError for one that isn't there.
    """
    known = {**lines, **database.variables()}
    expanded = {}
    for variable, value in given.items():
        try:
            expanded[variable] = Template(value).substitute(known)
        except (KeyError, ValueError) as error:
            lacking = str(error.args[0]) if isinstance(error, KeyError) else ""
            near = did_you_mean(lacking, known) if lacking else ""
            raise GroundworkError(
                f"environment.{variable}: {f'there is no ${lacking}.{near}' if lacking else value}",
                where=f"schema_trees: {name}",
                next_step="Name $PGHOST, $PGPORT, $PGUSER, $PGPASSWORD, $PGDATABASE or a line of "
                "the app's env file; a dollar that is none is written $$. Nothing was changed.",
            ) from None
    return {**known, **expanded}
