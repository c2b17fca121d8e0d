"""The stack's own authority and its certificates: kept while they are good, checked where given."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible.module_utils.groundwork import certificates
from ansible.module_utils.groundwork.certificates import AUTHORITY, Pair, settle
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import Service

NOW = datetime(2030, 6, 1, tzinfo=timezone.utc)
WANTED = {"postgres": ["127.0.0.1", "postgres"], "redis": ["10.0.0.5", "redis"]}
DAY = timedelta(days=1)


def made(now: datetime = NOW) -> dict[str, Pair]:
    return settle({}, WANTED, "demo", now)


def test_without_tls_there_is_no_authority() -> None:
    assert settle(made(), {}, "demo", NOW) == {}


def test_a_client_that_trusts_the_authority_trusts_the_names_and_no_other(tmp_path: Path) -> None:
    pairs = made(datetime.now(timezone.utc))
    for name, part in (("crt", pairs["redis"].certificate), ("key", pairs["redis"].key)):
        (tmp_path / name).write_text(part)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "crt", tmp_path / "key")

    def shake(name: str, authority: Pair) -> None:
        client = ssl.create_default_context(cadata=authority.certificate)
        client.verify_flags |= ssl.VERIFY_X509_STRICT
        ends = [ssl.MemoryBIO() for _ in range(2)]
        here = client.wrap_bio(ends[0], ends[1], server_hostname=name)
        there = server.wrap_bio(ends[1], ends[0], server_side=True)
        for _ in range(3):
            for side in (here, there):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        assert here.version()

    shake("10.0.0.5", pairs[AUTHORITY])
    shake("redis", pairs[AUTHORITY])
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        shake("10.0.0.6", pairs[AUTHORITY])
    with pytest.raises(ssl.SSLCertVerificationError):
        shake("redis", made(datetime.now(timezone.utc))[AUTHORITY])


def test_what_is_good_is_kept() -> None:
    pairs = made()
    assert settle(pairs, WANTED, "demo", NOW + 600 * DAY) == pairs


def test_a_certificate_near_its_end_is_renewed_and_the_authority_kept() -> None:
    pairs = made()
    later = settle(pairs, WANTED, "demo", NOW + 720 * DAY)
    assert later[AUTHORITY] == pairs[AUTHORITY]
    assert certificates.ends(later["postgres"]) > certificates.ends(pairs["postgres"])


def test_an_authority_near_its_end_is_renewed_with_all_that_it_signed() -> None:
    pairs = made()
    later = settle(pairs, WANTED, "demo", NOW + 3600 * DAY)
    assert not set(later.values()) & set(pairs.values())


def test_only_what_changed_is_made_anew() -> None:
    pairs = made()
    now = settle(pairs, WANTED | {"redis": ["10.0.0.6", "redis"]}, "demo", NOW)
    assert {name for name in pairs if now[name] != pairs[name]} == {"redis"}


@pytest.mark.parametrize("broken", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nMA==\n"])
def test_a_broken_file_is_replaced(broken: str) -> None:
    pairs = made()
    for damaged in (
        replace(pairs["redis"], certificate=broken),
        replace(pairs["redis"], key=broken),
    ):
        now = settle(pairs | {"redis": damaged}, WANTED, "demo", NOW)
        assert now["redis"] not in (damaged, pairs["redis"])
        assert now["postgres"] == pairs["postgres"]


def test_a_certificate_of_another_authority_is_replaced() -> None:
    pairs = made()
    now = settle(pairs | {"redis": made()["redis"]}, WANTED, "demo", NOW)
    assert {name for name in pairs if now[name] != pairs[name]} == {"redis"}


def test_a_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(made())


@pytest.fixture
def own(tmp_path: Path) -> Service:
    """A service whose certificate the inventory names; another authority's, for 10.0.0.5."""
    pair = made()["redis"]
    crt, key = tmp_path / "own.crt", tmp_path / "own.key"
    crt.write_text(pair.certificate)
    key.write_text(pair.key)
    return Service(
        *("cache", "redis", "redis:7-alpine", 6379, "10.0.0.5", "CACHE_URL"),
        tls=True,
        certificate=str(crt),
        key=str(key),
    )


def refusal(service: Service, names: list[str], now: datetime = NOW) -> str:
    with pytest.raises(GroundworkError) as caught:
        certificates.given(service, names, now)
    assert "PRIVATE" not in str(caught.value)
    return str(caught.value)


def test_a_given_certificate_is_taken(own: Service) -> None:
    pair = certificates.given(own, ["10.0.0.5"], NOW)
    assert pair.certificate == Path(own.certificate).read_text()


def test_a_given_certificate_that_cannot_be_used(own: Service, tmp_path: Path) -> None:
    assert "isn't for 10.0.0.6, cache" in refusal(own, ["10.0.0.5", "10.0.0.6", "cache"])
    assert "but for 10.0.0.5, redis" in refusal(own, ["10.0.0.6"])
    assert "ended on 2032" in refusal(own, ["10.0.0.5"], NOW + 900 * DAY)
    (tmp_path / "other.key").write_text(made()["redis"].key)
    other = replace(own, key=str(tmp_path / "other.key"))
    assert "belongs to another certificate" in refusal(other, ["10.0.0.5"])
    (tmp_path / "other.key").write_text("nonsense")
    assert "no certificate with its key" in refusal(other, ["10.0.0.5"])
    absent = replace(own, certificate="/nowhere/own.crt")
    text = refusal(absent, ["10.0.0.5"])
    assert "stack_services.cache.certificate" in text
    assert "No such file" in text
