"""An entry of the kind container: what is wrong is named, with its place and the way out."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import given_passwords, parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from container_entry import ENTRY, mail


def refusal(services: dict[str, Any]) -> str:
    with pytest.raises(GroundworkError) as caught:
        parse_services(services)
    return str(caught.value)


def refused(changed: dict[str, Any]) -> str:
    entry = {key: value for key, value in (ENTRY | changed).items() if value is not None}
    return refusal({"mail": entry})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"health": None}, ["mail.health is missing", "nobody knows when the container is ready"]),
        ({"health": {}}, ["mail.health is missing"]),
        ({"health": {"http": "/", "tcp": "web"}}, ["mail.health must be one of"]),
        ({"health": {"port": "web"}}, ["mail.health must be one of"]),
        ({"health": {"tcp": "web", "port": "web"}}, ["mail.health must be one of"]),
        ({"health": {"http": "livez"}}, ["mail.health.http", "from / on"]),
        ({"health": {"http": "/a b"}}, ["mail.health.http"]),
        ({"health": {"http": "/\r\nX: y"}}, ["mail.health.http"]),
        ({"health": {"tcp": "wev"}}, ["no port 'wev' in ports", "Did you mean 'web'?"]),
        ({"health": {"http": "/", "port": "api"}}, ["no port 'api' in ports"]),
        ({"health": {"htpp": "/"}}, ["health.htpp: unknown option", "Did you mean 'http'?"]),
        ({"health": {"command": []}}, ["mail.health.command must be"]),
        ({"ports": None}, ["mail.ports is missing", "{web: {container: 80, port: 8080}}"]),
        ({"ports": [80]}, ["mail.ports must be a dictionary"]),
        ({"ports": {"smtp": 0, "web": 80}}, ["mail.ports.smtp.container is 0"]),
        ({"ports": {"smtp": {"container": 25}, "web": 80}}, ["mail.ports.smtp.port is missing"]),
        ({"ports": {"smtp": {"prot": 1}, "web": 2}}, ["ports.smtp.prot: unknown option"]),
        ({"ports": {"Web-1": 1, "web": 2}}, ["mail.ports: 'Web-1' is no name"]),
        (
            {"ports": {"smtp": {"container": 80, "port": 1}, "web": 80}},
            ["mail.ports.web and", "mail.ports.smtp: both are the container's 80"],
        ),
        (
            {"ports": {"smtp": {"container": 25, "port": 80}, "web": 80}},
            ["mail.ports.web and stack_services.mail.ports.smtp: both use the port 80"],
        ),
        ({"port": 80}, ["mail.port: a container has `ports` by name"]),
        ({"password": "x"}, ["mail.password: a container has `secrets` by name"]),
        ({"tls": True}, ["mail.tls"]),
        (
            {"external": True, "host": "x.example"},
            ["mail.external", "env_files_apps.APP.variables"],
        ),
        ({"imgae": "x:1"}, ["mail.imgae: unknown option", "Did you mean 'image'?"]),
        ({"privileged": True}, ["mail.privileged: unknown option"]),
        ({"image": "Mailpit:"}, ["mail.image must be an image reference"]),
        ({"url": "smtp://{hots}"}, ["mail.url has {hots}", "Did you mean 'host'?"]),
        ({"url": "smtp://{port.api}"}, ["mail.url has {port.api}"]),
        ({"url": "{secret.nobody}"}, ["mail.url has {secret.nobody}"]),
        ({"url": "${host}"}, ["mail.url can't be written"]),
        ({"url": 5}, ["mail.url must be text"]),
        ({"lines": {"MAIL_X": "{host"}}, ["mail.lines.MAIL_X has a brace"]),
        ({"lines": {"MAIL-X": "x"}}, ["'MAIL-X' is not a variable name"]),
        ({"lines": {"MAIL_X": "a\nb"}}, ["mail.lines.MAIL_X has a line break"]),
        ({"lines": {"MAIL_URL": "x"}}, ["mail: it uses the variable MAIL_URL twice"]),
        ({"lines": {"MAIL_WEB_PORT": "x"}}, ["it uses the variable MAIL_WEB_PORT twice"]),
        ({"files": {"/x": "{secret.nobody}"}}, ["mail.files./x has {secret.nobody}"]),
        ({"files": {"x": ""}}, ["mail.files: 'x' is not a path"]),
        ({"files": {"/../x": ""}}, ["mail.files: '/../x' is not a path"]),
        ({"volumes": {"data": "data"}}, ["mail.volumes: 'data' is not a path"]),
        ({"volumes": {"data": "/data:ro"}}, ["mail.volumes.data: '/data:ro'", "without a colon"]),
        ({"volumes": {"data": "/"}}, ["mail.volumes: / can't be replaced"]),
        (
            {"volumes": {"a": "/x", "b": "/x/"}},
            ["mail.volumes.b and stack_services.mail.volumes.a: both are at /x/"],
        ),
        ({"volumes": {"a": "/x"}, "tmpfs": ["/x:size=1m"]}, ["mail.tmpfs and", "both are at /x"]),
        ({"tmpfs": ["/x", "/x"]}, ["mail.tmpfs: it is twice", "/x"]),
        ({"files": {"/x": ""}, "volumes": {"a": "/x"}}, ["mail.files./x and", "both are at /x"]),
        ({"files": {"/run/secrets/login": ""}}, ["mail.secrets.login: both are at"]),
        ({"volumes": {"a_b": "/x"}}, ["'a_b' is no name for a volume"]),
        ({"volumes": ["/x"]}, ["mail.volumes must be a dictionary"]),
        ({"environment": ["A=b"]}, ["mail.environment must be a dictionary"]),
        ({"environment": {"A": {"b": 1}}}, ["mail.environment.A must be text"]),
        ({"environment": {"A": "x\x00"}}, ["mail.environment.A has a line break"]),
        ({"environment": {"A B": "x"}}, ["'A B' is not a name"]),
        ({"secrets": {"login": "MP_LOGIN"}}, ["MP_LOGIN doesn't end in _FILE", "docker inspect"]),
        ({"secrets": {"login": {"variable": "X"}}}, ["login.variable: unknown option"]),
        ({"secrets": {"login": {"password": 5}}}, ["login.password must be text"]),
        ({"secrets": {"login": {"password": "a\\"}}}, ["login.password can't be used"]),
        ({"secrets": {"Login": None}}, ["mail.secrets: 'Login' is no name"]),
        ({"secrets": {"image": None}}, ["mail: it uses the variable MAIL_IMAGE twice"]),
        ({"secrets": {"web_port": None}}, ["it uses the variable MAIL_WEB_PORT twice"]),
        (
            {"secrets": {"login": "A_FILE", "relay": {"plain_variable": "A_FILE"}}},
            ["mail.secrets.relay and", "mail.secrets.login: both set the variable A_FILE"],
        ),
        (
            {"environment": {"A_FILE": "x"}, "secrets": {"login": "A_FILE"}},
            ["mail.secrets.login and", "mail.environment: both set the variable A_FILE"],
        ),
        ({"command": "a 'b"}, ["mail.command has a quote that isn't closed"]),
        ({"command": {"a": 1}}, ["mail.command must be a list of words"]),
        ({"entrypoint": [["a"]]}, ["mail.entrypoint must be a list of words"]),
        ({"read_only": "no"}, ["mail.read_only must be true or false"]),
        ({"no_new_privileges": 0}, ["mail.no_new_privileges must be true or false"]),
        ({"cap_add": ["SYS_ADMIN"]}, ["mail.cap_add: 'SYS_ADMIN' can't be given"]),
        ({"cap_add": "CHOWN"}, ["mail.cap_add must be a list"]),
        ({"tmpfs": ["tmp"]}, ["mail.tmpfs: 'tmp' is not a path"]),
        ({"user": ["x"]}, ["mail.user must be text"]),
        ({"stop_seconds": 0}, ["mail.stop_seconds is 0"]),
        ({"memory": "1k"}, ["mail.memory is '1k'"]),
    ],
)
def test_a_mistake_is_named(changed: dict[str, Any], words: list[str]) -> None:
    plain = {"secrets": {"login": None}, "files": None, "lines": None, "url": "x://{host}"}
    text = refused(plain | changed)
    for word in words:
        assert word in text, text


def test_a_port_of_another_service_is_refused() -> None:
    redis = {"kind": "redis", "image": "redis:7", "port": 18025}
    text = refusal({"redis": redis, "mail": ENTRY})
    assert "stack_services.mail.ports.web and stack_services.redis.port: both use the port" in text


def test_two_containers_may_have_the_same_ports_inside() -> None:
    other = ENTRY | {"ports": {"smtp": {"container": 1025, "port": 1}, "web": 2}, "lines": {}}
    first, second = parse_services({"mail": ENTRY, "mail2": other})
    assert first.inner_ports["smtp"] == second.inner_ports["smtp"]


def test_a_variable_of_another_service_is_refused() -> None:
    redis = {"kind": "redis", "image": "redis:7", "port": 1, "url_variable": "MAIL_LOGIN"}
    text = refusal({"redis": redis, "mail": ENTRY})
    assert "stack_services.mail and stack_services.redis: both use the variable MAIL_LOGIN" in text


def test_a_volume_may_take_the_place_of_the_memory_that_is_given_unasked() -> None:
    assert mail().details.tmpfs
    assert mail(volumes={"data": "/tmp"}).details.tmpfs == ()


def test_all_mistakes_are_named_at_once() -> None:
    text = refused({"health": None, "ports": None, "url": "{x}", "image": ""})
    for word in ("mail.health", "mail.ports", "mail.image"):
        assert word in text


def test_what_may_be_left_out() -> None:
    entry = {"kind": "container", "image": "x:1", "ports": {"web": 80}, "health": {"tcp": "web"}}
    (service,) = parse_services({"x": entry})
    assert (service.port, dict(service.more_ports), service.url_variable) == (80, {}, "X_URL")
    assert service.ports == {"ports.web": 80}


def test_given_secrets_are_found_in_a_broken_inventory_too() -> None:
    raw = {"mail": {"secrets": {"login": {"password": "one"}, "x": "y"}, "password": "two"}}
    assert given_passwords(raw) == {"one", "two"}


def test_an_external_false_is_no_mistake() -> None:
    assert not mail(external=False).external
