"""The certificates of services with `tls: true`: the stack's own CA, and those of others.

The CA lives beside the secrets and signs for this stack's services. A certificate is kept as
long as it is good, and replaced in the run that finds it near its end; the CA outlives many
of them, so that clients keep what they trust.
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..errors import GroundworkError
from ..services import Service, ca_bundle

CA = "_authority"  # among the pairs; no service can have this name

AUTHORITY_LASTS = timedelta(days=3650)
LASTS = timedelta(days=800)  # some clients refuse more than 825
RENEWED_BEFORE = timedelta(days=90)


def ca_file_of(stack_dir: Path) -> Path:
    """Where the certificate of the stack's own CA is: what clients trust, and no secret."""
    return stack_dir / "ca.crt"


@dataclass(frozen=True)
class KeyPair:
    """A certificate (PEM, with the chain that belongs to it) and its private key (PEM)."""

    certificate: str
    key: str = field(repr=False)


def renew(
    kept: Mapping[str, KeyPair], wanted: Mapping[str, Iterable[str]], stack: str, now: datetime
) -> dict[str, KeyPair]:
    """A good pair for each service in `wanted`, and the one of the CA that signed them.

    `wanted` maps a service to the names and addresses that clients use; `kept` holds the pairs that
    are there, by the same names and `CA`. Nothing wanted, nothing returned.
    """
    if not wanted:
        return {}
    ca = kept.get(CA)
    if ca is None or not _lasts(ca, now):
        ca = _new_ca(stack, now)
    pairs = {CA: ca}
    for service, names in wanted.items():
        pair = kept.get(service)
        good = pair and _lasts(pair, now) and _names(pair) == set(names)
        if not (pair and good and _signed_by(pair, ca)):
            pair = _issue(ca, service, sorted(set(names)), now)
        pairs[service] = pair
    return pairs


def given(service: Service, names: Sequence[str]) -> KeyPair:
    """The pair that the inventory names for a service, read from this machine.

    Checked as a client does, by a handshake for each of `names`, with the CA that the
    inventory names. Raises GroundworkError that says which of the files can't be used and why.
    """
    where = f"stack_services.{service.name}"
    pair = KeyPair(
        *(_read(getattr(service, part), f"{where}.{part}") for part in ("certificate", "key"))
    )
    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(service.certificate, service.key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        mismatch = getattr(error, "reason", "") == "KEY_VALUES_MISMATCH"
        raise _refused(
            f"The key of {service.name} belongs to another certificate."
            if mismatch
            else f"The certificate of {service.name} and its key can't be read.",
            f"{where}.certificate: {service.certificate}, {where}.key: {service.key}",
            "Give the certificate as PEM, its own first and then its chain, and its private key "
            "without a passphrase.",
        ) from None
    try:
        client = ssl.create_default_context(cafile=ca_bundle(service))
    except (OSError, ValueError):
        raise _refused(
            f"There is no certificate of a CA in {ca_bundle(service)}.",
            f"{where}.ca_file",
            f"Put the certificate of who signed {service.certificate} there.",
        ) from None
    for name in names:
        try:
            _shake_hands(server, client, name)
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", "") or error.reason or "no reason given"
            raise _refused(
                f"Clients would refuse the certificate of {service.name} at {name}: "
                f"{why.rstrip('.')}.",
                f"{where}.certificate: {service.certificate}, by {ca_bundle(service)}",
                f"Have one made for {', '.join(names)}, or take certificate and key out: "
                "Groundwork makes one.",
            ) from None
    return pair


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    out, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    far = server.wrap_bio(out, back, server_side=True)
    near = client.wrap_bio(back, out, server_hostname=name)
    for side in (near, far, near, far):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()


def ends(pair: KeyPair) -> datetime:
    """When a certificate ends, in UTC."""
    when: datetime = _parse(pair).not_valid_after_utc
    return when


def _refused(what: str, where: str, next_step: str) -> GroundworkError:
    return GroundworkError(
        what, where=where, next_step=f"{next_step} Then run again; nothing was changed."
    )


def _read(path: str, option: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it isn't PEM"
        raise _refused(
            f"{path} can't be read: {why}.",
            option,
            "Put the file there, on the machine that runs the service.",
        ) from None


# The library is imported where it is used: most stacks have no TLS, and it takes a while.
def _parse(pair: KeyPair) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(pair.certificate.encode())


def _load_key(pair: KeyPair) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(pair.key.encode(), None)


def _matches(pair: KeyPair) -> bool:
    return bool(_parse(pair).public_key() == _load_key(pair).public_key())


def _lasts(pair: KeyPair, now: datetime) -> bool:
    """Whether a pair is one, valid by now and not near its end."""
    try:
        begun = _parse(pair).not_valid_before_utc <= now
        return _matches(pair) and begun and ends(pair) - now > RENEWED_BEFORE
    except Exception:  # whatever a damaged file makes the library raise: it is replaced
        return False


def _names(pair: KeyPair) -> set[str]:
    from cryptography import x509

    try:
        found = _parse(pair).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    return addresses | set(found.get_values_for_type(x509.DNSName))


def _signed_by(pair: KeyPair, ca: KeyPair) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        _parse(pair).verify_directly_issued_by(_parse(ca))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _new_ca(stack: str, now: datetime) -> KeyPair:
    from cryptography import x509

    key = _new_key()
    # A client that has several CAs tells them by name, so each name is used once.
    name = _name(f"Groundwork {stack} {x509.random_serial_number():040x}"[:64])
    usage = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
            *("key_agreement", "encipher_only", "decipher_only"),
        ),
        False,
    )
    builder = (
        _builder(name, name, key, now, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
    )
    return _signed(builder, key, key)


def _issue(ca: KeyPair, service: str, names: list[str], now: datetime) -> KeyPair:
    from cryptography import x509

    key, signer = _new_key(), _parse(ca)
    builder = (
        _builder(_name(service), signer.subject, key, now, LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
    )
    return _signed(builder, key, _load_key(ca))


def _builder(subject: Any, issuer: Any, key: Any, now: datetime, lasts: timedelta) -> Any:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # for a client whose clock is behind
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: Any, key: Any, signer: Any) -> KeyPair:
    from cryptography.hazmat.primitives import hashes, serialization

    pem = serialization.Encoding.PEM
    return KeyPair(
        builder.sign(signer, hashes.SHA256()).public_bytes(pem).decode(),
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> Any:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, text)])


def _general_name(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
