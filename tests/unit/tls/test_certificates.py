"""The stack's own CA and its certificates: kept while they are good, checked where given."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import Service
from ansible.module_utils.groundwork.tls import certificates
from ansible.module_utils.groundwork.tls.certificates import CA, KeyPair, renew
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime(2030, 6, 1, tzinfo=timezone.utc)
WANTED = {"postgres": ["127.0.0.1", "postgres"], "redis": ["10.0.0.5", "redis"]}
DAY = timedelta(days=1)


def made(now: datetime = NOW) -> dict[str, KeyPair]:
    return renew({}, WANTED, "demo", now)


def test_without_tls_there_is_no_authority() -> None:
    assert renew(made(), {}, "demo", NOW) == {}


def test_a_client_that_trusts_the_authority_trusts_the_names_and_no_other(tmp_path: Path) -> None:
    pairs = made(datetime.now(timezone.utc))
    for name, part in (("crt", pairs["redis"].certificate), ("key", pairs["redis"].key)):
        (tmp_path / name).write_text(part)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "crt", tmp_path / "key")

    def shake(name: str, ca: KeyPair) -> None:
        client = ssl.create_default_context(cadata=ca.certificate)
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

    shake("10.0.0.5", pairs[CA])
    shake("redis", pairs[CA])
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        shake("10.0.0.6", pairs[CA])
    with pytest.raises(ssl.SSLCertVerificationError):
        shake("redis", made(datetime.now(timezone.utc))[CA])


def test_what_is_good_is_kept() -> None:
    pairs = made()
    assert renew(pairs, WANTED, "demo", NOW + 600 * DAY) == pairs


def test_a_certificate_near_its_end_is_renewed_and_the_authority_kept() -> None:
    pairs = made()
    later = renew(pairs, WANTED, "demo", NOW + 720 * DAY)
    assert later[CA] == pairs[CA]
    assert certificates.ends(later["postgres"]) > certificates.ends(pairs["postgres"])


def test_an_authority_near_its_end_is_renewed_with_all_that_it_signed() -> None:
    first = made()
    pairs = renew({CA: first[CA]}, WANTED, "demo", NOW + 3500 * DAY)
    assert pairs[CA] == first[CA]
    later = renew(pairs, WANTED, "demo", NOW + 3600 * DAY)
    assert not set(later.values()) & set(pairs.values())


def test_only_what_changed_is_made_anew() -> None:
    pairs = made()
    now = renew(pairs, WANTED | {"redis": ["10.0.0.6", "redis"]}, "demo", NOW)
    assert {name for name in pairs if now[name] != pairs[name]} == {"redis"}


@pytest.mark.parametrize("broken", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nMA==\n"])
def test_a_broken_file_is_replaced(broken: str) -> None:
    pairs = made()
    for damaged in (
        replace(pairs["redis"], certificate=broken),
        replace(pairs["redis"], key=broken),
    ):
        now = renew(pairs | {"redis": damaged}, WANTED, "demo", NOW)
        assert now["redis"] not in (damaged, pairs["redis"])
        assert now["postgres"] == pairs["postgres"]


def test_a_certificate_of_another_authority_is_replaced() -> None:
    pairs = made()
    now = renew(pairs | {"redis": made()["redis"]}, WANTED, "demo", NOW)
    assert {name for name in pairs if now[name] != pairs[name]} == {"redis"}


def test_a_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(made())


@pytest.fixture
def own(tmp_path: Path) -> Service:
    """A service whose certificate the inventory names; a company's ca's, for 10.0.0.5."""
    pairs = made(datetime.now(timezone.utc))
    files = {name: tmp_path / name for name in ("own.crt", "own.key", "company.crt")}
    files["own.crt"].write_text(pairs["redis"].certificate)
    files["own.key"].write_text(pairs["redis"].key)
    files["company.crt"].write_text(pairs[CA].certificate)
    return Service(
        *("cache", "redis", "redis:7-alpine", 6379, "10.0.0.5", "CACHE_URL"),
        tls=True,
        certificate=str(files["own.crt"]),
        key=str(files["own.key"]),
        ca_file=str(files["company.crt"]),
    )


def refusal(service: Service, *names: str) -> str:
    with pytest.raises(GroundworkError) as caught:
        certificates.given(service, list(names))
    assert "PRIVATE" not in str(caught.value)
    return str(caught.value)


def test_a_given_certificate_is_taken(own: Service) -> None:
    pair = certificates.given(own, ["10.0.0.5", "REDIS"])
    assert pair.certificate == Path(own.certificate).read_text()


def test_a_given_certificate_for_other_names(own: Service) -> None:
    text = refusal(own, "10.0.0.5", "10.0.0.6")
    assert "at 10.0.0.6" in text
    assert "not valid for '10.0.0.6'" in text
    assert "not valid for 'cache'" in refusal(own, "cache")


def test_a_given_certificate_of_somebody_elses(own: Service, tmp_path: Path) -> None:
    assert "unable to get local issuer" in refusal(replace(own, ca_file=""), "10.0.0.5")
    (tmp_path / "other.crt").write_text(made(datetime.now(timezone.utc))[CA].certificate)
    assert "certificate" in refusal(replace(own, ca_file=str(tmp_path / "other.crt")), "10.0.0.5")
    text = refusal(replace(own, ca_file="/nowhere/ca.crt"), "10.0.0.5")
    assert "stack_services.cache.ca_file" in text


@pytest.mark.parametrize(("days", "words"), [(-900, "expired"), (10, "not yet valid")])
def test_a_given_certificate_of_another_time(own: Service, days: int, words: str) -> None:
    pairs = made(datetime.now(timezone.utc) + days * DAY)
    Path(own.certificate).write_text(pairs["redis"].certificate)
    Path(own.key).write_text(pairs["redis"].key)
    Path(own.ca_file).write_text(pairs[CA].certificate)
    assert words in refusal(own, "10.0.0.5")


def test_a_given_key_that_cannot_be_used(own: Service) -> None:
    Path(own.key).write_text(made()["redis"].key)
    assert "belongs to another certificate" in refusal(own, "10.0.0.5")
    Path(own.key).write_text("nonsense")
    assert "can't be read" in refusal(own, "10.0.0.5")
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"locked"),
    )
    Path(own.key).write_bytes(key)
    assert "without a passphrase" in refusal(own, "10.0.0.5")
    text = refusal(replace(own, certificate="/nowhere/own.crt"), "10.0.0.5")
    assert "stack_services.cache.certificate" in text
    assert "No such file" in text


def test_a_pair_from_a_clock_that_was_ahead_is_replaced() -> None:
    pairs = made(NOW + 30 * DAY)
    assert not set(renew(pairs, WANTED, "demo", NOW).values()) & set(pairs.values())
