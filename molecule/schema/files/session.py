"""A session of somebody else's: the database over TCP, with an app's .env and nothing else.

    session.py ask QUERY      the rows, as JSON
    session.py hold           holds the lock of migrations until somebody ends the session
    session.py hold_a_while   holds it until somebody waits for it

Runs on a test host. On purpose it shares no code with the project. (molecule/shared/client.py
wants all three services; here is only one.)
"""

import hashlib
import json
import sys
import time
from pathlib import Path

import psycopg

ENV = Path("/srv/groundwork/apps/backend/.env")
LONGEST = 90  # seconds
WAITING = """SELECT 1 FROM pg_stat_activity
    WHERE application_name = 'groundwork-migrate' AND query LIKE '%pg_try_advisory_lock%'"""


def connect():
    """A session of its own name."""
    lines = ENV.read_text(encoding="utf-8").splitlines()
    url = next(line for line in lines if line.startswith("DATABASE_URL=")).partition("=")[2]
    return psycopg.connect(
        url.strip("'\""), autocommit=True, connect_timeout=10, application_name="colleague"
    )


def hold(session, wanted_ends_it):
    """Keep the lock that the project's migrations of this database take."""
    digest = hashlib.sha256(b"groundwork/schema/app").digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    session.execute("SELECT pg_advisory_lock(%s)", [key])
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        time.sleep(0.2)
        if session.execute(WAITING).fetchone() and wanted_ends_it:
            return
    sys.exit("Nobody came.")


command, *queries = sys.argv[1:]
with connect() as session:
    if command == "ask":
        cursor = session.execute(queries[0])
        print(json.dumps(cursor.fetchall(), default=str))
    else:
        hold(session, command == "hold_a_while")
