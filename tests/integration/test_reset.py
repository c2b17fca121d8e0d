"""playbooks/reset.yml: data made anew, from a template; what a kill or a failing seed leaves."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .schema_server import Server, revision, server_of, table, write_tree
from .stack import Play, Stack, docker, family, kill, new_stack

ITEMS = f"""\
{table("items")}
op.execute('ALTER DATABASE app SET search_path = "$user", public, elsewhere')
op.execute("GRANT TEMPORARY ON DATABASE app TO reader")"""
SEED_SQL = "COPY items (id) FROM stdin;\n1\n2\n3\n\\.\n"
SEED_PY = """\
import os
import psycopg

with psycopg.connect("", autocommit=True) as connection:
    connection.execute("INSERT INTO items VALUES (41), (42)")
print("filled", os.environ["PGDATABASE"], os.environ["APP_ENV"], "with", os.environ["PGPASSWORD"])
"""
# All that a database has besides what is in its tables
PROPERTIES = """
SELECT pg_get_userbyid(datdba), datconnlimit, encoding, datcollate, datallowconn, datistemplate,
  shobj_description(oid, 'pg_database'),
  (SELECT array_agg(item::text ORDER BY item::text) FROM unnest(datacl) AS item),
  (SELECT array_agg(setrole::regrole::text || setconfig::text) FROM pg_db_role_setting
   WHERE setdatabase = pg_database.oid),
  (SELECT array_agg(pg_get_userbyid(defaclrole)::text || defaclobjtype::text || item::text
     ORDER BY defaclobjtype, item::text) FROM pg_default_acl, unnest(defaclacl) AS item),
  (SELECT array_agg(nspname::text || nspowner::regrole::text || coalesce(nspacl::text, '')
     ORDER BY nspname)
   FROM pg_namespace WHERE nspname !~ '^pg_'),
  (SELECT array_agg(relname::text || relowner::regrole::text || coalesce(relacl::text, '')
     ORDER BY relname)
   FROM pg_class WHERE relnamespace = 'public'::regnamespace),
  (SELECT array_agg(extname::text || extowner::regrole::text ORDER BY extname) FROM pg_extension)
FROM pg_database WHERE datname = current_database()"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A PostgreSQL with two databases and a reader, a tree in one, and a Redis."""
    stack = new_stack(tmp_path_factory.mktemp("reset") / "work space", "groundwork-reset", 16700)
    services = {name: stack.services[name] for name in ("postgres", "redis")}
    services["postgres"] |= {
        "extensions": ["dblink"],
        "databases": {"reports": None},
        "roles": {"reader": {"access": "read", "databases": ["app", "reports"]}},
    }
    apps = {"backend": {"path": "apps/backend/.env", "services": ["postgres", "redis"]}}
    apps["backend"]["variables"] = {"APP_ENV": "test"}  # type: ignore[assignment]
    first = revision("ab01", None, ITEMS, 'op.drop_table("items")', "Items")
    write_tree(stack.workspace / "backend" / "alembic", first)
    (stack.workspace / "seed.sql").write_text(SEED_SQL)
    (stack.workspace / "backend" / "seed.py").write_text(SEED_PY)
    stack.variables |= {"stack_services": services, "env_files_apps": apps}
    stack.variables["schema_trees"] = trees("seed.sql")
    stack.up()
    yield stack
    stack.destroy()


def trees(seed: Any) -> list[dict[str, Any]]:
    tree = {"directory": "backend/alembic", "python": sys.executable, "seed": seed}
    return [tree | {"working_directory": "backend"}]


def reset(stack: Stack, service: str = "postgres", *arguments: str, **variables: Any) -> Play:
    play = stack.play("reset", *arguments, service=service, **variables)
    assert play.code == 0, play.output
    return play


def ask(stack: Stack, text: str, database: str = "app") -> list[tuple[Any, ...]]:
    with server_of(stack).connect(database) as connection:
        cursor = connection.execute(text.encode())
        return cursor.fetchall() if cursor.description else []


def items(stack: Stack) -> list[int]:
    return [row[0] for row in ask(stack, "SELECT id FROM items ORDER BY 1")]


def databases(stack: Stack) -> list[str]:
    rows = ask(stack, "SELECT datname FROM pg_database ORDER BY 1", "postgres")
    return [row[0] for row in rows if row[0] not in ("postgres", "template0", "template1")]


def test_a_reset_database_is_as_a_fresh_one_and_the_second_is_a_copy(stack: Stack) -> None:
    fresh = ask(stack, PROPERTIES)
    assert fresh[0][0] == "app" and "elsewhere" in str(fresh) and "reader" in str(fresh)
    before = stack.started_at()
    with server_of(stack).connect("app") as busy:  # somebody who goes on working
        busy.execute("INSERT INTO items VALUES (99)")
        first = reset(stack).output
        assert "up        ab01" in first and "seed      backend" in first
    assert items(stack) == [1, 2, 3]
    assert ask(stack, PROPERTIES) == fresh
    assert databases(stack) == ["app", "app~template", "reports", "reports~template"]
    ask(stack, "INSERT INTO items VALUES (98)")
    second = reset(stack).output
    assert "ab01  Items" not in second and "seed      " not in second
    assert items(stack) == [1, 2, 3]
    assert ask(stack, PROPERTIES) == fresh
    assert stack.started_at() == before
    idle = stack.up()
    assert idle.idle, idle.output
    assert "~" not in idle.output and "~" not in stack.play("status").output
    reader = Server("127.0.0.1", stack.postgres_port, "reader",
                    stack.env["POSTGRES_READER_PASSWORD"], "app")  # fmt: skip
    with reader.connect() as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (3,)
        with pytest.raises(Exception, match="not currently accepting connections"):
            reader.connect("app~template")


def test_another_revision_makes_another_template_and_one_database_is_reset_alone(
    stack: Stack,
) -> None:
    reset(stack)
    ask(stack, "CREATE TABLE kept (id int)", "reports")
    second = revision("ab02", "ab01", table("prices"), 'op.drop_table("prices")', "Prices")
    tree = stack.workspace / "backend" / "alembic"
    write_tree(tree, second)
    try:
        checked = stack.play("reset", "--check", service="postgres", database="app").output
        assert "would" in checked and "prices" not in str(ask(stack, PROPERTIES))
        assert "up        ab02  Prices" in reset(stack, database="app").output
        assert "prices" in str(ask(stack, PROPERTIES))
        assert "kept" in str(ask(stack, PROPERTIES, "reports"))
        assert "ab02" not in reset(stack, database="app").output.split("──")[0]
    finally:
        (tree / "versions" / "ab02.py").unlink()
    assert "kept" not in str(ask(stack, PROPERTIES, "reports")) or reset(stack)
    assert "prices" not in str(ask(stack, PROPERTIES))


def test_a_seed_may_be_a_command_of_the_trees_python(stack: Stack) -> None:
    given = {"schema_trees": trees(["python", "seed.py"])}
    output = reset(stack, "postgres", database="app", **given).output
    assert items(stack) == [41, 42]
    assert "filled app test with ********" in output
    assert stack.postgres_password not in output
    script = stack.workspace / "backend" / "seed.py"
    script.write_text(SEED_PY.replace("(42)", "(43)"))
    reset(stack, database="app", **given)
    assert items(stack) == [41, 43]
    anew = reset(stack, database="app", schema_reset_anew=True, **given).output
    assert "up        ab01" in anew


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ("bad.sql", 'relation "nowhere" does not exist'),
        ("missing.sql", "The seed can't be read: No such file"),
        (["sh", "-c", "echo no >&2; exit 3"], "The seed failed (exit status 3)"),
        (["no-such-command"], "The seed can't be started"),
    ],
)
def test_a_failing_seed_leaves_the_database_as_it_was(stack: Stack, seed: Any, words: str) -> None:
    (stack.workspace / "bad.sql").write_text("DELETE FROM items;\nSELECT * FROM nowhere;\n")
    reset(stack)
    ask(stack, "INSERT INTO items VALUES (97)")
    told = stack.refuse(playbook="reset", service="postgres", schema_trees=trees(seed))
    assert words in told
    assert "The database app is as it was before." in told
    assert items(stack) == [1, 2, 3, 97]
    assert databases(stack) == ["app", "app~template", "reports", "reports~template"]
    reset(stack)
    assert items(stack) == [1, 2, 3]


@pytest.mark.parametrize("anew", [True, False])
def test_after_a_kill_the_next_run_ends_it(stack: Stack, anew: bool) -> None:
    reset(stack)
    for number in range(4):
        running = stack.start("reset", service="postgres", schema_reset_anew=anew)
        time.sleep(1.2 + 0.5 * number)
        kill(family(running.pid))
        running.communicate()
        time.sleep(0.5)  # the engine's part goes on by itself
        if number % 2:
            stack.up()
            assert "items" in str(ask(stack, PROPERTIES))
        reset(stack)
        assert items(stack) == [1, 2, 3], number
        assert databases(stack) == ["app", "app~template", "reports", "reports~template"]


def test_a_database_that_is_missing_is_made(stack: Stack) -> None:
    reset(stack)
    with server_of(stack).connect("postgres") as connection:
        connection.execute("DROP DATABASE app WITH (FORCE)")
    reset(stack)
    assert items(stack) == [1, 2, 3]


def test_another_service_gets_new_volumes_and_the_others_stay(stack: Stack) -> None:
    def redis(*words: str) -> str:
        container = stack.containers()["redis"]["Id"]
        return docker("exec", "-e", f"REDISCLI_AUTH={stack.redis_password}", container,
                      "redis-cli", *words).strip()  # fmt: skip

    reset(stack)
    redis("SET", "key", "value")
    before = stack.started_at()
    checked = stack.play("reset", "--check", service="redis")
    assert checked.code == 0 and redis("GET", "key") == "value", checked.output
    reset(stack, "redis")
    assert redis("DBSIZE") == "0"
    after = stack.started_at()
    assert after["postgres"] == before["postgres"] and after["redis"] != before["redis"]
    assert items(stack) == [1, 2, 3]
    docker("rm", "--force", "--volumes", stack.containers()["redis"]["Id"])
    docker("volume", "rm", f"{stack.project}_redis_data")  # as a kill may leave it
    reset(stack, "redis")
    assert redis("DBSIZE") == "0"
    assert stack.up().idle


def test_what_is_mistyped_changes_nothing(stack: Stack) -> None:
    reset(stack)
    ask(stack, "INSERT INTO items VALUES (96)")
    wrong: dict[str, dict[str, Any]] = {
        "No service is named": {},
        "Did you mean 'postgres'?": {"service": "postgers"},
        "Did you mean 'reports'?": {"service": "postgres", "database": "report"},
        "databse: no such variable": {"service": "postgres", "databse": "reports"},
        "a command is a list": {"service": "postgres", "schema_trees": trees("python seed.py")},
    }
    for words, given in wrong.items():
        assert words in stack.refuse(playbook="reset", **given)
    services = stack.services | {"redis": {"kind": "redis", "external": True,
                                           "host": "127.0.0.1", "password": "x" * 20}}  # fmt: skip
    told = stack.refuse(playbook="reset", service="redis", stack_services=services,
                        inspect_refuse=False)  # fmt: skip
    assert "redis is external" in told
    assert items(stack) == [1, 2, 3, 96]
