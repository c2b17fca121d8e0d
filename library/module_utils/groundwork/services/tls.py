"""Connections whose certificate is verified, and what went wrong in words."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from .base import Endpoint, ProbeError, Service

# Debian, Ubuntu and Alpine, in containers too. A file is named in every URL, since a client with an
# OpenSSL of its own (psycopg's wheels) doesn't know the system's ("sslrootcert=system").
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


def ca_bundle(service: Service) -> str:
    """The file with the certificates of those who may verify for `service`."""
    return service.ca_file or SYSTEM_AUTHORITIES


def check_authorities(service: Service) -> None:
    """Raise ProbeError where that file isn't on this machine."""
    if not Path(ca_bundle(service)).is_file():
        raise ProbeError(
            f"its ca_file {ca_bundle(service)} is not on this machine", permanent=True, code="TLS"
        )


def postgres_options(service: Service) -> dict[str, str]:
    """What PostgreSQL's client library is told, to verify the server's certificate and name."""
    if not service.tls:
        return {}
    return {"sslmode": "verify-full", "sslrootcert": ca_bundle(service)}


def context(service: Service) -> ssl.SSLContext | None:
    """What verifies the service's certificate and name; None where it has no TLS."""
    if not service.tls:
        return None
    check_authorities(service)
    try:
        return ssl.create_default_context(cafile=ca_bundle(service))
    except (OSError, ValueError):
        raise ProbeError(
            f"its ca_file {ca_bundle(service)} holds no certificate that can be read",
            permanent=True,
            code="TLS",
        ) from None


def secured(connection: socket.socket, service: Service, endpoint: Endpoint) -> socket.socket:
    """The connection, encrypted where the service has TLS. Raises OSError, ProbeError."""
    verified = context(service)
    if verified is None:
        return connection
    return verified.wrap_socket(connection, server_hostname=endpoint.host)


def refused(error: ssl.SSLError) -> ProbeError:
    """A handshake that failed, in a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted: {error.verify_message.rstrip('.')}"
        return ProbeError(why, permanent=True, code="TLS")
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return ProbeError("it doesn't speak TLS at that port", permanent=True, code="NOTLS")
    return ProbeError(f"TLS failed: {(error.reason or 'no reason given').lower()}", code="TLS")
