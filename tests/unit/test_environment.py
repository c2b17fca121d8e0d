"""What of the environment counts, and that everything is as it was afterwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.groundwork import environment
from ansible.module_utils.groundwork.locking import identity
from ansible.module_utils.groundwork.state import info
from ansible.module_utils.groundwork_module import Call, answer
from psycopg import pq

# Git's own list of what belongs to one checkout
LOCAL = subprocess.run(
    ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True
).stdout.split()
LIBPQ = {item.envvar.decode() for item in pq.Conninfo.get_defaults() if item.envvar}


def test_all_that_the_client_library_reads_is_known() -> None:
    assert len(LIBPQ) >= 35
    assert {"GIT_DIR", "GIT_INDEX_FILE"} <= set(LOCAL)
    assert not LIBPQ - environment.POSTGRES


@pytest.mark.parametrize(
    "name",
    [
        *(
            "DOCKER_HOST",
            "DOCKER_CONTEXT",
            "DOCKER_CONFIG",
            "DOCKER_CERT_PATH",
            "DOCKER_TLS_VERIFY",
        ),
        *(
            "HTTPS_PROXY",
            "no_proxy",
            "SSL_CERT_FILE",
            "PIP_INDEX_URL",
            "PYTHONPATH",
            "HOME",
            "PATH",
        ),
        *("DATABASE_URL", "PGVECTOR_DIMENSIONS", "PGADMIN_DEFAULT_EMAIL", "GIT_SSH_COMMAND"),
        *("DOCKER_REGISTRY_OF_MINE", "POSTGRES_PASSWORD", "BUILDKITE_TOKEN", "TZ", "LC_ALL"),
    ],
)
def test_a_persons_own_choice_and_an_apps_variables_count(name: str) -> None:
    assert environment.counts(name)


@pytest.mark.parametrize(
    "name",
    [
        *sorted(LIBPQ),
        *("PGSERVICEFILE", "PGSYSCONFDIR", "PGTZ", "PGLOCALEDIR", "PGOAUTHDEBUG", "PSYCOPG_IMPL"),
        *("COMPOSE_FILE", "COMPOSE_PROFILES", "DOCKER_DEFAULT_PLATFORM", "DOCKER_API_VERSION"),
        *("DOCKER_BUILDKIT", "BUILDX_BUILDER", "BUILDKIT_HOST", "DOCKER_CLI_EXPERIMENTAL"),
        *("DOCKER_CONTENT_TRUST", "DOCKER_CONTENT_TRUST_SERVER", "ALEMBIC_CONFIG", "SSLKEYLOGFILE"),
        *LOCAL,
    ],
)
def test_what_would_redirect_a_run_is_seen_by_nothing_in_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "elsewhere")

    def run(call: Call) -> dict[str, object]:
        child = subprocess.run(["env"], capture_output=True, text=True, check=True).stdout
        return {"python": name in os.environ, "processes": f"{name}=" in child}

    assert answer(run, Call({}, False, False)) == {
        "changed": False, "python": False, "processes": False,
    }  # fmt: skip
    assert os.environ[name] == "elsewhere"


def test_a_module_of_others_is_told_what_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("COMPOSE_", "DOCKER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COMPOSE_FILE", "elsewhere")
    monkeypatch.setenv("DOCKER_HOST", "tcp://there")
    monkeypatch.setenv("PGHOST", "elsewhere")
    given = {"COMPOSE_PARALLEL_LIMIT": "1", "DOCKER_API_VERSION": "1.12", "DOCKER_CONTEXT": "mine"}
    assert environment.unset(given) == {
        "COMPOSE_FILE": "", "COMPOSE_PARALLEL_LIMIT": "-1", "DOCKER_API_VERSION": "",
    }  # fmt: skip


def test_another_machines_look_sees_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVICE", "elsewhere")
    monkeypatch.setattr(info, "stack_info", lambda _: {"seen": "PGSERVICE" in os.environ})
    assert info.serve({}) == {"seen": False}


def test_all_is_as_it_was_after_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "mine")
    before, path = dict(os.environ), list(sys.path)
    with (
        pytest.raises(RuntimeError),
        environment.controlled({"DOCKER_HOST": "tcp://there", "PYTHONPATH": "/one:/two"}),
        environment.lent({"PGHOST": "ours"}),
    ):
        assert sys.path[:2] == ["/one", "/two"]
        assert os.environ["PGHOST"] == "ours"
        assert os.environ["DOCKER_HOST"] == "tcp://there"
        os.environ["LEFT_BEHIND"] = "by env.py"
        raise RuntimeError
    assert dict(os.environ) == before
    assert sys.path == path


def test_a_run_that_a_git_hook_starts_knows_its_own_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(directory: Path, *args: str) -> str:
        author = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
        command = ["git", "-C", str(directory), *author, *args]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    commits = {}
    for name in ("ours", "other"):
        directory = tmp_path / name
        directory.mkdir()
        git(directory, "init", "-q")
        git(directory, "commit", "-q", "--allow-empty", "-m", name)
        commits[name] = git(directory, "rev-parse", "HEAD")[:10]
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert identity.revision(tmp_path / "ours") == commits["ours"]


OURS = Path(__file__).resolve().parents[2] / "library"


def test_nothing_else_reads_what_the_environment_says() -> None:
    """A new reader has to say here why it may; what decides is environment.py."""
    readers = {
        str(path.relative_to(OURS))
        for path in OURS.rglob("*.py")
        if not path.is_symlink()
        if re.search(r"os\.environ|getenv", path.read_text(encoding="utf-8"))
    }
    core = "module_utils/groundwork"
    assert readers == {
        f"{core}/environment.py",
        f"{core}/docker/compose.py",  # less what infra/.env has
        f"{core}/display/screen.py",  # the terminal: TERM
        f"{core}/docker/engine.py",  # PATH
        f"{core}/docker/engine_choice.py",  # DOCKER_HOST and its like: where they lead
        f"{core}/images/fetch.py",  # with apt's proxy
        f"{core}/data/repository.py",  # what restic's ssh needs: PATH, HOME, SSH_AUTH_SOCK
        f"{core}/docker/ownership.py",  # XDG_STATE_HOME
        f"{core}/locking/lease.py",  # `ps`, in English; sent alone to other machines
        "module_utils/groundwork_workspace.py",  # GROUNDWORK_WORKSPACE, as -e workspace
    }
