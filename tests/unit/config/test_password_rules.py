"""Passwords of a shared machine: what is refused, by which name, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.password_rules import (
    check,
    check_backup,
    problems,
    weakness,
)
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env.secrets import new_secret
from ansible.module_utils.groundwork.errors import GroundworkError
from container_entry import mail

GOOD = "kV3rT9xQm2LpW8sZ"
OTHER = "hN5cB7yJd4GfR6uE"


def services(**passwords: str) -> Any:
    raw: dict[str, Any] = {
        "postgres": {"kind": "postgres", "image": "postgres:16", "port": 5432},
        "redis": {"kind": "redis", "image": "redis:7", "port": 6379},
    }
    for name, password in passwords.items():
        raw[name]["password"] = password
    return parse_services(raw)


def test_good_ones_are_let_through() -> None:
    assert problems(services(postgres=GOOD, redis=OTHER), {"postgres": GOOD, "redis": OTHER}) == []


def test_what_groundwork_makes_is_let_through() -> None:
    for length in (16, 32):
        assert [why for _ in range(500) if (why := weakness(new_secret(length)))] == []


def test_the_backups_key_is_no_services_and_has_to_be_one() -> None:
    given = {"postgres": GOOD, "redis": "", "backup_key": OTHER}
    assert problems(services(postgres=GOOD), given) == ["stack_services.redis.password is missing."]
    check_backup(OTHER)
    for key in ("", "short", "changeme-changeme"):
        with pytest.raises(GroundworkError, match="backup_key") as caught:
            check_backup(key)
        assert not key or key not in str(caught.value)


def test_a_missing_one_is_named() -> None:
    assert problems(services(postgres=GOOD)) == ["stack_services.redis.password is missing."]


@pytest.mark.parametrize(
    "secret",
    [
        "postgres",
        "password",
        "changeme",
        "secret",
        "Ch4ng3-M3!Ch4ng3-M3!",
        "P@ssw0rd1234567890",
        "changeme-changeme-changeme",
        "postgres_password_2024",
        "app-redis-secret-123",
        "made-on-the-first-run",
    ],
)
def test_what_looks_like_a_default(secret: str) -> None:
    assert "looks like a default" in weakness(secret, ("redis", "app"))


@pytest.mark.parametrize("secret", ["kV3rT9xQm2LpW8s", "x9Kq2mZw"])
def test_a_short_one(secret: str) -> None:
    assert weakness(secret) == "is too short: 16 characters are the least"


@pytest.mark.parametrize("secret", ["kkkkkkkkkkkkkkkkkkkk", "kVkVkVkVkVkVkVkVkVkV", "kV3rT9" * 4])
def test_one_that_repeats_itself(secret: str) -> None:
    assert "repeats itself" in weakness(secret)


def test_one_that_two_services_share() -> None:
    (text,) = problems(services(postgres=GOOD, redis=GOOD))
    assert "stack_services.redis.password is the same as stack_services.postgres.password" in text


def test_a_name_in_the_vault_that_is_no_service() -> None:
    given = {"postgres": GOOD, "redsi": OTHER}
    assert any(
        "vault_passwords.redsi" in text and "Did you mean 'redis'?" in text
        for text in problems(services(postgres=GOOD), given)
    )
    assert problems(services(postgres=GOOD, redis=OTHER), given) == []


def test_all_are_named_at_once_and_none_is_shown() -> None:
    with pytest.raises(GroundworkError) as caught:
        check(services(postgres="hunter2hunter2", redis="too-short-x9"))
    text = str(caught.value)
    assert "stack_services.postgres.password" in text
    assert "stack_services.redis.password" in text
    assert "hunter2" not in text
    assert "x9" not in text


def test_a_containers_secrets_are_passwords_too() -> None:
    given = {"login": {"password": GOOD}, "relay": {"password": "changeme"}, "third": None}
    service = mail(secrets=given)
    found = problems([service, *services(redis=GOOD, postgres=OTHER)], {"mail_thrid": "x"})
    assert found == [
        "stack_services.mail.secrets.relay.password looks like a default, which is the first that "
        "others try.",
        "stack_services.mail.secrets.third.password is missing.",
        "stack_services.redis.password is the same as stack_services.mail.secrets.login.password.",
        "vault_passwords.mail_thrid: there is no such service. Did you mean 'mail_third'?",
    ]
    assert problems([mail(secrets=None, url=None, files=None)]) == []


def test_a_role_needs_one_and_a_superuser_may_do_with_what_is_made_there() -> None:
    entry = {"kind": "postgres", "image": "postgres:16", "port": 5432, "password": GOOD}
    roles = {"reader": {"access": "read"}, "copy": {"access": "read", "password": GOOD}}
    found = problems(parse_services({"db": entry | {"roles": roles}}), {"db_superuser": "x"})
    assert found == [
        "stack_services.db.roles.reader.password is missing.",
        "stack_services.db.roles.copy.password is the same as stack_services.db.password.",
    ]
    weak = parse_services({"db": entry | {"superuser_password": "changeme"}})
    assert "stack_services.db.superuser_password looks like a default" in problems(weak)[0]
