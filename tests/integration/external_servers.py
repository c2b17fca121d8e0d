"""Servers that somebody else runs, with a CA of their own.

Real servers from the stack's images, by plain `docker run`. The Qdrant gateway has no TLS, so a
small relay from the standard library stands before it, as a load balancer would.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .stack import docker, slot_name, slot_port

NAME = slot_name("groundwork-external")
POSTGRES, REDIS, QDRANT, QDRANT_TLS = (slot_port(port) for port in range(16732, 16736))
PASSWORDS = {
    "postgres": "their/pass:word@postgres?1",
    "redis": "their/pass:word@redis?2",
    "qdrant": "their-qdrant-key-3",
}
SECONDS = 60


@dataclass(frozen=True)
class TestCA:
    """A CA's file, and a certificate by it: for `localhost` alone where nothing else is asked."""

    ca: Path
    certificate: Path
    key: Path


def ca(directory: Path, *addresses: str) -> TestCA:
    """`addresses`: what the certificate is for besides."""
    directory.mkdir(parents=True)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Somebody's CA", root_key, "Somebody's CA", root_key)
    leaf = _certificate("localhost", key, "Somebody's CA", root_key, addresses)
    made = TestCA(directory / "ca.pem", directory / "server.crt", directory / "server.key")
    made.ca.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    addresses: Sequence[str] = (),
) -> x509.Certificate:
    root = name == issuer
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        subject_name=names[0],
        issuer_name=names[1],
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(days=1),
        not_valid_after=now + datetime.timedelta(days=2),
    ).add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
    if not root:
        more = [x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]
        names_in_it = x509.SubjectAlternativeName([x509.DNSName(name), *more])
        builder = builder.add_extension(names_in_it, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


@contextlib.contextmanager
def servers(images: dict[str, str], theirs: TestCA) -> Iterator[None]:
    """All three of them, each ready and with TLS."""
    remove()
    try:
        start_postgres(images["postgres"], theirs)
        start_redis(images["redis"], theirs)
        published = f"127.0.0.1:{QDRANT}:6333"
        key = f"QDRANT__SERVICE__API_KEY={PASSWORDS['qdrant']}"
        name = f"{NAME}-their-qdrant"
        docker("run", "-d", "--name", name, "-p", published, "-e", key, images["qdrant"])
        until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{QDRANT}/readyz", timeout=5))
        with relay(QDRANT_TLS, QDRANT, theirs):
            yield
    finally:
        remove()


def remove() -> None:
    for kind in PASSWORDS:
        name = f"{NAME}-their-{kind}"
        subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, timeout=60)


def start_postgres(image: str, theirs: TestCA) -> None:
    name = f"{NAME}-their-postgres"
    env = [f"POSTGRES_PASSWORD={PASSWORDS['postgres']}", "POSTGRES_USER=app", "POSTGRES_DB=app"]
    given = [part for each in env for part in ("-e", each)]
    docker("run", "-d", "--name", name, "-p", f"127.0.0.1:{POSTGRES}:5432", *given, image)
    until(lambda: docker("exec", name, "pg_isready", "-h", "127.0.0.1"))
    write = ["docker", "exec", "-i", "-u", "postgres", name, "sh", "-c"]
    for file in (theirs.certificate, theirs.key):
        subprocess.run(
            [*write, f'umask 077; cat > "$PGDATA/{file.name}"'],
            input=file.read_bytes(),
            check=True,
            timeout=30,
        )
    for statement in ("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"):
        docker("exec", name, "psql", "-U", "app", "-d", "app", "-c", statement)


def start_redis(image: str, theirs: TestCA) -> None:
    name = f"{NAME}-their-redis"
    options = ["--requirepass", PASSWORDS["redis"], "--port", "0", "--tls-port", "6379"]
    options += ["--tls-cert-file", "/tls/server.crt", "--tls-key-file", "/tls/server.key"]
    options += ["--tls-ca-cert-file", "/tls/ca.pem", "--tls-auth-clients", "no"]
    published = f"127.0.0.1:{REDIS}:6379"
    docker("create", "--name", name, "-p", published, image, "redis-server", *options)
    for file in theirs.key.parent.iterdir():
        file.chmod(0o644)
    docker("cp", str(theirs.key.parent), f"{name}:/tls")
    docker("start", name)
    client = redis.Redis(
        port=REDIS, password=PASSWORDS["redis"], ssl=True, ssl_ca_certs=str(theirs.ca)
    )
    until(client.ping)


def until(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            ready()
            return
        except (AssertionError, OSError, redis.ConnectionError):
            assert time.monotonic() < deadline, "somebody's server did not start"
            time.sleep(0.3)


@contextlib.contextmanager
def relay(port: int, behind: int, theirs: TestCA) -> Iterator[None]:
    """TLS at `port`, the same bytes without it at `behind`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(theirs.certificate, theirs.key)
    loop = asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", behind)
            await asyncio.gather(pump(reader, back), pump(there, writer))

    starting = asyncio.start_server(serve, "localhost", port, ssl=context)
    server = loop.run_until_complete(starting)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
