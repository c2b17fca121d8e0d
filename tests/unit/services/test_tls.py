"""Certificates that a probe verifies, and what it says where it can't."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import Endpoint, ProbeError, Service, tls


def service(**more: Any) -> Service:
    entry = {"kind": "postgres", "external": True, "host": "db.example.com", "password": "x"}
    (found,) = parse_services({"db": entry | more})
    return found


def test_postgres_verifies_by_the_ca_file_or_by_the_systems() -> None:
    assert tls.postgres_options(service(tls=False)) == {}
    for ca_file in ("/etc/ca.pem", ""):
        options = tls.postgres_options(service(ca_file=ca_file))
        expected = ca_file or "/etc/ssl/certs/ca-certificates.crt"
        assert options == {"sslmode": "verify-full", "sslrootcert": expected}


def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    for words in ("is not on this machine", "holds no certificate"):
        with pytest.raises(ProbeError, match=f"{file} {words}") as caught:
            tls.context(service(ca_file=str(file)))
        assert (caught.value.permanent, caught.value.code) == (True, "TLS")
        file.write_text("no certificate")


def test_without_tls_the_connection_stays_as_it_is() -> None:
    with socket.socket() as connection:
        assert tls.secured(connection, service(tls=False), Endpoint("x", 1)) is connection


def test_a_server_without_tls_is_told_from_a_certificate_that_is_not_trusted() -> None:
    plain = ssl.SSLError(1, "wrong")
    plain.reason = "WRONG_VERSION_NUMBER"
    assert tls.refused(plain).code == "NOTLS"
    unknown = ssl.SSLCertVerificationError(1, "wrong")
    unknown.verify_message = "self-signed certificate."
    assert str(tls.refused(unknown)) == "its certificate is not trusted: self-signed certificate"
    assert tls.refused(unknown).permanent
