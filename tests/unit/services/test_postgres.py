"""PostgreSQL's probe against the real server where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import ProbeError, postgres
from probing import SECRET, free_port, probe, refusal, until_open


@pytest.fixture(scope="module")
def postgres_port() -> Iterator[int]:
    program = shutil.which("initdb") or shutil.which("postgres")
    if not program:
        pytest.skip("PostgreSQL isn't installed")
    programs = Path(program).resolve().parent
    who = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    directory = Path(tempfile.mkdtemp(prefix="probe-"))
    try:
        directory.chmod(0o777)
        (directory / "password").write_text(SECRET)
        (directory / "password").chmod(0o644)
        made = subprocess.run(
            [programs / "initdb", "-D", directory / "data", "-U", "app", "--no-sync", "-E", "UTF8",
             "--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={directory / 'password'}"],
            capture_output=True, text=True, check=False, timeout=60, **who,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        port = free_port()
        with subprocess.Popen(
            [programs / "postgres", "-D", directory / "data", "-p", str(port), "-k", directory,
            "-F"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
        ) as process:  # fmt: skip
            until_open(port)
            yield port
            process.send_signal(2)
    finally:
        shutil.rmtree(directory)


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


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("postgres:16-alpine", False),
        ("postgres:17.2", False),
        ("postgres:18", True),
        ("postgres:18beta1-bookworm", True),
        ("pgvector/pgvector:pg16", False),
        ("pgvector/pgvector:0.8.1-pg18", True),
        ("timescale/timescaledb:latest-pg16", False),
        ("postgis/postgis:16-3.4", False),
        ("mirror.example:5000/postgres:19", True),
        ("postgres", True),
        ("postgres:latest", True),
    ],
)
def test_images_that_may_look_elsewhere_are_told_where_their_data_are(
    image: str, said: bool
) -> None:
    """Those that surely don't are told nothing, so that their containers stay."""
    (service,) = parse_services({"db": {"kind": "postgres", "image": image, "port": 1}})
    told = {"PGDATA": "/var/lib/postgresql/data"} if said else {}
    assert postgres.TYPE.compose(service) == told
