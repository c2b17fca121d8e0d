"""Redis' probe against the real server where it is installed; its rare answers from a stub."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import Endpoint, service_type
from probing import SECRET, free_port, probe, redis_stub, refusal, until_open


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("redis-server isn't installed")
    directory = tmp_path_factory.mktemp("redis")
    port = free_port()
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    (directory / "redis.conf").write_text(
        f'port {port}\nbind 127.0.0.1\nsave ""\ndir {directory}\n'
        f"user default on #{digest} ~* &* +@all\nuser health on nopass -@all +ping\n"
    )
    with subprocess.Popen(
        [program, str(directory / "redis.conf")], stdout=subprocess.DEVNULL
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
