"""A tree in another process. What needs no database of a run is tried here with our own Python."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations import foreign
from ansible.module_utils.groundwork.migrations.database import Database
from ansible.module_utils.groundwork.migrations.foreign import ForeignRun, TreeFailed
from ansible.module_utils.groundwork.migrations.interpreter import Interpreter

UV = Path(sys.executable).with_name("uv")
DATABASE = Database("127.0.0.1", 1, "app", "d", "hunter2")
ENV = """from alembic import context
import os, sys
print("in", os.getcwd(), os.environ.get("APP_NAME"), sys.stdin.read())
{code}
context.configure(url="postgresql://")
with context.begin_transaction():
    context.run_migrations()
"""
REVISION = '''"""Users"""
import sqlalchemy as sa
from alembic import op
revision = "a1"
down_revision = None
def upgrade():
    op.create_table("users", sa.Column("id", sa.Integer))
'''


def tree(directory: Path, code: str = "pass") -> Path:
    (directory / "versions").mkdir(parents=True)
    (directory / "env.py").write_text(ENV.format(code=code))
    (directory / "versions" / "a1.py").write_text(REVISION)
    return directory


def given(directory: Path) -> dict[str, object]:
    setup = {
        "schema_dir": str(directory),
        "ini": None,
        "toml": None,
        "directory": str(directory.parent),
        "package_root": "",
        "drivers": [],
        "login": DATABASE.login(),
        "options": {},
        "libpq": {},
        "identity": "",
    }
    return {"setup": setup, "settings": {}, "directories": [str(directory)]}


@contextmanager
def opened(
    directory: Path, *command: str, printed: list[str] | None = None, limit: float = 0
) -> Iterator[ForeignRun]:
    interpreter = Interpreter(command or (sys.executable,), directory.parent, limit, "shop")
    keep = ([] if printed is None else printed).append
    with foreign.opened(interpreter, given(directory), {"APP_NAME": "shop"}, keep) as run:
        yield run


def test_it_answers_as_a_run_in_this_process_does(tmp_path: Path) -> None:
    printed: list[str] = []
    directory = tree(tmp_path / "app" / "alembic")
    (tmp_path / "app" / "json.py").write_text("raise SystemExit('the app has a file of that name')")
    with opened(directory, printed=printed) as run:
        (found,) = run.revisions()
        assert (found["id"], found["parents"], found["message"]) == ("a1", [], "Users")
        (step,) = run.steps([], "head", False)
        assert (step["revision"], step["direction"]) == ("a1", "up")
        assert "CREATE TABLE users" in run.sql([], "head", False)
    assert printed == [f"in {tmp_path / 'app'} shop"]
    assert run.process.poll() == 0


def test_what_the_tree_raises_comes_back_with_its_place(tmp_path: Path) -> None:
    directory = tree(tmp_path / "alembic", 'raise ValueError("no")')
    with opened(directory) as run, pytest.raises(TreeFailed) as caught:
        run.sql([], "head", False)
    assert caught.value.facts["message"] == "ValueError: no"
    assert caught.value.facts["place"] == f"{directory / 'env.py'}:4"


def test_a_process_that_dies_is_told_with_its_last_lines(tmp_path: Path) -> None:
    directory = tree(tmp_path / "alembic", 'print("last words", flush=True); os._exit(3)')
    with opened(directory) as run, pytest.raises(GroundworkError) as caught:
        run.sql([], "head", False)
    assert "ended (exit status 3) before it was done" in caught.value.what
    assert caught.value.details[-1] == "last words"


def test_a_command_that_is_no_python_is_told(tmp_path: Path) -> None:
    directory = tree(tmp_path / "alembic")
    told = pytest.raises(GroundworkError, match="before it was done")
    with told as caught, opened(directory, "cat"):
        pass
    assert "cat" in caught.value.where
    assert caught.value.details  # what cat says of the option -c


def test_what_a_wrapper_says_is_no_answer(tmp_path: Path) -> None:
    wrapper = tmp_path / "run"
    wrapper.write_text(f"#!/bin/sh\nprintf 'Using shop '\nexec '{sys.executable}' \"$@\"\n")
    wrapper.chmod(0o755)
    printed: list[str] = []
    with opened(tree(tmp_path / "alembic"), str(wrapper), printed=printed) as run:
        assert [each["id"] for each in run.revisions()] == ["a1"]
    assert printed == ["Using shop"]


@pytest.mark.skipif(not UV.exists(), reason=f"{UV} is not there")
def test_uv_run_is_such_a_command(tmp_path: Path) -> None:
    directory = tree(tmp_path / "alembic")
    command = (str(UV), "run", "--no-project", "--python", sys.executable, "python")
    with opened(directory, *command) as run:
        assert "CREATE TABLE users" in run.sql([], "head", False)


def test_a_python_without_alembic_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(TreeFailed) as caught,
        opened(tree(tmp_path / "alembic"), sys.executable, "-S"),
    ):
        pass
    assert caught.value.facts["library"] == "alembic"


def test_an_env_py_that_waits_for_ever_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tree(tmp_path / "alembic", "import time; time.sleep(60)")
    began = time.monotonic()
    with opened(directory, limit=3) as run, pytest.raises(GroundworkError, match="after 3 s"):
        run.sql([], "head", False)
    monkeypatch.setattr(foreign, "SILENCE", 3.0)
    with opened(directory) as run, pytest.raises(GroundworkError, match="said nothing for 3 s"):
        run.sql([], "head", False)
    assert time.monotonic() - began < 30
    assert run.process.poll() == -signal.SIGKILL


def test_it_ends_with_who_started_it(tmp_path: Path) -> None:
    """However that ends, and with a program of the tree's own too."""
    pids = tmp_path / "pids"
    code = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '100'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}\\n'); time.sleep(100)"
    )
    directory = tree(tmp_path / "alembic", code)
    here, core = str(Path(__file__).parent), str(Path(foreign.__file__).parents[2])
    start = (
        f"import sys, pathlib; sys.path.insert(0, {here!r})\n"
        f"import ansible.module_utils; ansible.module_utils.__path__.append({core!r})\n"
        "import test_foreign\n"
        f"with test_foreign.opened(pathlib.Path({str(directory)!r})) as run:\n"
        "    run.sql([], 'head', False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", start])
    try:
        wait_for(lambda: pids.exists() and pids.read_text().endswith("\n"))
        inside = [int(pid) for pid in pids.read_text().split()]
        assert all(alive(pid) for pid in inside)
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not any(alive(pid) for pid in inside))


def alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def wait_for(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
