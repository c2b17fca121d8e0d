"""Trees that others wrote, with an env.py of their own; and the module as Ansible runs it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.migrate import Database

from .schema_server import (  # noqa: F401
    ENV,
    ROOT,
    Server,
    ask,
    bring,
    database_fixture,
    directory_fixture,
    revision,
    server_fixture,
    table,
    tables,
    url,
    write_tree,
)

A = revision("aa01", None, table("users"), 'op.drop_table("users")', "Add users")
B = revision("bb02", "aa01", table("posts"), 'op.drop_table("posts")', "Add posts")
SPECIAL = "%40 p'w\"\\$HOME`;:/?#[]@!&*()+,=<>{}|^~ é%"

ASYNC = pytest.mark.skipif(
    importlib.util.find_spec("greenlet") is None, reason="SQLAlchemy's asyncio wants greenlet"
)


@pytest.mark.parametrize("template", ["generic", "pyproject", pytest.param("async", marks=ASYNC)])
def test_alembics_own_templates_work_unchanged(
    directory: Path, server: Server, database: Database, template: str
) -> None:
    """With a password that has every special character, which the ini's `%` would trip over."""
    directory.parent.mkdir()
    alembic = [sys.executable, "-m", "alembic", "init", "--template", template, directory.name]
    subprocess.run(alembic, cwd=directory.parent, check=True, capture_output=True, timeout=60)
    write_tree(directory, A, B, env=(directory / "env.py").read_text())
    with server.new_role(SPECIAL, database.database) as role:
        mine = Database(server.host, server.port, role, database.database, SPECIAL)
        check = bring(directory, mine, check=True, show_sql=True)
        assert "CREATE TABLE posts" in check.sql
        assert tables(database) == []
        report = bring(directory, mine)
        assert [step.revision for step in report.applied] == ["aa01", "bb02"]
        assert bring(directory, mine, target="base").after == []
        assert SPECIAL not in report.output


def test_an_env_py_that_raises_is_told_in_a_few_lines(directory: Path, database: Database) -> None:
    write_tree(directory, A, env="from alembic import context\n\nx = 1 / 0\n")
    with pytest.raises(GroundworkError) as caught:
        bring(directory, database)
    text = str(caught.value)
    assert "The Alembic tree can't be run: ZeroDivisionError: division by zero" in text
    assert f"{directory / 'env.py'}:3" in text
    assert "Traceback" not in text
    assert tables(database) == []


def test_an_env_py_that_imports_its_app_finds_it_or_is_told_so(
    directory: Path, database: Database
) -> None:
    write_tree(directory, A, env="import my_models\n" + ENV.replace("from __future__", "# "))
    with pytest.raises(GroundworkError) as caught:
        bring(directory, database)
    assert "No module named 'my_models'" in str(caught.value)
    assert "prepend_sys_path" in str(caught.value)
    (directory.parent / "my_models.py").touch()
    (directory.parent / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = .\npath_separator = os\n"
    )
    assert bring(directory, database).after == ["aa01"]


def test_an_env_py_that_goes_to_another_database_is_stopped(
    directory: Path, server: Server, database: Database
) -> None:
    with server.new_database() as other:
        env = (
            "import sqlalchemy as sa\nfrom alembic import context\n"
            f"url = {url(other)!r}\n"
            "with sa.create_engine(url).connect() as connection:\n"
            "    context.configure(connection=connection)\n"
            "    with context.begin_transaction():\n        context.run_migrations()\n"
        )
        with pytest.raises(
            GroundworkError, match="another database than the inventory's"
        ) as caught:
            bring(write_tree(directory, A, env=env), database)
        assert f"env.py: {other.database} started" in str(caught.value)
        assert f"inventory: {database.database} started" in str(caught.value)
        assert tables(other) == tables(database) == []


ONLINE = (
    "import sqlalchemy as sa\nfrom alembic import context\n"
    'url = context.config.get_main_option("sqlalchemy.url")\n'
    "with sa.create_engine(url).{begin} as connection:\n"
    "    {before}\n"
    "    context.configure(connection=connection{options})\n"
    "    with context.begin_transaction():\n        context.run_migrations()\n"
)


def test_an_env_py_with_a_transaction_of_its_own_takes_all_revisions_back(
    directory: Path, database: Database
) -> None:
    """Nothing is called applied that isn't there."""
    env = ONLINE.format(begin="begin()", before="pass", options="")
    bad = revision("bb02", "aa01", 'op.execute("SELECT nothing")')
    with pytest.raises(GroundworkError) as caught:
        bring(write_tree(directory, A, bad, env=env), database)
    assert "Revision bb02" in str(caught.value)
    assert "That stays" not in str(caught.value)
    assert "The database is at base." in str(caught.value)
    assert tables(database) == []


def test_an_env_py_that_forgets_to_commit_is_told(directory: Path, database: Database) -> None:
    used = 'connection.execute(sa.text("SELECT 1"))'
    env = ONLINE.format(begin="connect()", before=used, options="")
    with pytest.raises(GroundworkError, match="1 of 1 revisions did not stay"):
        bring(write_tree(directory, A, env=env), database)
    assert tables(database) == []


def test_an_env_py_that_does_nothing_is_told(directory: Path, database: Database) -> None:
    with pytest.raises(GroundworkError, match="it started no migrations"):
        bring(write_tree(directory, A, env="pass\n"), database)


def test_an_env_py_with_a_version_table_of_its_own(directory: Path, database: Database) -> None:
    env = ONLINE.format(begin="connect()", before="pass", options=', version_table="my_versions"')
    write_tree(directory, A, env=env)
    assert bring(directory, database).after == ["aa01"]
    assert tables(database) == ["my_versions", "users"]
    again = bring(write_tree(directory, B, env=env), database)
    assert (again.before, again.after) == (["aa01"], ["bb02"])
    third = bring(directory, database)
    assert (third.before, third.after, third.applied) == (["bb02"], ["bb02"], [])


def test_the_projects_own_tree_reaches_its_head(database: Database) -> None:
    report = bring(ROOT / "alembic", database)
    assert report.applied[0].revision == "8c1d2f1f0a9b"
    assert tables(database) == ["alembic_version"]


def by_hand(project: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`alembic upgrade head` as a person types it in a project."""
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | variables
    return run([sys.executable, "-m", "alembic", "upgrade", "head"], project, environment)


def test_by_hand_the_database_is_that_of_the_inventory_or_two_lines_say_why(
    tmp_path: Path, database: Database
) -> None:
    project, monorepo = tmp_path / "my project", tmp_path / "mono repo"
    write_tree(project / "alembic", A)
    (project / "alembic.ini").write_text((ROOT / "alembic.ini").read_text())
    stale = project / "apps" / "backend" / ".env"
    stale.parent.mkdir(parents=True)
    stale.write_text("DATABASE_URL=postgresql://app:old@127.0.0.1:1/app\n")
    inventory = project / "inventory" / "group_vars" / "all" / "stack.yml"
    inventory.parent.mkdir(parents=True)
    text = (ROOT / "inventory/group_vars/all/stack.yml").read_text(encoding="utf-8")
    inventory.write_text(text, encoding="utf-8")
    down = by_hand(project)
    assert f"127.0.0.1:1, which {stale} names, can't be reached: " in down.stdout + down.stderr
    line = 'workspace_dir: "{{ inventory_dir | dirname }}"'
    assert line in text
    inventory.write_text(text.replace(line, f"workspace_dir: {monorepo}"), encoding="utf-8")
    missing = by_hand(project)
    env_file = monorepo / "apps" / "backend" / ".env"
    assert f"No database is known: {env_file} isn't there" in missing.stdout + missing.stderr
    env_file.parent.mkdir(parents=True)
    wrong = url(replace(database, password="wrong"), "")
    env_file.write_text(f"DATABASE_URL={wrong}\n", encoding="utf-8")
    refused = by_hand(project)
    assert "password authentication failed" in refused.stdout + refused.stderr
    inventory.write_text(text.replace(line, "workspace_dir: '{{ x }}'"), encoding="utf-8")
    unknown = by_hand(project)
    assert "workspace_dir is worked out" in unknown.stdout + unknown.stderr
    for failed in (down, missing, refused, unknown):
        assert failed.returncode != 0
        said = failed.stdout + failed.stderr
        assert "Traceback" not in said
        assert (said.count("FAILED: "), said.count("Next: ")) == (1, 1)
        assert len(said.strip().splitlines()) <= 5  # Alembic breaks the two where the screen ends
    inventory.write_text(text.replace(line, f"workspace_dir: {monorepo}"), encoding="utf-8")
    env_file.write_text(f"DATABASE_URL={url(database, '')}\n")
    assert by_hand(project).returncode == 0
    assert tables(database) == ["alembic_version", "users"]


@pytest.mark.parametrize("from_file", [False, True])
def test_by_hand_the_projects_env_py_finds_the_database(
    tmp_path: Path, database: Database, from_file: bool
) -> None:
    project = tmp_path / "my project"
    write_tree(project / "alembic", A)
    (project / "alembic.ini").write_text((ROOT / "alembic.ini").read_text())
    line = url(database, "")
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    without = run(command, project, environment)
    assert "No database is known" in without.stderr + without.stdout
    assert "Traceback" not in without.stderr
    if from_file:
        (project / "apps" / "backend").mkdir(parents=True)
        (project / "apps" / "backend" / ".env").write_text(f"A=1\nDATABASE_URL={line}\n")
    else:
        environment["DATABASE_URL"] = line
    done = run(command, project, environment)
    assert done.returncode == 0, done.stderr
    assert "Running upgrade  -> aa01" in done.stderr
    assert tables(database) == ["alembic_version", "users"]


def run(
    command: list[str], directory: Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=directory, env=env, check=False, capture_output=True, text=True, timeout=120
    )


def module(database: Database, tree: Path, *options: str, **arguments: Any) -> dict[str, Any]:
    """Run the module as Ansible does; its answer, with Ansible's exit code in `code`."""
    given = {
        "schema_dir": str(tree),
        "host": database.host,
        "port": database.port,
        "user": database.user,
        "database": database.database,
        **arguments,
    }
    command = [str(ROOT / ".venv" / "bin" / "ansible"), "-i", "localhost,", "-c", "local"]
    command += ["-e", f"ansible_python_interpreter={sys.executable}", "localhost"]
    command += ["-m", "alembic_migrate", "-a", json.dumps(given), *options]
    environment = os.environ | {
        "ANSIBLE_STDOUT_CALLBACK": "default",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "NO_COLOR": "1",
    }
    done = run(command, ROOT, environment)
    assert database.password not in done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout[done.stdout.index("=> {") + 3 :])
    return answer | {"code": done.returncode, "text": done.stdout}


def test_the_module_says_what_changed_and_is_quiet_the_second_time(
    directory: Path, tmp_path: Path, database: Database
) -> None:
    env_file = tmp_path / "infra.env"
    env_file.write_text(f"POSTGRES_PASSWORD='{database.password}'\n")
    where = {"env_file": str(env_file), "password_variable": "POSTGRES_PASSWORD"}
    noisy = 'import sys\nsys.stdout.write("{broken")\nprint("x")\nsys.stderr.write("y")'
    write_tree(directory, revision("aa01", None, noisy))
    check = module(database, directory, "--check", "--diff", **where)
    assert check["changed"] is True
    assert [step["revision"] for step in check["pending"]] == ["aa01"]
    assert "CREATE TABLE alembic_version" in check["text"]
    assert tables(database) == []
    first = module(database, directory, **where)
    assert (first["changed"], first["before"], first["after"]) == (True, [], ["aa01"])
    assert first["applied"][0].keys() == {"revision", "file", "message", "seconds", "direction"}
    second = module(database, directory, **where)
    assert (second["changed"], second["applied"], second["after"]) == (False, [], ["aa01"])


def test_the_modules_failure_holds_what_was_done(directory: Path, database: Database) -> None:
    write_tree(directory, A, revision("bb02", "aa01", 'op.execute("SELECT nothing")'))
    answer = module(database, directory, password=database.password)
    assert answer["code"] != 0
    assert "Revision bb02" in answer["msg"]
    assert [step["revision"] for step in answer["applied"]] == ["aa01"]
    assert (answer["before"], answer["after"]) == ([], ["aa01"])
    wrong = module(database, directory, password="wrong-password")
    assert "PostgreSQL can't be reached: FATAL:  password authentication failed" in wrong["msg"]
