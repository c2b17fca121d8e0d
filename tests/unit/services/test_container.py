"""Any other service: its addresses, files, part of the Compose file, and how it is asked."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml
from ansible.module_utils.groundwork.services import (
    Endpoint,
    ProbeError,
    describe,
    endpoint,
    infra_variables,
    secret_files,
    secrets_of,
    service_type,
)
from container_entry import ENTRY, SECRETS, mail
from rendered import compose_text


def part(**changed: Any) -> dict[str, Any]:
    """Its part of the Compose file, as YAML reads it, what all services have left out."""
    keys = service_type(mail()).compose(mail(**changed))
    return {key: yaml.safe_load(value) for key, value in keys.items()}


@pytest.mark.parametrize(
    ("audience", "host", "smtp", "web"),
    [
        ("host", "127.0.0.1", 11025, 18025),
        ("internal", "mail", 1025, 80),
        ("tunnel", "127.0.0.1", 11125, 18125),
    ],
)
def test_addresses_are_those_of_the_audience(audience: str, host: str, smtp: int, web: int) -> None:
    service, kind = mail(), service_type(mail())
    here = endpoint(service, audience, 100)
    assert kind.url(service, here, SECRETS) == f"smtp://app:p%40ss%20word@{host}:{smtp}"
    assert kind.app_lines(service, here, SECRETS) == {
        "MAIL_HOST": host,
        "MAIL_WEB": f"http://{host}:{web}",
        "MAIL_PORT": str(smtp),
    }


def test_a_url_that_is_left_out_follows_the_first_port() -> None:
    def url(**changed: Any) -> str:
        service = mail(url=None, **changed)
        return service_type(service).url(service, endpoint(service, "host"), SECRETS)

    assert url() == "tcp://127.0.0.1:11025"
    assert url(health={"http": "/", "port": "smtp"}) == "http://127.0.0.1:11025"


def test_every_secret_and_file_is_a_file_of_its_own() -> None:
    files = secret_files(mail(), SECRETS)
    assert list(files.values()) == ["p@ss word", "relay's", "app:p@ss word\n"]
    assert [name for name in files if "file-" not in name] == ["mail.login", "mail.relay"]
    other = secret_files(mail(files={"/etc/mailpit/other": ""}), SECRETS)
    assert len(set(files) & set(other)) == 2  # the secrets


def test_secrets_have_names_and_places() -> None:
    login, relay = secrets_of(mail())
    assert (login.variable, login.name, login.vault) == ("MAIL_LOGIN", "login@mail", "mail_login")
    assert login.where == "stack_services.mail.secrets.login.password"
    assert login.is_in({"mail"}) and login.is_in({"login@mail"}) and not login.is_in({"login"})
    assert relay.variable == "MAIL_RELAY"


def test_a_container_is_guarded_unless_it_is_lifted_by_name() -> None:
    text = compose_text({"mail": _entry()})
    (service,) = yaml.safe_load(text)["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in service
    lifted = {"read_only": False, "no_new_privileges": False, "cap_add": ["CAP_CHOWN", "setuid"]}
    (service,) = yaml.safe_load(compose_text({"mail": _entry(**lifted)}))["services"].values()
    assert service["read_only"] is False
    assert service["security_opt"] == []
    assert service["cap_add"] == ["CHOWN", "SETUID"]


def test_its_part_of_the_compose_file() -> None:
    found = part(command="serve --at ':80'", user="1000:1000", tmpfs=["/run"], stop_seconds=5)
    assert found == {
        "hostname": "mail",
        "ports": ["127.0.0.1:${MAIL_PORT}:1025", "127.0.0.1:${MAIL_WEB_PORT}:80"],
        "volumes": ["mail_data:/data", "mail.conf_data:/conf"],
        "environment": {
            "MP_MAX_MESSAGES": "500",
            "MP_VERBOSE": "true",
            "MP_LABEL": "a$$b $${C}",
            "MP_LOGIN_FILE": "/run/secrets/login",
            "MP_RELAY": "${MAIL_RELAY}",
        },
        "secrets": [
            {"source": "mail.login", "target": "login"},
            {"source": "mail.relay", "target": "relay"},
            {"source": _file(), "target": "/etc/mailpit/auth"},
        ],
        "tmpfs": ["/run"],
        "command": ["serve", "--at", ":80"],
        "user": "1000:1000",
        "stop_grace_period": "5s",
    }


def test_the_compose_file_has_its_volumes_and_files() -> None:
    whole = yaml.safe_load(compose_text({"mail": _entry()}))
    assert {key: volume["name"] for key, volume in whole["volumes"].items()} == {
        "mail_data": "t_mail_data",
        "mail.conf_data": "t_mail.conf_data",
    }
    files = secret_files(mail(), SECRETS)
    assert {name: each["file"] for name, each in whole["secrets"].items()} == {
        name: f".secrets/{name}" for name in files
    }
    (service,) = whole["services"].values()
    assert {mount["source"] for mount in service["secrets"]} == set(files)


@pytest.mark.parametrize(
    "text", ["a: b", 'x" y', "#", "- ", "'", "\\", "{[", "ü 😀", "  two", "yes", "&a *a", "%", "!x"]
)
def test_nothing_that_a_person_writes_breaks_the_file(text: str) -> None:
    entry = _entry(environment={"X": text}, command=["run", text], user=text)
    (service,) = yaml.safe_load(compose_text({"mail": entry}))["services"].values()
    assert service["environment"]["X"] == text
    assert service["command"] == ["run", text]
    assert service["user"] == text


def test_a_command_is_the_engines_to_run() -> None:
    asked = {"health": {"command": ["is", "$well"]}}
    entry = _entry(**asked)
    (service,) = yaml.safe_load(compose_text({"mail": entry}))["services"].values()
    assert service["healthcheck"]["test"] == ["CMD", "is", "$$well"]
    assert service_type(mail()).engine_decides(mail(**asked))
    assert not service_type(mail()).engine_decides(mail())
    line = part(health={"command": "is well || exit 1"})["test"]
    assert line == ["CMD-SHELL", "is well || exit 1"]
    assert "healthcheck" not in compose_text({"mail": _entry()})


def test_what_templates_read_shows_no_secret() -> None:
    given = {"login": {"file_variable": "MP_LOGIN_FILE", "password": "kV3rT9xQm2Lp"}}
    service = mail(secrets=given, lines=None)
    assert "kV3rT9xQm2Lp" not in repr(service)
    assert "kV3rT9xQm2Lp" not in repr(describe(service))


def test_its_variables_are_all_its_own() -> None:
    names = infra_variables(mail())
    assert len(names) == len(set(names))
    assert {"MAIL_IMAGE", "MAIL_PORT", "MAIL_WEB_PORT", "MAIL_LOGIN", "MAIL_URL"} <= set(names)


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/livez": 200, "/moved": 302, "/login": 401}.get(self.path, 503))
        self.send_header("Location", "http://elsewhere.invalid/")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def asked(health: dict[str, Any], port: int) -> str:
    service = mail(health=health)
    there = Endpoint("127.0.0.1", 1, {"web": port})
    return service_type(service).probe(service, there, "", 2)


@pytest.mark.parametrize("path", ["/livez", "/moved"])
def test_http_is_well_below_400(web: int, path: str) -> None:
    assert asked({"http": path, "port": "web"}, web) == ""


@pytest.mark.parametrize(("path", "status"), [("/login", 401), ("/?a=b", 503)])
def test_http_that_is_not_well_says_what_it_answers(web: int, path: str, status: int) -> None:
    with pytest.raises(
        ProbeError, match=f"GET {path.replace('?', '.')} at port {web} answers {status}"
    ) as caught:
        asked({"http": path, "port": "web"}, web)
    assert not caught.value.permanent  # a service that starts answers so, too


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does `talk` with its one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                talk(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def test_tcp_is_well_where_the_connection_stays() -> None:
    done = threading.Event()
    with server(lambda connection: bool(done.wait(5)) or None) as port:
        assert asked({"tcp": "web"}, port) == ""
        done.set()
    with server(lambda connection: connection.sendall(b"220 hello\r\n")) as port:
        assert asked({"tcp": "web"}, port) == ""


def test_tcp_is_not_well_where_the_engines_proxy_closes_it() -> None:
    with server(lambda connection: None) as port, pytest.raises(ProbeError, match="closes"):
        asked({"tcp": "web"}, port)


@pytest.mark.parametrize("health", [{"tcp": "web"}, {"http": "/", "port": "web"}])
def test_nobody_there_is_said(health: dict[str, Any]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ProbeError, match="refused"):
            asked(health, unused.getsockname()[1])


def test_a_server_that_speaks_something_else() -> None:
    with (
        server(lambda connection: connection.sendall(b"220 hello\r\n")) as port,
        pytest.raises(ProbeError),
    ):
        asked({"http": "/", "port": "web"}, port)


def _entry(**changed: Any) -> dict[str, Any]:
    return ENTRY | changed


def _file() -> str:
    return next(name for name in secret_files(mail(), SECRETS) if "file-" in name)
