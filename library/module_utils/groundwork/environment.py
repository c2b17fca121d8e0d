"""What of the environment our processes and libraries see: decided here and nowhere else.

A shell, a `.env` that a shell read and a play's `environment:` hold what other programs are told.
Which engine is meant, proxies, certificates and an app's own variables count. What would send a run
to another server, project, image or checkout than the inventory's, or make it fail, does not; the
inventory has a variable for each thing of that sort that may be chosen. docs/design.md lists both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# PostgreSQL's client library: all that versions 10 to 18 read. By name, and not by their beginning:
# PGVECTOR_DIMENSIONS or PGADMIN_DEFAULT_EMAIL may be an app's own.
POSTGRES = _words("""
    PGAPPNAME PGCHANNELBINDING PGCLIENTENCODING PGCONNECT_TIMEOUT PGDATABASE PGDATESTYLE PGGEQO
    PGGSSDELEGATION PGGSSENCMODE PGGSSLIB PGHOST PGHOSTADDR PGKRBSRVNAME PGLOADBALANCEHOSTS
    PGLOCALEDIR PGMAXPROTOCOLVERSION PGMINPROTOCOLVERSION PGOAUTHDEBUG PGOPTIONS PGPASSFILE
    PGPASSWORD PGPORT PGREALM PGREQUIREAUTH PGREQUIREPEER PGREQUIRESSL PGSERVICE PGSERVICEFILE
    PGSSLCERT PGSSLCERTMODE PGSSLCOMPRESSION PGSSLCRL PGSSLCRLDIR PGSSLKEY PGSSLMAXPROTOCOLVERSION
    PGSSLMINPROTOCOLVERSION PGSSLMODE PGSSLNEGOTIATION PGSSLROOTCERT PGSSLSNI PGSYSCONFDIR
    PGTARGETSESSIONATTRS PGTZ PGUSER PSYCOPG_IMPL
""")
# What the docker command does, and not which engine does it: another platform's image is another
# image, and what another builder builds never reaches the engine
DOCKER = _words("""
    DOCKER_API_VERSION DOCKER_BUILDKIT DOCKER_CLI_EXPERIMENTAL DOCKER_CONTENT_TRUST
    DOCKER_CONTENT_TRUST_SERVER DOCKER_DEFAULT_PLATFORM
""")
# What git sets for a hook, which may well start a playbook: another checkout than ours
GIT = _words("""
    GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_CONFIG GIT_CONFIG_COUNT
    GIT_CONFIG_PARAMETERS GIT_DIR GIT_GRAFT_FILE GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE
    GIT_INTERNAL_SUPER_PREFIX GIT_NAMESPACE GIT_NO_REPLACE_OBJECTS GIT_OBJECT_DIRECTORY GIT_PREFIX
    GIT_REPLACE_REF_BASE GIT_SHALLOW_FILE GIT_WORK_TREE
""")
# ALEMBIC_CONFIG names another tree; SSLKEYLOGFILE has Python write our sessions' keys into a file
OTHERS = frozenset({"ALEMBIC_CONFIG", "SSLKEYLOGFILE"})

_NAMES = POSTGRES | DOCKER | GIT | OTHERS
_FAMILIES = ("COMPOSE_", "BUILDX_", "BUILDKIT_")

# How Compose takes its own variables for not set; most of them by an empty value
COMPOSE_UNSET = {"COMPOSE_PARALLEL_LIMIT": "-1"}

# No file is here, whoever looks: in place of those that libpq takes from a person's home
NOWHERE = f"{os.devnull}/nowhere"
POSTGRES_FILES: dict[str, Any] = {"passfile": NOWHERE, "sslcrl": NOWHERE}


def counts(name: str) -> bool:
    """Whether a variable of that name is for our processes to see."""
    return name not in _NAMES and not name.startswith(_FAMILIES)


def seen(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with `given` over it, less what doesn't count."""
    variables = {**os.environ, **(given or {})}
    return {name: value for name, value in variables.items() if counts(name)}


def unset(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """What Docker and Compose would read there and doesn't count, each as if it were not set.

    For a module that isn't ours: a task's `environment:` sets variables, and can't remove them.
    """
    return {
        name: COMPOSE_UNSET.get(name, "")
        for name in sorted({*os.environ, *(given or {})})
        if name in DOCKER or name.startswith(_FAMILIES)
    }


@contextmanager
def controlled(given: Mapping[str, str] | None = None) -> Iterator[None]:
    """Let the block, its threads, libraries and processes see what counts; all is as it was after.

    `given`: a play's or task's `environment:`, over this process's own. What Python reads when it
    starts is too late for that; of it, PYTHONPATH is obeyed all the same.
    """
    directories = [part for part in (given or {}).get("PYTHONPATH", "").split(os.pathsep) if part]
    before = list(sys.path)
    sys.path[:0] = directories
    try:
        with _replaced(seen(given)):
            yield
    finally:
        sys.path[:] = before


@contextmanager
def lent(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the block."""
    with _replaced({**os.environ, **variables}):
        yield


@contextmanager
def _replaced(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _become(wanted)
    try:
        yield
    finally:
        _become(before)


def _become(wanted: Mapping[str, str]) -> None:
    # One by one: what doesn't change is never missing for a thread that reads it
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
