"""playbooks/rotate.yml while apps write: nothing is lost, and the old passwords are unusable."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import redis as redis_library
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from .clients import App
from .concurrent_writers import WRITERS, Writer
from .stack import Stack, docker, family, kill, new_stack

VARIABLES = {"postgres": "POSTGRES_PASSWORD", "redis": "REDIS_PASSWORD", "qdrant": "QDRANT_API_KEY"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of these tests' own; each test leaves it up."""
    stack = new_stack(tmp_path_factory.mktemp("rotate") / "work space", "groundwork-rotate", 16532)
    stack.up()
    yield stack
    stack.destroy()


@pytest.fixture
def app(stack: Stack) -> App:
    app = App(stack.workspace / "apps/backend/.env")
    app.write("kept")
    return app


def rotate(stack: Stack, *services: str, **variables: Any) -> str:
    chosen = {"stack_rotate": list(services)} if services else {}
    play = stack.play("rotate", **chosen, **variables)
    assert play.code == 0, play.output
    return play.output


def passwords(stack: Stack) -> dict[str, str]:
    env = stack.env
    return {name: env[variable] for name, variable in VARIABLES.items()}


def let_in(stack: Stack, name: str, password: str) -> bool:
    """Whether a service lets somebody in with that password, from outside."""
    try:
        if name == "postgres":
            login = {"user": "app", "dbname": "app", "password": password}
            psycopg.connect(host="127.0.0.1", port=stack.postgres_port, **login).close()
        elif name == "redis":
            redis_library.Redis(port=stack.redis_port, password=password).ping()
        else:
            client = QdrantClient(stack.qdrant_url, api_key=password, check_compatibility=False)
            client.get_collections()
    except (
        psycopg.OperationalError,
        redis_library.AuthenticationError,
        UnexpectedResponse,
    ) as error:
        words = str(error)
        assert any(sign in words for sign in ("password", "WRONGPASS", "401", "403")), words
        return False
    return True


def writing(stack: Stack, stop: contextlib.ExitStack) -> dict[str, Writer]:
    """An app for each service, all of them well into their work."""
    env_file = stack.workspace / "apps/backend/.env"
    writers = {name: stop.enter_context(kind(env_file)) for name, kind in WRITERS.items()}
    wait_until(lambda: all(len(writer.confirmed) > 20 for writer in writers.values()))
    return writers


def wait_until(true: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def writing_again(writers: dict[str, Writer]) -> None:
    counts = {name: len(writer.confirmed) for name, writer in writers.items()}
    wait_until(lambda: all(len(w.confirmed) > counts[n] + 20 for n, w in writers.items()))


def nothing_is_lost(writers: dict[str, Writer]) -> None:
    for name, writer in writers.items():
        lost = set(writer.confirmed) - writer.written()
        assert not lost, f"{name} lost {len(lost)} of {len(writer.confirmed)} confirmed writes"


def volumes(stack: Stack) -> list[str]:
    names = docker("volume", "ls", "-q", "--filter", f"name={stack.project}_").split()
    return [docker("volume", "inspect", "-f", "{{.Name}} {{.CreatedAt}}", name) for name in names]


def test_every_service_gets_a_new_password_while_apps_write(stack: Stack) -> None:
    old, before = passwords(stack), volumes(stack)
    postgres = stack.started_at()["postgres"]
    with contextlib.ExitStack() as stop:
        writers = writing(stack, stop)
        text = rotate(stack)
        writing_again(writers)
    new = passwords(stack)
    for name, writer in writers.items():
        assert new[name] != old[name]
        assert new[name] not in text
        assert old[name] not in text
        assert let_in(stack, name, new[name])
        assert not let_in(stack, name, old[name]), f"{name} still takes the old password"
        errors_are_within_the_change(stack, name, writer)
    nothing_is_lost(writers)
    assert volumes(stack) == before
    assert stack.started_at()["postgres"] == postgres, "the database was restarted for nothing"
    assert stack.up().idle


def errors_are_within_the_change(stack: Stack, name: str, writer: Writer) -> None:
    """They begin after the stack's own file has the new password, and end with the app's reread."""
    # An app that is logged in with the old password is logged out
    assert writer.failures, f"{name} kept a connection that had the old password"
    # ctime and not mtime: when the file came to be at its place
    changing = stack.env_file.stat().st_ctime
    assert writer.failures[0].ended > changing
    (reread,) = writer.reread
    late = [failure.words for failure in writer.failures if failure.began > reread]
    assert not late, f"{name} refused an app that had read its new .env: {late}"
    span = writer.failures[-1].ended - writer.failures[0].began
    words = sorted({failure.words.split(" at ")[0][:90] for failure in writer.failures})
    print(
        f"{name}: {len(writer.confirmed)} writes, {len(writer.failures)} errors in {span:.2f} s, "
        f"the last {writer.failures[-1].ended - reread:+.2f} s from the new .env: {words}"
    )


def test_one_service_gets_a_new_password_and_the_others_keep_theirs(stack: Stack, app: App) -> None:
    old, containers = passwords(stack), stack.started_at()
    rotate(stack, "redis")
    new = passwords(stack)
    assert {name for name in new if new[name] != old[name]} == {"redis"}
    assert not let_in(stack, "redis", old["redis"])
    assert app.read() == ["kept"] * 3
    assert {name for name, at in stack.started_at().items() if at != containers[name]} == {"redis"}


def test_a_password_of_the_inventory_is_taken_from_there(stack: Stack, app: App) -> None:
    services = {name: dict(service) for name, service in stack.services.items()}
    for number, service in enumerate(services.values()):
        service["password"] = f"kV3rT9xQm2LpW8sZ{number}"
    services["postgres"]["password"] += " u\u0308\u00aa \u20ac'\"%"  # what libraries normalise, too
    old = passwords(stack)
    rotate(stack, stack_services=services)
    assert passwords(stack) == {name: s["password"] for name, s in services.items()}
    assert not any(let_in(stack, name, old[name]) for name in old)
    assert app.read() == ["kept"] * 3
    text = stack.refuse(playbook="rotate", stack_services=services)
    assert "There is no new password" in text
    assert stack.up(stack_services=services).idle
    rotate(stack)
    assert app.read() == ["kept"] * 3


def test_a_service_that_is_not_there_is_refused_by_name(stack: Stack) -> None:
    before = stack.env_file.read_text()
    text = stack.refuse(playbook="rotate", stack_rotate=["redsi"])
    assert "Did you mean 'redis'?" in text
    assert stack.env_file.read_text() == before


def test_a_check_says_what_would_change_and_changes_nothing(stack: Stack) -> None:
    before = stack.env_file.read_text(), stack.started_at()
    play = stack.play("rotate", "--check", "--diff")
    assert play.code == 0, play.output
    assert play.changed > 0
    assert (stack.env_file.read_text(), stack.started_at()) == before
    for value in stack.secrets().values():
        assert value not in play.output


class Before:
    """How a stack was before a rotation began, to tell how far it came."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.passwords = passwords(stack)
        self.app_env = stack.workspace / "apps/backend/.env"
        self.text = self.app_env.read_text()
        self.redis = stack.containers()["redis"]["Id"]

    def is_noted(self) -> bool:
        return (self.stack.infra / ".new-passwords").exists()

    def is_written(self) -> bool:
        return passwords(self.stack) != self.passwords

    def container_is_gone(self) -> bool:
        listed = docker("ps", "-q", "--no-trunc", "--filter", f"id={self.redis}")
        return self.redis not in listed

    def role_is_changed(self) -> bool:
        return not let_in(self.stack, "postgres", self.passwords["postgres"])

    def apps_have_it(self) -> bool:
        return self.app_env.read_text() != self.text


STAGES: dict[str, Callable[[Before], bool]] = {
    "the change is noted": Before.is_noted,
    "the stack's file is written": Before.is_written,
    "a container is stopped": Before.container_is_gone,
    "the role is changed": Before.role_is_changed,
    "the apps' file is written": Before.apps_have_it,
}


# Each of the two playbooks finishes what the other one left
@pytest.mark.parametrize(
    ("stage", "again"),
    [
        ("the change is noted", "rotate"),
        ("the stack's file is written", "dev"),
        ("a container is stopped", "rotate"),
        ("a container is stopped", "dev"),
        ("the role is changed", "dev"),
        ("the apps' file is written", "rotate"),
    ],
)
def test_a_killed_rotation_ends_well_on_the_next_run(stack: Stack, stage: str, again: str) -> None:
    before = Before(stack)
    with contextlib.ExitStack() as stop:
        writers = writing(stack, stop)
        run = stack.start("rotate", subprocess.DEVNULL)
        wait_until(lambda: STAGES[stage](before) or run.poll() is not None, 120)
        assert run.poll() is None, "the run was over before it could be killed"
        kill(family(run.pid))
        run.wait()
        play = stack.play(again)
        assert play.code == 0, play.output
        writing_again(writers)
    new = passwords(stack)
    for name in writers:
        assert new[name] != before.passwords[name] or stage == "the change is noted"
        assert let_in(stack, name, new[name])
        if new[name] != before.passwords[name]:
            assert not let_in(stack, name, before.passwords[name])
    nothing_is_lost(writers)
    assert stack.up().idle


def test_a_run_whose_worker_lives_on_alone_and_the_next_one_end_well(stack: Stack) -> None:
    """SIGKILL for ansible-playbook itself: the task that is under way ends by itself."""
    before = Before(stack)
    with contextlib.ExitStack() as stop:
        writers = writing(stack, stop)
        run = stack.start("rotate", subprocess.DEVNULL)
        wait_until(before.is_written, 120)
        run.kill()
        run.wait()
        play = stack.play("dev")
        assert play.code == 0, play.output
        writing_again(writers)
    nothing_is_lost(writers)
    assert stack.up().idle
