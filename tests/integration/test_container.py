"""Any other service (`kind: container`), from its entry to its data's end.

A small server in an image that is built here stands for the images that people would name.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork import dotenv
from ansible.module_utils.groundwork.images.recipes import recipe

from .stack import ROOT, Stack, docker, new_stack, slot_name, slot_port

IMAGE = slot_name("groundwork-test/server") + ":1"
WEB, SMTP = slot_port(16201), slot_port(16202)
ENTRY: dict[str, Any] = {
    "kind": "container",
    "image": IMAGE,
    "ports": {
        "web": {"container": 8080, "port": WEB},
        "smtp": {"container": 2525, "port": SMTP},
    },
    "environment": {"GREETING": "a$b ${HOME} { x } \"'#: é", "SLOW": "0"},
    "secrets": {"login": "LOGIN_FILE", "open": {"plain_variable": "OPEN"}},
    "files": {"/etc/login.conf": 'login = "{secret.login}"\n'},
    "volumes": {"data": "/data", "more": "/more"},
    "health": {"http": "/livez"},
    "url": "http://app:{secret.login}@{host}:{port}/",
    "lines": {"SMTP_ADDRESS": "{host}:{port.smtp}", "MAIL_LOGIN_WORD": "{secret.login}"},
}
APPS = {
    "backend": {"path": "backend/.env", "services": ["mail"]},
    "worker": {"path": "worker/.env", "services": ["mail"], "audience": "internal"},
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of that one service; each test leaves it up."""
    base = recipe(ROOT / "images", "base").reference
    directory = ROOT / "tests/integration/http_server"
    docker("build", "--quiet", f"--build-arg=BASE={base}", f"--tag={IMAGE}", str(directory))
    stack = new_stack(tmp_path_factory.mktemp("any other") / "work space", "groundwork-any", 16200)
    stack.variables |= {
        "stack_services": {"mail": ENTRY},
        "env_files_apps": APPS,
        "schema_dir": "",
        "images_sources": ["present"],
        "stack_health_timeout": 30,
    }
    try:
        stack.up()
        yield stack
    finally:
        stack.destroy()
        docker("rmi", IMAGE)


def get(path: str = "/") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{WEB}{path}", timeout=5) as answer:
        return str(answer.read().decode())


def changed(**fields: Any) -> dict[str, Any]:
    """`stack_services` with other fields of the entry."""
    return {"mail": ENTRY | fields}


def test_a_second_run_is_idle_and_the_summary_has_its_addresses(stack: Stack) -> None:
    play = stack.up()
    assert play.idle, play.output
    assert f"http://app:***@127.0.0.1:{WEB}/" in play.output
    assert f"mail at 127.0.0.1:{SMTP}" in play.output
    assert IMAGE in play.output


def test_it_gets_what_its_entry_says_and_docker_shows_no_secret_but_the_plain_one(
    stack: Stack,
) -> None:
    login, plain = stack.env["MAIL_LOGIN"], stack.env["MAIL_OPEN"]
    lines = get().splitlines()
    assert f"secret={login}" in lines
    assert f'file=login = "{login}"' in lines
    assert "LOGIN_FILE=/run/secrets/login" in lines
    assert f"OPEN={plain}" in lines
    assert f"GREETING={ENTRY['environment']['GREETING']}" in lines
    assert "root=Read-only file system" in lines
    shown = docker("inspect", stack.containers()["mail"]["Id"])
    assert login not in shown
    assert plain in shown  # the price that the docs name


def test_it_is_guarded_as_all_others(stack: Stack) -> None:
    host = stack.containers()["mail"]["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert {each["HostIp"] for ports in host["PortBindings"].values() for each in ports} == {
        "127.0.0.1"
    }
    assert host["PidsLimit"] > 0


def test_apps_get_addresses_that_work_where_they_are(stack: Stack) -> None:
    login = stack.env["MAIL_LOGIN"]
    read = {
        name: dotenv.parse((stack.workspace / app["path"]).read_text(encoding="utf-8"))
        for name, app in APPS.items()
    }
    assert read["backend"]["MAIL_URL"] == f"http://app:{login}@127.0.0.1:{WEB}/"
    assert read["backend"]["SMTP_ADDRESS"] == f"127.0.0.1:{SMTP}"
    assert read["backend"]["MAIL_SMTP_PORT"] == str(SMTP)
    assert read["worker"]["MAIL_URL"] == f"http://app:{login}@mail:8080/"
    assert read["worker"]["SMTP_ADDRESS"] == "mail:2525"
    assert {app["MAIL_LOGIN_WORD"] for app in read.values()} == {login}


def test_another_environment_makes_a_new_container_and_keeps_the_data(stack: Stack) -> None:
    before, counted = stack.containers()["mail"]["Id"], int(get("/count"))
    new = {"environment": ENTRY["environment"] | {"GREETING": "hello"}}
    check = stack.play("dev", "--check", "--diff", stack_services=changed(**new))
    assert check.code == 0
    assert "hello" in check.output
    assert stack.containers()["mail"]["Id"] == before
    stack.up(stack_services=changed(**new))
    assert stack.containers()["mail"]["Id"] != before
    assert "GREETING=hello" in get().splitlines()
    assert int(get("/count")) == counted + 1
    stack.up()


def test_a_new_secret_reaches_the_container_and_the_apps(stack: Stack) -> None:
    old, counted = stack.env["MAIL_LOGIN"], int(get("/count"))
    play = stack.play("rotate", "--diff", stack_rotate="mail")
    assert play.code == 0, play.output
    new = stack.env["MAIL_LOGIN"]
    assert new != old
    assert old not in play.output and new not in play.output
    assert f"secret={new}" in get().splitlines()
    assert int(get("/count")) == counted + 1
    app = (stack.workspace / APPS["backend"]["path"]).read_text(encoding="utf-8")
    assert new in app and old not in app
    assert stack.up().idle


def test_one_that_is_not_well_is_shown_with_its_last_lines(stack: Stack) -> None:
    broken = ENTRY["environment"] | {"BROKEN": "1"}
    text = stack.refuse(stack_services=changed(environment=broken), stack_health_timeout=3)
    assert f"GET /livez at port {WEB} answers 503" in text
    assert "asked for /livez, answered 503 Unwell, login ****" in text
    assert stack.env["MAIL_LOGIN"] not in text
    assert stack.up().changed


@pytest.mark.parametrize(
    "health",
    [
        {"tcp": "smtp"},
        {"command": ["perl", "-e", "exit !-e '/data'"]},
        {"command": 'test -e $HOSTNAME || test "$(hostname)" = mail'},
    ],
    ids=["tcp", "command", "shell"],
)
def test_other_ways_to_ask_wait_until_it_is_ready(stack: Stack, health: dict[str, Any]) -> None:
    slow = ENTRY["environment"] | {"SLOW": "2"}
    fields = {"health": health, "environment": slow}
    stack.up(stack_services=changed(**fields))
    if "tcp" in health:
        get("/livez")  # it listens by now
    else:
        assert stack.containers()["mail"]["State"]["Health"]["Status"] == "healthy"
    assert stack.up(stack_services=changed(**fields)).idle
    stack.up()


def test_a_command_that_fails_is_shown(stack: Stack) -> None:
    test = "echo it is ill; exit 1"
    text = stack.refuse(stack_services=changed(health={"command": test}), stack_health_timeout=4)
    assert "it is ill" in text
    stack.up()


def test_guards_are_lifted_by_name(stack: Stack) -> None:
    stack.up(stack_services=changed(read_only=False, user="65534:65534", cap_add=["CHOWN"]))
    lines = get().splitlines()
    assert "root=Permission denied" in lines
    assert "uid=65534" in lines
    stack.up()


def test_another_secret_in_the_inventory_is_not_taken_unasked(stack: Stack) -> None:
    given = {"login": {"file_variable": "LOGIN_FILE", "password": "another-Word-9271"}}
    fields = {"secrets": ENTRY["secrets"] | given}
    text = stack.refuse(stack_services=changed(**fields))
    assert "login@mail: the inventory gives another password" in text
    assert "stack_services.mail.secrets.login.password" in text
    play = stack.play("rotate", stack_services=changed(**fields), stack_rotate="mail")
    assert play.code == 0, play.output
    assert "another-Word-9271" not in play.output
    assert "secret=another-Word-9271" in get().splitlines()
    stack.up()  # kept, where the inventory gives none


def test_its_data_stay_and_go_by_name(stack: Stack) -> None:
    counted = int(get("/count"))
    assert stack.play("down").code == 0
    assert "mail" not in stack.containers()
    stack.up()
    assert int(get("/count")) == counted + 1
    play = stack.play("down", stack_remove_data=f"{stack.project}/mail")
    assert play.code == 0, play.output
    assert not volumes(stack) - {f"{stack.project}_owner"}
    stack.up()
    assert int(get("/count")) == 1
    assert volumes(stack) >= {f"{stack.project}_mail_data", f"{stack.project}_mail.more_data"}


def test_a_volume_that_is_not_used_any_more_is_named(stack: Stack) -> None:
    play = stack.up(stack_services=changed(volumes={"data": "/data"}))
    play = stack.up(stack_services=changed(volumes={"data": "/data"}))
    assert f"of mail.more are here still: {stack.project}_mail.more_data" in play.output
    stack.up()


def test_its_image_comes_from_an_archive(stack: Stack, tmp_path: Path) -> None:
    docker("save", "--output", str(tmp_path / "server.tar"), IMAGE)
    stack.play("down")
    docker("rmi", IMAGE)
    sources = {"images_sources": ["present", "archive"], "images_archive_dir": str(tmp_path)}
    play = stack.up(**sources)
    assert "from an archive" in play.output
    assert f"{IMAGE} (from an archive)" in play.output
    assert stack.up().idle


def test_an_image_that_nobody_has_is_named_with_what_was_tried(stack: Stack) -> None:
    fields = {"image": "groundwork-test/nowhere:1"}
    text = stack.refuse(
        stack_services=changed(**fields), images_sources=["present", "archive", "build"]
    )
    assert "groundwork-test/nowhere:1 is not here" in text
    assert "nothing that is built here stands in for groundwork-test/nowhere:1" in text
    assert "mail" in stack.containers()


def test_one_secret_is_renewed_by_its_name(stack: Stack) -> None:
    before = stack.env
    play = stack.play("rotate", stack_rotate="login@mail")
    assert play.code == 0, play.output
    assert stack.env["MAIL_LOGIN"] != before["MAIL_LOGIN"]
    assert stack.env["MAIL_OPEN"] == before["MAIL_OPEN"]


def volumes(stack: Stack) -> set[str]:
    return set(docker("volume", "ls", "-q", "--filter", f"name={stack.project}_").split())


def test_a_port_that_somebody_holds_is_named(stack: Stack) -> None:
    name = docker("run", "-d", "--rm", "-p", f"127.0.0.1:{SMTP + 1}:2525", IMAGE).strip()
    try:
        ports = ENTRY["ports"] | {"smtp": {"container": 2525, "port": SMTP + 1}}
        text = stack.refuse(stack_services=changed(ports=ports))
        assert "stack_services.mail.ports.smtp" in text
        assert json.dumps(SMTP + 1) in text
    finally:
        docker("kill", name)
