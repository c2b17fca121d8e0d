"""What must not be tried, each with where it is and what to do next."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import Engine
from ansible.module_utils.groundwork.state import checks
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.model import Plan, ServiceState, State
from container_entry import ENTRY
from converged import CONVERGED, DESIRED, changed, planned, problems
from stack_params import params, problems_found

REDIS = {"kind": "redis", "image": "redis:7", "port": 6379}


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        (".env", "COMPOSE_PROJECT_NAME=other\n", "COMPOSE_PROJECT_NAME"),
        (".env", "MINE=1\nexport COMPOSE_FILE = a.yml\n", "COMPOSE_FILE"),
        ("docker-compose.override.yml", "name: other\nservices: {}\n", "name"),
    ],
)
def test_a_line_that_leads_compose_elsewhere_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, name: str
) -> None:
    path = tmp_path / "infra" / file
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    (found,) = problems_found(tmp_path, monkeypatch)
    assert f", {name}, leads" in found["what"]
    assert found["where"] == str(path)
    path.write_text(f"# {text.splitlines()[-1]}\nX_COMPOSE_FILE=1\n", encoding="utf-8")
    assert problems_found(tmp_path, monkeypatch) == []


def test_a_taken_port_names_port_holder_and_variable() -> None:
    taken = [{"service": "redis", "option": "port", "port": 6379}]
    taken[0]["holder"] = "redis-server (process 7)"
    (problem,) = problems(changed("ports_taken", taken))
    assert "6379" in problem["what"]
    assert "redis-server (process 7)" in problem["what"]
    assert problem["where"] == "stack_services.redis.port"


@pytest.mark.parametrize(
    ("volume", "refused"),
    [
        ({"storage_format": "postgres-16-musl", "data_version": ""}, False),
        ({"storage_format": "postgres-16-glibc", "data_version": ""}, True),
        ({"storage_format": "postgres-15-musl", "data_version": ""}, True),
        ({"storage_format": "", "data_version": "16"}, False),
        ({"storage_format": "", "data_version": "15"}, True),
        ({"storage_format": "", "data_version": ""}, False),
    ],
)
def test_a_volume_goes_to_the_flavour_that_made_it(volume: dict[str, str], refused: bool) -> None:
    found = problems(changed("volumes", {"postgres": volume}))
    assert bool(found) == refused
    if refused:
        assert "groundwork_postgres_data" in found[0]["what"]
        assert "playbooks/upgrade.yml -e service=postgres" in found[0]["next_step"]


def test_data_that_are_about_to_move_conflict_with_nothing() -> None:
    state = State.from_dict(
        changed("volumes", {"postgres": {"storage_format": "postgres-15-musl"}})
    )
    assert checks.format_conflicts(DESIRED, state)
    assert not checks.format_conflicts(DESIRED, state, frozenset({"postgres"}))
    assert checks.format_conflicts(DESIRED, state, frozenset({"redis"}))


def test_an_older_image_leads_back_not_on() -> None:
    newer = {"storage_format": "postgres-18-musl"}
    (found,) = problems(changed("volumes", {"postgres": newer}))
    assert "playbooks/restore.yml -e back=true -e service=postgres" in found["next_step"]
    assert "upgrade.yml" not in found["next_step"]


def test_a_full_disk_and_a_foreign_stack_are_problems() -> None:
    (full,) = checks.full_disk((5, "/var/lib/docker"), 1024)
    assert "5 MB left" in full.what
    assert full.where == "/var/lib/docker"
    assert checks.full_disk((1024, "/"), 1024) == checks.full_disk(None, 1024) == []
    assert problems(changed("foreign_compose_file", "/x.yml"))[0]["where"] == "/x.yml"
    foreign = changed("owner", {"directory": "/other/infra", "user": "ada"})
    (problem,) = problems(foreign | {"ports_taken": [{"port": 1}]})
    assert problem["where"] == "/other/infra, of the user ada"
    assert "mv /other/infra '/work space/infra'" in problem["next_step"]
    assert not any(planned(foreign).values())


def test_a_database_of_another_role_stops_the_run() -> None:
    foreign = {"state": "in_sync", "foreign": ["app belongs to app, not to shop"]}
    (problem,) = problems(changed("objects", {"postgres": foreign}))
    assert problem["what"].startswith("postgres: the database app belongs to app, not to shop")


def test_a_chosen_engine_that_is_silent_is_named_and_no_other_is_started() -> None:
    chosen = {"chosen": "DOCKER_HOST=tcp://10.0.0.1:2375", "next_step": "Start that engine."}
    look = copy.deepcopy(CONVERGED)
    look["engine"] = {"state": "elsewhere", "error": "no such host", **chosen}
    (found,) = problems(look)
    assert "no such host" in found["what"]
    assert found["where"] == "DOCKER_HOST=tcp://10.0.0.1:2375"
    assert "stopped" not in str(planned(look)["docker"])


def test_a_service_without_secrets_has_nothing_to_renew(tmp_path: Path) -> None:
    entry = {"kind": "container", "image": "x:1", "ports": {"web": 80}, "health": {"tcp": "web"}}

    def found(*rotate: str) -> list[str]:
        names = {"services": {"mail": entry, "redis": REDIS}, "rotate": list(rotate)}
        desired = Desired.of(params(str(tmp_path), **names))
        return [problem.what for problem in checks.nothing_to_rotate(desired, Plan())]

    assert found("mail") == ["There is nothing to renew: mail has no password."]
    assert found("mail", "redis") == found("redis") == found() == []


def test_another_secret_of_a_container_is_not_given_unasked(tmp_path: Path) -> None:
    env = tmp_path / "infra/.env"
    env.parent.mkdir()
    env.write_text("MAIL_IMAGE=x\nMAIL_LOGIN=old\nMAIL_RELAY=same\n")
    secrets = {"login": {"password": "new"}, "relay": {"password": "same"}}
    services = {"mail": ENTRY | {"secrets": secrets}}
    desired = Desired.of(params(str(tmp_path), services=services))
    runs = ServiceState(answers=True, runs="x")
    state = State(Engine("ok"), services={"mail": runs}, other_passwords=("login@mail",))
    (problem,) = checks.passwords(desired, state)
    assert problem.what.startswith("login@mail: the inventory gives another password")
    assert problem.where == "stack_services.mail.secrets.login.password; infra/.env"
    assert desired.other_passwords() == ["login@mail"]
    asked = replace(desired, rotate=frozenset({"mail"}))
    assert checks.passwords(asked, state) == []
    unstarted = replace(state, services={})
    assert checks.passwords(desired, unstarted) == []
