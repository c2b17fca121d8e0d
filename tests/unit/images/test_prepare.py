"""What images are built of, made while an engine is being installed."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images import prepare, recipes
from ansible.module_utils.groundwork.images.setup import Setup
from ansible.module_utils.groundwork.images.sources import SOURCES
from ansible.module_utils.groundwork.services import Service
from build_tools import base_alone, tool
from invented_source import DEPOT

IMAGES = Path(__file__).resolve().parents[3] / "images"
RECIPES = recipes.read_recipes(IMAGES)


def services(**images: str) -> list[Service]:
    chosen = {"postgres": "postgres:16-alpine", "redis": "redis:7-alpine"} | images
    ports = {"postgres": 5432, "redis": 6379}
    raw = {kind: {"kind": kind, "image": i, "port": ports[kind]} for kind, i in chosen.items()}
    return list(parse_services(raw))


def kinds(setup: Setup, wanted: list[Service], answers: Callable[[str], bool]) -> list[str]:
    return [recipe.name for recipe in prepare.needed(setup, wanted, answers)]


def nobody(host: str) -> bool:
    return False


def everybody(host: str) -> bool:
    return True


SETUP = Setup(Docker(), recipes=RECIPES)


def test_where_no_registry_answers_all_is_built() -> None:
    assert kinds(SETUP, services(), nobody) == ["postgres", "redis"]


def test_where_one_answers_nothing_is_made_for_nothing() -> None:
    assert kinds(SETUP, services(), everybody) == []


def test_each_registry_speaks_for_its_own_images() -> None:
    mirrored = services(postgres="mirror.example:5000/library/postgres:16")
    assert kinds(SETUP, mirrored, lambda host: host == "") == ["postgres"]
    assert kinds(SETUP, mirrored, lambda host: host == "mirror.example:5000") == ["redis"]


def test_a_prefix_says_which_registry_is_asked() -> None:
    setup = Setup(Docker(), recipes=RECIPES, registry="mirror.example/hub")
    assert kinds(setup, services(), lambda host: host == "mirror.example") == []
    assert kinds(setup, services(), lambda host: host == "") == ["postgres", "redis"]


@pytest.mark.parametrize(
    "setup",
    [
        Setup(Docker(), recipes=RECIPES, archive_dir=Path("/archives")),
        Setup(Docker(), recipes=RECIPES, sources=["present", "registry"]),
        Setup(Docker()),
    ],
    ids=["archives", "never built", "no recipes"],
)
def test_what_will_not_be_built_is_not_begun(setup: Setup) -> None:
    def never(host: str) -> bool:
        raise AssertionError(host)

    assert kinds(setup, services(), never) == []


def test_what_nothing_stands_in_for_is_not_begun() -> None:
    assert kinds(SETUP, services(postgres="pgvector/pgvector:pg16"), nobody) == ["redis"]


def test_without_registry_in_the_sources_none_is_asked() -> None:
    setup = Setup(Docker(), recipes=RECIPES, sources=["present", "build"])
    assert kinds(setup, services(), everybody) == ["postgres", "redis"]


def test_a_new_source_may_have_what_would_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "depot", DEPOT)
    setup = Setup(Docker(), recipes=RECIPES, sources=["present", "depot", "build"])
    assert kinds(setup, services(), nobody) == []


@pytest.fixture
def answering() -> Iterator[Callable[[int], str]]:
    """Starts a server on loopback that answers with a status; gives its host."""
    running: list[http.server.HTTPServer] = []

    def serve(status: int) -> str:
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status if self.path == "/v2/" else 404)
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

        server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return f"127.0.0.1:{server.server_port}"

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "is_one"), [(200, True), (401, True), (403, False), (502, False)]
)
def test_a_registry_is_known_by_its_answer(
    answering: Callable[[int], str], status: int, is_one: bool
) -> None:
    assert prepare.registry_answers(answering(status)) is is_one


def test_where_nobody_listens_is_none(answering: Callable[[int], str]) -> None:
    assert not prepare.registry_answers("127.0.0.1:1")


def test_it_ends_with_the_run_and_takes_its_tools_along(tools: Path, tmp_path: Path) -> None:
    tool(tools, 'echo $$ >"$MADE"; exec sleep 60')
    recipe = base_alone(tmp_path / "images")
    run = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        ahead = prepare.start([recipe], tmp_path / "cache", run.pid)
        made = tmp_path / "made"
        eventually(lambda: made.exists() and made.read_text() != "")
        assert ahead.poll() is None
    finally:
        run.kill()
        run.wait()
    ahead.wait(20)
    eventually(lambda: not Path(f"/proc/{int(made.read_text())}").exists())
    assert not list((tmp_path / "cache").glob("*.tar"))


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
