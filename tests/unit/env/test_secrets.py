"""Secrets: made once, kept, renewed alone, and never shown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.dotenv import PLACEHOLDER
from ansible.module_utils.groundwork.env.secrets import (
    SALT_VARIABLE,
    renewed,
    resolve_secrets,
    unlike_kept,
)
from ansible.module_utils.groundwork.errors import GroundworkError
from container_entry import mail
from three_services import HARD, RAW, SECRETS, SERVICES


def test_secrets_are_made_once_and_kept() -> None:
    made = resolve_secrets(SERVICES, {}, 24)
    assert set(made.made) == set(made.values) == set(SECRETS)
    assert all(len(value) == 24 and value.isalnum() for value in made.values.values())
    kept = resolve_secrets(SERVICES, made.values, 24)
    assert (kept.values, kept.made) == (made.values, ())


def test_a_deleted_secret_alone_is_made_anew() -> None:
    kept = {name: value for name, value in SECRETS.items() if name != "REDIS_PASSWORD"}
    again = resolve_secrets(SERVICES, kept, 24)
    assert again.made == ("REDIS_PASSWORD",)
    assert again.values["POSTGRES_PASSWORD"] == HARD


def test_the_inventorys_password_wins() -> None:
    services = parse_services({"redis": RAW["redis"] | {"password": "from the inventory"}})
    secrets = resolve_secrets(services, {"REDIS_PASSWORD": "old"}, 24)
    image = {"REDIS_IMAGE": "redis:7-alpine"}
    assert unlike_kept(services, {"REDIS_PASSWORD": "old"} | image) == ["redis"]
    for kept in (image, secrets.values | image, image | {"REDIS_PASSWORD": PLACEHOLDER}):
        assert unlike_kept(services, kept) == []
    assert unlike_kept(services, {"REDIS_PASSWORD": "of somebody else's"}) == []
    assert secrets.values["REDIS_PASSWORD"] == "from the inventory"


def test_a_superusers_password_is_renewed_with_its_service_or_by_its_own_name() -> None:
    kept = {**SECRETS, "POSTGRES_PASSWORD": "given"}
    names = {"POSTGRES_PASSWORD", "POSTGRES_SUPERUSER_PASSWORD"}
    (made,) = parse_services({"postgres": RAW["postgres"]})
    (given,) = parse_services({"postgres": RAW["postgres"] | {"password": "given"}})
    assert renewed([made], kept, {"postgres"}) == names
    assert renewed([given], kept, {"postgres"}) == {"POSTGRES_PASSWORD"}, "it is the old one still"
    assert renewed([given], SECRETS, {"postgres"}) == names
    assert renewed([given], kept, {"postgres@postgres"}) == {"POSTGRES_SUPERUSER_PASSWORD"}


def test_a_kept_secret_that_cannot_be_used_is_named_not_shown() -> None:
    with pytest.raises(GroundworkError) as caught:
        resolve_secrets(SERVICES, SECRETS | {"QDRANT_API_KEY": "two words"}, 24)
    assert "QDRANT_API_KEY" in str(caught.value)
    assert "two words" not in str(caught.value)


def test_values_do_not_show_in_a_repr() -> None:
    services = parse_services({"redis": RAW["redis"] | {"password": "hunter2"}})
    secrets = resolve_secrets(services, {}, 24)
    assert "hunter2" not in repr(services) + repr(secrets)


def external(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "external": True, "host": "x.example.com", "password": HARD} | more


def test_the_secret_of_an_external_service_is_never_made_nor_kept() -> None:
    services = parse_services({"db": external("postgres")})
    secrets = resolve_secrets(services, {"DB_PASSWORD": "from another time"}, 24)
    assert secrets.values["DB_PASSWORD"] == HARD
    assert secrets.made == (SALT_VARIABLE,)


def test_rotation_makes_new_ones_for_the_named_services_alone() -> None:
    redis = {"kind": "redis", "image": "redis:7"}
    services = parse_services({"one": redis | {"port": 1}, "two": redis | {"port": 2}})
    kept = {"STACK_CHECKSUM_SALT": "s" * 16, "ONE_PASSWORD": "1" * 16, "TWO_PASSWORD": "2" * 16}
    secrets = resolve_secrets(services, kept, 32, {"two"})
    assert secrets.made == ("TWO_PASSWORD",)
    assert len(secrets.values["TWO_PASSWORD"]) == 32
    assert secrets.values["ONE_PASSWORD"] == kept["ONE_PASSWORD"]


def test_rotation_takes_what_the_inventory_gives() -> None:
    redis = {"kind": "redis", "image": "redis:7", "port": 1, "password": "given"}
    secrets = resolve_secrets(parse_services({"one": redis}), {"ONE_PASSWORD": "old"}, 32, {"one"})
    assert secrets.values["ONE_PASSWORD"] == "given"
    assert "ONE_PASSWORD" not in secrets.made


def test_a_containers_secrets_are_made_kept_and_renewed_as_all_others() -> None:
    service = mail()
    made = resolve_secrets([service], {}, 24)
    assert set(made.made) == {SALT_VARIABLE, "MAIL_LOGIN", "MAIL_RELAY"}
    assert resolve_secrets([service], made.values, 24).made == ()
    renewed = resolve_secrets([service], made.values, 24, {"mail"})
    assert set(renewed.made) == {"MAIL_LOGIN", "MAIL_RELAY"}
    assert resolve_secrets([service], made.values, 24, {"login@mail"}).made == ("MAIL_LOGIN",)
    given = mail(secrets={"login": {"password": "another"}, "relay": None})
    assert resolve_secrets([given], made.values, 24).values["MAIL_LOGIN"] == "another"
    kept = made.values | {"MAIL_IMAGE": "x"}
    assert unlike_kept([given], kept) == ["login@mail"]
