"""What a PostgreSQL holds, as a comparison needs it: the SQL that asks, and what its answer means.

Asked in one consistent session for each database, in which a dump can be made as well. Each answer
is a line of JSON: the database (`""`: the cluster), what it is, and the values. The SQL is psql's,
for every version from 12 on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import GroundworkError

# For psql's sessions: how values are written as text depends on these, and people set them
OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        *("statement_timeout=0", "idle_in_transaction_session_timeout=0", "lock_timeout=30s"),
        *("timezone=UTC", "datestyle=ISO", "intervalstyle=postgres", "bytea_output=hex"),
        *("extra_float_digits=1", "xmloption=content", "search_path=pg_catalog"),
    )
)
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"

CLUSTER = """\
SELECT jsonb_build_array('', 'version', current_setting('server_version'));
SELECT jsonb_build_array('', 'bootstrap', rolname) FROM pg_roles WHERE oid = 10;
SELECT jsonb_build_array('', 'role', rolname, concat_ws(' ', rolsuper, rolinherit, rolcreaterole,
    rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil,
    md5(rolpassword)))
  FROM pg_authid WHERE rolname !~ '^pg_';
SELECT jsonb_build_array('', 'member', concat_ws(' ', pg_get_userbyid(member), 'in',
    pg_get_userbyid(roleid), bool_or(admin_option)))
  FROM pg_auth_members WHERE pg_get_userbyid(member) !~ '^pg_' GROUP BY member, roleid;
SELECT jsonb_build_array('', 'setting', pg_get_userbyid(setrole), to_jsonb(setconfig))
  FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole <> 0;
"""

_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_RELATION = f"""pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {_SCHEMA}
  AND c.relpersistence <> 't'"""
_NO_MEMBER = """NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e'
  AND d.classid = '{0}'::regclass AND d.objid = {1}.oid)"""
_OWN_RELATION = f"{_RELATION} AND {_NO_MEMBER.format('pg_class', 'c')}"
_OWN_ROUTINE = f"""pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND {_SCHEMA}
  AND {_NO_MEMBER.format("pg_proc", "p")}"""
_OWN_SCHEMA = f"pg_namespace n WHERE {_SCHEMA} AND {_NO_MEMBER.format('pg_namespace', 'n')}"
_HASH = "coalesce(sum(hashtextextended({0}, 0)::numeric), 0)::text"

_SEQUENCES = f"""\
SELECT format('SELECT jsonb_build_array(current_database(), ''sequence'', %L, last_value, '
    'is_called, %s) FROM %I.%I', n.nspname || '.' || c.relname, s.seqincrement, n.nspname,
    c.relname)
  FROM pg_sequence s JOIN {_OWN_RELATION} ON c.oid = s.seqrelid \\gexec
"""  # noqa: S608
# Of an extension's own tables only what its dump has: the rows that its condition names
_TABLES = f"""\
SELECT format('SELECT jsonb_build_array(current_database(), ''table'', %L, count(*), '
    '{_HASH.format("(t.*)::text")}) FROM ONLY %I.%I t %s',
    n.nspname || '.' || c.relname, n.nspname, c.relname, x.condition)
  FROM {_RELATION}
  LEFT JOIN pg_depend d ON d.deptype = 'e' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid
  LEFT JOIN LATERAL (SELECT extcondition[array_position(extconfig, c.oid)] AS condition
    FROM pg_extension e WHERE e.oid = d.refobjid AND c.oid = ANY (e.extconfig)) x ON true
  WHERE c.relkind = 'r' AND (d.objid IS NULL OR x.condition IS NOT NULL) \\gexec
SELECT format('SELECT jsonb_build_array(current_database(), ''revision'', %L, '
    'jsonb_agg(version_num ORDER BY version_num)) FROM %I.%I', n.nspname || '.' || c.relname,
    n.nspname, c.relname)
  FROM {_OWN_RELATION} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version_num'
  WHERE c.relkind = 'r' AND c.relname ~ '^alembic_version' \\gexec
"""  # noqa: S608
# A large object may have holes, which a dump fills with zeros: so not by its pages
_LARGE_OBJECTS = f"""\
SELECT jsonb_build_array(current_database(), 'large_objects', count(DISTINCT m.oid),
    {_HASH.format("m.oid || ':' || at || ':' || md5(lo_get(m.oid, at, 1048576))")})
  FROM pg_largeobject_metadata m
  LEFT JOIN LATERAL (SELECT pageno::bigint * 2048 + octet_length(data) AS size FROM pg_largeobject
    WHERE loid = m.oid ORDER BY pageno DESC LIMIT 1) s ON true
  CROSS JOIN LATERAL generate_series(0::bigint, coalesce(s.size, 0), 1048576) AS at;
"""  # noqa: S608
_PROPERTIES = f"""\
SELECT jsonb_build_array(current_database(), 'database', concat_ws(' ', pg_get_userbyid(datdba),
    pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit,
    md5(shobj_description(oid, 'pg_database'))))
  FROM pg_database WHERE datname = current_database();
SELECT jsonb_build_array(current_database(), 'setting',
    CASE setrole WHEN 0 THEN '' ELSE pg_get_userbyid(setrole) END, to_jsonb(setconfig))
  FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
  WHERE d.datname = current_database();
SELECT jsonb_build_array(current_database(), 'extension', extname, extversion) FROM pg_extension;
SELECT jsonb_build_array(current_database(), 'invalid_index', n.nspname || '.' || c.relname)
  FROM {_OWN_RELATION} JOIN pg_index i ON i.indexrelid = c.oid
  WHERE NOT i.indisvalid AND c.relkind = 'i';
SELECT jsonb_build_array(current_database(), 'objects', kind, count(*)) FROM (
    SELECT CASE c.relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables'
      WHEN 'v' THEN 'views' WHEN 'm' THEN 'materialized views' WHEN 'f' THEN 'foreign tables'
      WHEN 'S' THEN 'sequences' WHEN 'c' THEN 'types' ELSE 'indexes' END AS kind
    FROM {_OWN_RELATION} LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relkind <> 't' AND (c.relkind <> 'i' OR i.indisvalid)
    UNION ALL SELECT 'routines' FROM {_OWN_ROUTINE}
    UNION ALL SELECT 'triggers' FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'policies' FROM pg_policy
    UNION ALL SELECT 'constraints' FROM pg_constraint k JOIN {_OWN_RELATION} ON c.oid = k.conrelid
      AND k.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL SELECT 'publications' FROM pg_publication) AS found GROUP BY kind;
"""  # noqa: S608
# An owner has all by default, whether that is written down or not. MAINTAIN came with version 17.
_ACCESS = f"""\
WITH things(thing, owner, acl) AS (
    SELECT c.relkind::text || ' ' || c.oid::regclass, c.relowner, coalesce(c.relacl,
      acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner))
    FROM {_OWN_RELATION} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT 'column ' || c.oid::regclass || '.' || a.attname, c.relowner, a.attacl
    FROM {_OWN_RELATION} JOIN pg_attribute a ON a.attrelid = c.oid
      AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL SELECT 'schema ' || n.nspname, n.nspowner,
      coalesce(n.nspacl, acldefault('n', n.nspowner)) FROM {_OWN_SCHEMA}
    UNION ALL SELECT 'routine ' || p.oid::regprocedure, p.proowner,
      coalesce(p.proacl, acldefault('f', p.proowner)) FROM {_OWN_ROUTINE}
    UNION ALL SELECT 'large object ' || m.oid, m.lomowner,
      coalesce(m.lomacl, acldefault('L', m.lomowner)) FROM pg_largeobject_metadata m
    UNION ALL SELECT 'database', d.datdba, coalesce(d.datacl, acldefault('d', d.datdba))
    FROM pg_database d WHERE d.datname = current_database()
    UNION ALL SELECT 'server ' || srvname, srvowner,
      coalesce(srvacl, acldefault('S', srvowner)) FROM pg_foreign_server
    UNION ALL SELECT concat_ws(' ', 'default', defaclobjtype, nspname), defaclrole, defaclacl
    FROM pg_default_acl LEFT JOIN pg_namespace ON pg_namespace.oid = defaclnamespace
  ), given AS (
    SELECT privilege_type = 'MAINTAIN' AS maintain, concat_ws(' ', thing, pg_get_userbyid(owner),
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE '=' || pg_get_userbyid(grantee) END, privilege_type,
      is_grantable) AS line
    FROM things, aclexplode(acl))
SELECT jsonb_build_array(current_database(), CASE WHEN maintain THEN 'maintain' ELSE 'access' END,
    count(*), {_HASH.format("line")}) FROM given GROUP BY maintain;
"""  # noqa: S608

_DUMP = """\
\\! pg_dump --format=custom --compress=0 --lock-wait-timeout=30s \
--snapshot="$SNAPSHOT" --file="$OUT" </dev/null && : >/tmp/dumped
"""


def database_sql(dump: bool) -> str:
    """The script for one database. To `dump` it has PGDATABASE and OUT, a file, in its environment,
    and leaves /tmp/dumped where that went well.

    First the facts: from then on nobody takes a table away. A sequence's value isn't part of a
    session's view, so it is asked again behind the dump.
    """
    facts = _SEQUENCES + _TABLES + _LARGE_OBJECTS + _PROPERTIES + _ACCESS
    return "".join(
        (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n",
            "SELECT pg_export_snapshot() AS snapshot \\gset\n\\setenv SNAPSHOT :snapshot\n"
            "SELECT jsonb_build_array(current_database(), 'file', :'file');\n"
            if dump
            else "",
            facts,
            _DUMP + _SEQUENCES if dump else "",
            "COMMIT;\n",
        )
    )


_NAMED = {"role": "roles", "setting": "settings", "extension": "extensions", "table": "tables"}
_NAMED |= {"revision": "revisions", "objects": "objects"}
_LISTED = {"member": "members", "invalid_index": "invalid_indexes"}
_WORDS = {
    "roles": "the role",
    "settings": "the settings of",
    "extensions": "the extension",
    "revisions": "the revision in",
    "objects": "the number of",
}


def parse(lines: str) -> dict[str, Any]:
    """The facts from what psql printed. Raises GroundworkError where that is something else."""
    cluster: dict[str, Any] = {"databases": {}}
    for line in lines.splitlines():
        try:
            database, what, *values = json.loads(line)
        except ValueError:
            raise GroundworkError(
                "PostgreSQL's answer to what it holds can't be read.", details=[line[:200]]
            ) from None
        place = cluster["databases"].setdefault(database, {}) if database else cluster
        if what == "sequence":
            name, last, called, step = values
            place.setdefault("sequences", {}).setdefault(name, []).append(
                last if called else last - step
            )
        elif what in _NAMED:
            name, *rest = values
            place.setdefault(_NAMED[what], {})[name] = rest[0] if len(rest) == 1 else rest
        elif what in _LISTED:
            place.setdefault(_LISTED[what], []).extend(values)
        else:
            place[what] = values[0] if len(values) == 1 else values
    return cluster


def differences(saved: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """How what was `found` after a restore differs from what was `saved`, as sentences."""
    lines = [*_named("", saved, found, ("roles", "settings"))]
    if {*saved.get("members", ())} != {*found.get("members", ())}:
        lines.append("the roles' memberships differ")
    before, after = saved["databases"], found["databases"]
    lines += [f"the database {name} is missing" for name in before if name not in after]
    same = _major(saved) == _major(found)
    for name in before:
        if name in after:
            lines += [f"{name}: {why}" for why in _inside(before[name], after[name], same)]
    return lines


def _inside(saved: Mapping[str, Any], found: Mapping[str, Any], same: bool) -> Iterator[str]:
    for table in sorted({*saved.get("tables", {}), *found.get("tables", {})}):
        rows, others = (each.get("tables", {}).get(table) for each in (saved, found))
        if rows is None or others is None:
            yield f"the table {table} is {'missing' if others is None else 'too many'}"
        elif rows[0] != others[0]:
            yield f"{table} has {others[0]} rows instead of {rows[0]}"
        elif rows != others:
            yield f"{table} has other rows"
    yield from _sequences(saved.get("sequences", {}), found.get("sequences", {}))
    # A newer image has newer versions of extensions: only their names count
    names = {**saved, "extensions": dict.fromkeys(saved.get("extensions", {}), "")}
    others = {**found, "extensions": dict.fromkeys(found.get("extensions", {}), "")}
    yield from _named("", names, others, ("settings", "extensions", "revisions", "objects"))
    for key, words in (
        ("large_objects", "its large objects differ"),
        ("database", "its owner, encoding, collation, limit or comment differ"),
        ("access", "its owners or grants differ"),
        *((("maintain", "its grants of MAINTAIN differ"),) if same else ()),
    ):
        if saved.get(key) != found.get(key):
            yield words
    for index in found.get("invalid_indexes", ()):
        if index not in saved.get("invalid_indexes", ()):
            yield f"the index {index} is invalid"


def _sequences(saved: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name, values in saved.items():
        value = found.get(name, [None])[0]
        low, high = min(values), max(values)
        if value is None:
            yield f"the sequence {name} is missing"
        elif not low <= value <= high:
            wanted = low if low == high else f"{low} to {high}"
            yield f"the sequence {name} is at {value} instead of {wanted}"


def _named(
    prefix: str, saved: Mapping[str, Any], found: Mapping[str, Any], keys: Iterable[str]
) -> Iterator[str]:
    for key in keys:
        before, after = saved.get(key, {}), found.get(key, {})
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                how = "is missing" if name not in after else "is new"
                if name in before and name in after:
                    how = "differs"
                yield f"{prefix}{_WORDS[key]} {name or 'everybody'} {how}"


def _major(facts: Mapping[str, Any]) -> str:
    return str(facts.get("version", "")).split(".", maxsplit=1)[0]
