"""The probes against real small servers.

Redis and PostgreSQL are real where their programs are installed, and skipped where not. The HTTP
answers of Qdrant, and Redis' rare ones (LOADING), come from stubs named so.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import Endpoint, ProbeError, service_type

SECRET = "p w\"'$é"


def probe(kind: str, port: int, secret: str = SECRET, timeout: float = 2.0, **options: str) -> str:
    entry = {"kind": kind, "image": "image:1", "port": port, **options}
    (service,) = parse_services({"it": entry})
    return service_type(service).probe(service, Endpoint("127.0.0.1", port), secret, timeout)


def refusal(*args: object, **kwargs: object) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        probe(*args, **kwargs)
    text = str(caught.value)
    assert text
    assert "\n" not in text
    assert SECRET not in text
    return caught.value


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until_open(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("the server did not come up")


@pytest.mark.parametrize("kind", ["postgres", "qdrant", "redis"])
def test_nobody_listens(kind: str) -> None:
    error = refusal(kind, free_port())
    assert "refused" in str(error).lower()
    assert not error.permanent


@pytest.mark.parametrize("kind", ["postgres", "qdrant", "redis"])
def test_a_silent_server_is_bounded(kind: str) -> None:
    with socket.socket() as sock:  # accepts in the kernel, never answers
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        error = refusal(kind, sock.getsockname()[1], timeout=0.3)
    assert "no answer within" in str(error)
    assert not error.permanent


# Redis, real


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("redis-server isn't installed")
    folder = tmp_path_factory.mktemp("redis")
    port = free_port()
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    (folder / "redis.conf").write_text(
        f'port {port}\nbind 127.0.0.1\nsave ""\ndir {folder}\n'
        f"user default on #{digest} ~* &* +@all\nuser health on nopass -@all +ping\n"
    )
    with subprocess.Popen(
        [program, str(folder / "redis.conf")], stdout=subprocess.DEVNULL
    ) as process:
        until_open(port)
        yield port
        process.terminate()


def test_redis_is_well(redis_port: int) -> None:
    assert probe("redis", redis_port).startswith(("6.", "7.", "8."))


@pytest.mark.parametrize(("secret", "code"), [("wrong", "WRONGPASS"), ("", "NOAUTH")])
def test_redis_refuses(redis_port: int, secret: str, code: str) -> None:
    error = refusal("redis", redis_port, secret=secret)
    assert (error.permanent, error.code) == (True, code)


# Redis, a stub: a socket that answers each command with the next of its lines


@contextlib.contextmanager
def redis_stub(*answers: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                for answer in answers:
                    asked = connection.recv(4096)
                    if heard is not None:
                        heard.append(asked)
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=5)


@pytest.mark.parametrize(
    ("answers", "words", "permanent"),
    [
        ([b"+OK\r\n", b"-LOADING Redis is loading the dataset in memory\r\n"], "LOADING", False),
        ([b"+OK\r\n", b"+QUEUED\r\n"], "no PONG", False),
        ([b"-ERR AUTH <password> called without any password configured for the "
          b"default user.\r\n"], "asks for no password", True),
        ([b"HTTP/1.1 400 Bad Request\r\n"], "doesn't speak Redis", False),
        ([b""], "closed the connection", False),
    ],
)  # fmt: skip
def test_redis_is_not_ready(answers: list[bytes], words: str, permanent: bool) -> None:
    with redis_stub(*answers) as port:
        error = refusal("redis", port)
    assert words in str(error)
    assert error.permanent is permanent


def test_redis_may_keep_its_version_to_itself() -> None:
    with redis_stub(b"+OK\r\n", b"+PONG\r\n", b"-NOPERM no permissions\r\n") as port:
        assert probe("redis", port) == ""


# Qdrant, a stub: an HTTP server that answers by path


def test_redis_hears_a_users_name_where_there_is_one() -> None:
    entry = {"kind": "redis", "external": True, "host": "127.0.0.1", "tls": False, "password": "p"}
    for names, words in (
        ({}, b"*2"),
        ({"user": "App.Ü"}, b"*3\r\n$4\r\nAUTH\r\n$6\r\nApp.\xc3\x9c"),
    ):
        heard: list[bytes] = []
        (service,) = parse_services({"it": {**entry, **names}})
        with redis_stub(b"+OK\r\n", b"+PONG\r\n", b"-NOPERM no\r\n", heard=heard) as port:
            service_type(service).probe(service, Endpoint("127.0.0.1", port), "p", 2)
        assert heard[0].startswith(words)


@contextlib.contextmanager
def qdrant_stub(answer: Callable[[str, str | None], tuple[int, bytes]]) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path, self.headers["api-key"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def qdrant(path: str, key: str | None) -> tuple[int, bytes]:
    """As 1.7.4: /readyz and / ask for no key."""
    if path == "/readyz":
        return 200, b"all shards are ready"
    if path == "/":
        return 200, b'{"title": "qdrant - vector search engine", "version": "1.7.4"}'
    return (200, b"{}") if key == "right" else (403, b"Invalid api-key")


def test_qdrant_is_well() -> None:
    with qdrant_stub(qdrant) as port:
        assert probe("qdrant", port, secret="right") == "1.7.4"


@pytest.mark.parametrize(
    ("secret", "words"), [("wrong", "refuses the API key"), ("", "none is set")]
)
def test_qdrant_refuses(secret: str, words: str) -> None:
    with qdrant_stub(qdrant) as port:
        error = refusal("qdrant", port, secret=secret)
    assert words in str(error)
    assert (error.permanent, error.code) == (True, "403")


@pytest.mark.parametrize("sick", ["/readyz", "/collections"])
def test_qdrant_is_not_ready(sick: str) -> None:
    with qdrant_stub(lambda path, key: (503, b"") if path == sick else qdrant(path, key)) as port:
        error = refusal("qdrant", port, secret="right")
    assert "503" in str(error)
    assert not error.permanent


def test_qdrant_may_be_something_else() -> None:
    with redis_stub(b"-ERR unknown command\r\n") as port:
        assert "HTTP" in str(refusal("qdrant", port, secret="right"))


def test_qdrant_slow_steps_share_one_time_limit() -> None:
    def slow(path: str, key: str | None) -> tuple[int, bytes]:
        time.sleep(0.2)
        return qdrant(path, key)

    with qdrant_stub(slow) as port:  # each step is in time, all of them are not
        error = refusal("qdrant", port, secret="right", timeout=0.3)
    assert "no answer within" in str(error)


# PostgreSQL, real


@pytest.fixture(scope="module")
def postgres_port() -> Iterator[int]:
    program = shutil.which("initdb") or shutil.which("postgres")
    if not program:
        pytest.skip("PostgreSQL isn't installed")
    programs = Path(program).resolve().parent
    who = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="probe-"))
    try:
        folder.chmod(0o777)
        (folder / "password").write_text(SECRET)
        (folder / "password").chmod(0o644)
        made = subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "app", "--no-sync", "-E", "UTF8",
             "--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"],
            capture_output=True, text=True, check=False, timeout=60, **who,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        port = free_port()
        with subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
        ) as process:  # fmt: skip
            until_open(port)
            yield port
            process.send_signal(2)
    finally:
        shutil.rmtree(folder)


def test_postgres_is_well(postgres_port: int) -> None:
    for _ in range(20):  # the port opens a moment before the server lets anybody in
        try:
            version = probe("postgres", postgres_port, database="postgres")
            break
        except ProbeError as error:
            assert not error.permanent
            time.sleep(0.1)
    assert version.partition(".")[0].isdigit()
    assert " " not in version


@pytest.mark.parametrize(
    ("secret", "database", "user", "code"),
    [
        ("wrong", "postgres", "app", "28P01"),
        ("", "postgres", "app", "28P01"),
        (SECRET, "postgres", "nobody", "28P01"),
        (SECRET, "nowhere", "app", "3D000"),
    ],
)
def test_postgres_refuses(
    postgres_port: int, secret: str, database: str, user: str, code: str
) -> None:
    error = refusal("postgres", postgres_port, secret=secret, database=database, user=user)
    assert (error.permanent, error.code) == (True, code)


@pytest.mark.parametrize(
    ("message", "code", "permanent"),
    [
        ("the database system is starting up", "57P03", False),
        ("the database system is not yet accepting connections\nDETAIL: …", "57P03", False),
        ("sorry, too many clients already", "53300", False),
        ('role "app" does not exist', "28000", True),
        ('die Datenbank "app" existiert nicht', "", False),
    ],
)
def test_postgres_tells_what_passes(message: str, code: str, permanent: bool) -> None:
    from ansible.module_utils.groundwork.services import postgres

    text = f'connection failed: connection to server at "127.0.0.1" failed: FATAL:  {message}'
    error = postgres._probe_error(text, "", 2)
    assert (error.code, error.permanent) == (code, permanent)
    assert str(error) == message.splitlines()[0]
