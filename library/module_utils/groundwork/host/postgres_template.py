"""A database made anew from a template: SQL for psql, given by the cluster's owner.

The template of `app` is `app~template`: a database that takes no connections, as it was after its
migrations and its seed, with the digest of what it was made from as its comment. What is in a
database goes with a copy; its settings and who may connect to it don't, so these are written again.

Each part may be cut short anywhere: a template has its digest from the moment it is one, and a copy
gets the database's name as the last thing; until then there is none of that name. Other sessions
can't come between where a database is renamed: they have to read pg_database to get in, which is
locked meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from .postgres_facts import NOTE, literal

_LONGEST = 63  # bytes of a name

# The names are psql's variables: database, template, before, fresh, owner, digest, note
_BEGIN = """
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
WHERE datname = :'before' AND EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
BEGIN;
LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE;
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :'database';
SELECT format('ALTER DATABASE %I RENAME TO %I', datname, :'before') FROM pg_database
WHERE datname = :'database' \\gexec
COMMIT;
"""
_UNDO = """
SELECT 'restored' FROM pg_database WHERE datname = :'before';
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
WHERE datname = :'database' AND EXISTS (SELECT FROM pg_database WHERE datname = :'before') \\gexec
SELECT format('ALTER DATABASE %I RENAME TO %I', datname, :'database') FROM pg_database
WHERE datname = :'before' \\gexec
"""
# Its name, owner and digest come at one moment, after which nobody gets in
_KEEP = """
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', datname),
  format('DROP DATABASE %I WITH (FORCE)', datname)
FROM pg_database WHERE datname = :'template' \\gexec
BEGIN;
LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE;
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :'database';
ALTER DATABASE :"database" RENAME TO :"template";
ALTER DATABASE :"template" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false;
SELECT format('ALTER DATABASE %I OWNER TO %I', :'template', pg_get_userbyid(10)) \\gexec
COMMENT ON DATABASE :"template" IS :'digest';
COMMIT;
"""
# Dropped first, since a drop waits for a checkpoint, which would have to write all of a fresh copy.
# PostgreSQL 15 and newer can copy through their log, which wants no checkpoints: quicker below
# some 128 MB. The settings are copied as they are, since what a list's value means would be lost
# in SET. That a session of another database reads it is harmless: it has its name at the end.
_COPY = """
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
WHERE datname IN (:'database', :'fresh', :'before') \\gexec
SELECT format('CREATE DATABASE %I TEMPLATE %I OWNER %I', :'fresh', :'template', :'owner') ||
  CASE WHEN current_setting('server_version_num')::int < 150000 THEN ''
    WHEN pg_database_size(:'template') < 128 * 1024 * 1024 THEN ' STRATEGY wal_log'
    ELSE ' STRATEGY file_copy' END \\gexec
INSERT INTO pg_catalog.pg_db_role_setting
SELECT made.oid, setrole, setconfig FROM pg_db_role_setting
JOIN pg_database AS old ON old.oid = setdatabase AND old.datname = :'template'
JOIN pg_database AS made ON made.datname = :'fresh';
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', :'fresh', datconnlimit)
FROM pg_database WHERE datname = :'template' \\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'fresh')
FROM pg_database WHERE datname = :'template' AND datacl IS NOT NULL \\gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, :'fresh',
  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_database, aclexplode(datacl)
WHERE datname = :'template' AND grantee <> datdba \\gexec
BEGIN;
SELECT format('COMMENT ON DATABASE %I IS %L', :'fresh', :'note')
WHERE :'database' <> 'postgres' \\gexec
ALTER DATABASE :"fresh" RENAME TO :"database";
COMMIT;
"""
_ASK = """
SELECT EXISTS (SELECT FROM pg_database WHERE datname = :'template' AND datistemplate
  AND NOT datallowconn AND shobj_description(oid, 'pg_database') = :'digest') AS ready \\gset
\\echo ready :ready
"""


def template_of(database: str) -> str:
    """The name of a database's template."""
    return _named(database, "template")


def begin(database: str) -> str:
    """Set a database aside, where it is there. A former one that was set aside is then dropped."""
    return _script(database, _BEGIN)


def undo(database: str) -> str:
    """What was set aside, back in its place, and the word `restored`; where there is nothing,
    nothing is touched."""
    return _script(database, _UNDO)


def keep(database: str, owner: str, digest: str) -> str:
    """Make a database, which is complete, its own template, and put a copy in its place."""
    return _script(database, _KEEP + _COPY, {"owner": owner, "digest": digest})


def copy(database: str, owner: str, digest: str) -> str:
    """Put a copy of the template in a database's place, where it is one of that digest; says
    `ready t` then, and `ready f` otherwise."""
    names = {"owner": owner, "digest": digest}
    return _script(database, f"{_ASK}\\if :ready\n{_COPY}\\endif\n", names)


def ask(database: str, digest: str) -> str:
    """Say whether there is a template of that digest, as `copy` does."""
    return _script(database, _ASK, {"digest": digest})


def _script(database: str, text: str, more: Mapping[str, str] | None = None) -> str:
    names = {
        "database": database,
        "template": template_of(database),
        "before": _named(database, "before"),
        "fresh": _named(database, "new"),
        "note": NOTE,
        **(more or {}),
    }
    # To psql a backslash in quotes is one of C's
    quoted = {name: literal(value).replace("\\", "\\\\") for name, value in names.items()}
    lines = [f"\\set {name} {value}" for name, value in quoted.items()]
    return "\n".join(["SET client_min_messages = warning;", *lines, text])


def _named(database: str, word: str) -> str:
    name = f"{database}~{word}"
    if len(name.encode()) <= _LONGEST:
        return name
    return f"{hashlib.sha256(database.encode()).hexdigest()[:32]}~{word}"
