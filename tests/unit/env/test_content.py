"""The env contract: right addresses for each audience, and no secret where everybody reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from ansible.module_utils.groundwork.config.apps import App, parse_apps
from ansible.module_utils.groundwork.config.logins import Login
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env import content
from ansible.module_utils.groundwork.env.content import Image
from ansible.module_utils.groundwork.env.secrets import (
    SALT_VARIABLE,
    named_secrets,
)
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import (
    Service,
    app_variables,
    infra_variables,
    secret_files,
    service_type,
)
from ansible.module_utils.groundwork.tls.certificates import KeyPair
from container_entry import ENTRY, mail
from container_entry import SECRETS as MAIL_SECRETS
from grpc_stack import PLAIN, QDRANT
from rendered import compose
from three_services import HARD, RAW, SECRETS, SERVICES

IMAGES = {service.name: Image(service.image, "storage_format") for service in SERVICES}
BACKEND = {"path": "apps/backend/.env", "services": ["postgres", "qdrant", "redis"]}
QDRANT_SECRETS = {SALT_VARIABLE: "salt", "QDRANT_API_KEY": "key"}


def app_of(entry: dict[str, Any]) -> App:
    return parse_apps({"app": entry}, SERVICES)[0]


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_a_url_gives_back_the_password_whatever_is_in_it(variable: str) -> None:
    url = urlsplit(content.infra_env(SERVICES, IMAGES, SECRETS)[variable])
    assert unquote(url.password or "") == HARD


def test_the_audiences_get_their_own_addresses() -> None:
    internal = content.infra_env(SERVICES, IMAGES, SECRETS)
    host = content.app_env(app_of(BACKEND), SERVICES, SECRETS)
    assert urlsplit(internal["DATABASE_URL"]).netloc.endswith("@postgres:5432")
    assert urlsplit(host["DATABASE_URL"]).netloc.endswith("@127.0.0.1:15432")
    assert internal["QDRANT_URL"] == "http://qdrant:6333"
    assert host["QDRANT_URL"] == "http://127.0.0.1:16333"
    assert host["QDRANT_API_KEY"] == "qdrant-key"


@pytest.mark.parametrize(("bind", "host"), [("0.0.0.0", "127.0.0.1"), ("10.0.0.5", "10.0.0.5")])
def test_an_app_on_the_host_reaches_a_service_where_it_listens(bind: str, host: str) -> None:
    services = parse_services({"qdrant": RAW["qdrant"] | {"bind": bind, "bind_public": True}})
    app = App("app", ".env", logins=plain(services))
    assert content.app_env(app, services, SECRETS)["QDRANT_URL"] == f"http://{host}:16333"


def plain(services: Iterable[Service]) -> tuple[Login, ...]:
    return tuple(Login(service.name, service.url_variable) for service in services)


def external(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "external": True, "host": "x.example.com", "password": HARD} | more


@pytest.mark.parametrize("audience", ["host", "internal", "tunnel"])
def test_what_somebody_else_runs_has_one_address_for_everybody(audience: str) -> None:
    services = parse_services(
        {
            "db": external("postgres", ca_file="/my ca.pem"),
            "vectors": external("qdrant", password="key", port=443, ca_file="/ca.pem"),
            "cache": external("redis"),
            "plain": external("redis", tls=False, port=6380),
        }
    )
    app = App("app", ".env", audience=audience, logins=plain(services))
    secrets = {name: secret.given for name, secret in named_secrets(services)}
    lines = content.app_env(app, services, secrets, 10000)
    url = urlsplit(lines["DB_URL"])
    assert url.netloc.endswith("@x.example.com:5432")
    assert url.query == "sslmode=verify-full&sslrootcert=/my%20ca.pem"
    assert lines["VECTORS_URL"] == "https://x.example.com:443"
    assert lines["VECTORS_CA_FILE"] == "/ca.pem"
    assert lines["CACHE_URL"].startswith("rediss://:")
    assert "CACHE_CA_FILE" not in lines
    assert lines["PLAIN_URL"].startswith("redis://:")


def test_a_url_names_the_authorities_file_since_clients_do_not_find_the_systems() -> None:
    (service,) = parse_services({"db": external("postgres")})
    lines = content.infra_env([service], {}, {SALT_VARIABLE: "salt", "DB_PASSWORD": "x"})
    assert lines["DB_URL"].endswith("sslrootcert=/etc/ssl/certs/ca-certificates.crt")
    assert set(lines) == {SALT_VARIABLE, "DB_PASSWORD", "DB_URL"}


def test_asyncpg_gets_its_own_words() -> None:
    (service,) = parse_services(
        {"db": external("postgres", url_scheme="postgresql+asyncpg", ca_file="/ca.pem")}
    )
    lines = content.app_env(
        App("app", ".env", logins=plain([service])), [service], {"DB_PASSWORD": "x"}
    )
    assert lines["DB_URL"].endswith("?ssl=verify-full")
    assert lines["PGSSLROOTCERT"] == "/ca.pem"


def test_tls_of_ones_own_is_in_the_addresses_of_every_audience() -> None:
    raw = {name: entry | {"tls": True} for name, entry in RAW.items()}
    services = parse_services(raw, ca="/infra/ca.crt")
    for audience in ("host", "internal", "tunnel"):
        app = App("app", ".env", audience=audience, logins=plain(services))
        lines = content.app_env(app, services, SECRETS, 10000)
        assert lines["DATABASE_URL"].endswith("sslmode=verify-full&sslrootcert=/infra/ca.crt")
        assert lines["QDRANT_URL"].startswith("https://")
        assert lines["REDIS_URL"].startswith("rediss://")
        assert lines["QDRANT_CA_FILE"] == lines["REDIS_CA_FILE"] == "/infra/ca.crt"


def test_another_certificate_changes_the_checksum_of_its_service_alone() -> None:
    def checksums(**pairs: KeyPair) -> dict[str, str]:
        lines = content.infra_env(SERVICES, IMAGES, SECRETS, pairs)
        return {name: value for name, value in lines.items() if name.endswith("_CHECKSUM")}

    plain, one = checksums(), checksums(redis=KeyPair("certificate", "key"))
    other, key = (
        checksums(redis=KeyPair("other", "key")),
        checksums(redis=KeyPair("certificate", "new")),
    )
    assert len({found["REDIS_CHECKSUM"] for found in (plain, one, other, key)}) == 4
    assert len({found["POSTGRES_CHECKSUM"] for found in (plain, one, other, key)}) == 1


def test_an_app_gets_the_addresses_of_where_it_runs() -> None:
    def url(audience: str) -> str:
        app = app_of(BACKEND | {"audience": audience})
        return urlsplit(content.app_env(app, SERVICES, SECRETS, 10000)["DATABASE_URL"]).netloc

    assert url("internal").endswith("@postgres:5432")
    assert url("host").endswith("@127.0.0.1:15432")
    assert url("tunnel").endswith("@127.0.0.1:25432")


def test_the_redis_container_gets_no_password() -> None:
    (service,) = [service for service in SERVICES if service.name == "redis"]
    (text,) = secret_files(service, SECRETS).values()
    assert text.startswith("user default on #")
    assert HARD not in text


def test_a_checksum_follows_the_secret_and_the_salt() -> None:
    def checksum(**change: str) -> str:
        return content.infra_env(SERVICES, IMAGES, SECRETS | change)["REDIS_CHECKSUM"]

    assert checksum() == checksum()
    assert len({checksum(), checksum(REDIS_PASSWORD="x"), checksum(STACK_CHECKSUM_SALT="y")}) == 3
    assert checksum() == checksum(POSTGRES_PASSWORD="another service's")


def test_a_public_app_with_a_stacks_secret_in_it_is_refused_without_showing_it() -> None:
    app = app_of({"path": ".env", "public": True, "variables": {"HINT": "x qdrant-key y"}})
    with pytest.raises(GroundworkError) as caught:
        content.app_env(app, SERVICES, SECRETS)
    assert "HINT" in str(caught.value)
    assert "qdrant-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("audience", "port"), [("host", "16334"), ("internal", "6334"), ("tunnel", "26334")]
)
def test_an_app_gets_the_grpc_port_where_it_runs(audience: str, port: str) -> None:
    services = parse_services({"qdrant": QDRANT})
    app = App("app", "apps/.env", audience=audience, logins=plain(services))
    assert content.app_env(app, services, QDRANT_SECRETS, 10000)["QDRANT_GRPC_PORT"] == port


def test_an_external_qdrant_has_its_grpc_port_where_they_say() -> None:
    entry = {"kind": "qdrant", "external": True, "host": "q.example.com", "password": "key"}
    services = parse_services({"qdrant": entry | {"grpc_port": 6334}, "mine": PLAIN})
    app = App("app", "apps/.env", logins=plain(services[:1]))
    assert content.app_env(app, services, QDRANT_SECRETS)["QDRANT_GRPC_PORT"] == "6334"
    assert "grpc" not in str(compose({"qdrant": entry | {"grpc_port": 6334}})).lower()


def test_without_a_grpc_port_nothing_of_it_is_anywhere() -> None:
    services = parse_services({"qdrant": PLAIN})
    images = {"qdrant": Image("qdrant/qdrant:v1.7.4", "qdrant-server")}
    assert "QDRANT_GRPC_PORT" not in content.infra_env(services, images, QDRANT_SECRETS)
    made = compose({"qdrant": PLAIN})["services"]["qdrant"]
    assert made["ports"] == ["127.0.0.1:${QDRANT_PORT}:6333"]


def test_a_containers_lines() -> None:
    service, salt = mail(), {"STACK_CHECKSUM_SALT": "salt"}

    def lines(**change: str) -> dict[str, str]:
        secrets = MAIL_SECRETS | salt | change
        return content.infra_env([service], {"mail": Image("x:1", "container")}, secrets)

    found = lines()
    assert list(found) == [
        "STACK_CHECKSUM_SALT",
        *infra_variables(service)[:2],
        *(["MAIL_PORT", "MAIL_WEB_PORT", "MAIL_LOGIN", "MAIL_RELAY", "MAIL_CHECKSUM", "MAIL_URL"]),
    ]
    assert (found["MAIL_PORT"], found["MAIL_WEB_PORT"]) == ("11025", "18025")
    assert found["MAIL_LOGIN"] == MAIL_SECRETS["MAIL_LOGIN"]
    assert found["MAIL_URL"].endswith("@mail:1025")
    assert found["MAIL_CHECKSUM"] != lines(MAIL_LOGIN="x")["MAIL_CHECKSUM"]


def test_the_variables_that_are_checked_are_those_that_are_written() -> None:
    for service in [*SERVICES, mail()]:
        secrets = SECRETS | MAIL_SECRETS
        written = content.infra_env([service], {service.name: Image("x", "y")}, secrets)
        hidden = service_type(service).file_variable(service)
        names = {n for n in infra_variables(service) if n in written or n != hidden}
        assert names == set(written) - {"STACK_CHECKSUM_SALT"}
        (app,) = parse_apps({"a": {"path": "a/.env", "services": [service.name]}}, [service])
        assert set(content.app_env(app, [service], secrets)) == set(app_variables(service))


def test_lines_with_a_secret_are_known_whatever_they_are_called() -> None:
    service = mail(lines={"MAIL_WHO": "app:{secret.login}", "MAIL_HOST": "{host}"})
    services = [service, *SERVICES]
    (app,) = parse_apps({"a": {"path": "a/.env", "services": ["mail", "redis"]}}, services)
    hidden = content.app_secret_lines(app, services)
    assert hidden == {"MAIL_URL", "MAIL_WHO", "REDIS_URL"}


def test_an_app_is_refused_two_services_that_set_one_variable() -> None:
    two = parse_services({"mail": ENTRY, "other": ENTRY | {"ports": {"smtp": 1, "web": 2}}})
    one = {"path": "a/.env", "services": ["mail"]}
    assert parse_apps({"a": one, "b": one | {"path": "b/.env", "services": ["other"]}}, two)
    with pytest.raises(GroundworkError, match="mail and other both set MAIL_HOST"):
        parse_apps({"a": one | {"services": ["mail", "other"]}}, two)


def test_a_volume_is_made_with_the_password_of_who_owns_it() -> None:
    (service,) = [service for service in SERVICES if service.name == "postgres"]
    assert secret_files(service, SECRETS) == {"postgres": "superuser-key"}
    before = replace(service, objects=replace(service.objects, superuser=""))
    assert secret_files(before, SECRETS) == {"postgres": HARD}
    lines = content.infra_env([before], IMAGES, SECRETS)
    assert not [name for name in lines if "SUPERUSER" in name]
