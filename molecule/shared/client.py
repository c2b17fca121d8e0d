"""An app's view of the stack: only its .env file, and the services over the network.

Runs on a test host; on purpose it shares no code with the project that it looks at.

    /opt/groundwork/toolbox/bin/python /opt/groundwork/project/molecule/shared/client.py COMMAND

    write KEY VALUE   into all three services
    read KEY          from all three
    sql QUERY         on PostgreSQL; rows as lists
    refused           what each service says without a password and with a wrong one
    where             each service's address

One JSON object on stdout. Where something fails it holds `error`, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

TIMEOUT = 10
NAME = "molecule_notes"  # the table, the collection, and what Redis' keys begin with


def env_file(path: Path) -> dict[str, str]:
    """The variables of an env file, as a simple reader sees them."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {name: value.strip("'\"") for name, _, value in pairs}


def trusted(env: dict[str, str], name: str) -> ssl.SSLContext:
    """What verifies a service with TLS: by the file that the env file names, else the system's."""
    return ssl.create_default_context(cafile=env.get(name))


class Postgres:
    """One row for each key."""

    def __init__(self, env: dict[str, str]) -> None:
        self.url = env["DATABASE_URL"]

    def sql(self, query: str, *values: str) -> list[Any]:
        """The rows of a statement; none where it has no result."""
        import psycopg

        with psycopg.connect(self.url, connect_timeout=TIMEOUT, autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return [list(row) for row in cursor.fetchall()] if cursor.description else []

    def write(self, key: str, value: str) -> None:
        """Replace the key's row."""
        self.sql(f"CREATE TABLE IF NOT EXISTS {NAME} (key text PRIMARY KEY, value text)")
        self.sql(
            f"INSERT INTO {NAME} VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = "
            "excluded.value",
            key,
            value,
        )

    def read(self, key: str) -> str | None:
        """The key's value; None where there is none."""
        if self.sql("SELECT to_regclass(%s)", NAME) == [[None]]:
            return None
        rows = self.sql(f"SELECT value FROM {NAME} WHERE key = %s", key)
        return rows[0][0] if rows else None

    def refused(self) -> list[str]:
        """What the server says to no password, and to a wrong one."""
        import psycopg

        url = urlsplit(self.url)
        said = []
        for login in (url.username, f"{url.username}:wrong"):
            other = url._replace(netloc=f"{login}@{url.hostname}:{url.port}").geturl()
            try:
                psycopg.connect(other, connect_timeout=TIMEOUT).close()
                said.append("let in")
            except psycopg.OperationalError as error:
                said.append(str(error).splitlines()[0])
        return said


class Redis:
    """One key for each key, in Redis' own protocol over a socket."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.url = urlsplit(env["REDIS_URL"])

    def connect(self) -> socket.socket:
        """A connection, plain or TLS as the address says."""
        link = socket.create_connection((self.url.hostname, self.url.port), TIMEOUT)
        if self.url.scheme == "redis":
            return link
        context = trusted(self.env, "REDIS_CA_FILE")
        return context.wrap_socket(link, server_hostname=self.url.hostname)

    def ask(self, *commands: tuple[str, ...], password: str | None = None) -> str | None:
        """The last command's reply; None is Redis' nil. An error reply is a RuntimeError."""
        given = unquote(self.url.password or "") if password is None else password
        login = [("AUTH", given)] if given else []
        reply: str | None = None
        with self.connect() as link, link.makefile("rb") as replies:
            for words in (*login, *commands):
                data = [word.encode() for word in words]
                link.sendall(
                    b"*%d\r\n" % len(data)
                    + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in data)
                )
                line = replies.readline().decode().strip()
                if line.startswith("-") or not line:
                    raise RuntimeError(line[1:] or "closed the connection")
                reply = line[1:]
                if line.startswith("$"):
                    size = int(reply)
                    reply = None if size < 0 else replies.read(size + 2)[:-2].decode()
        return reply

    def write(self, key: str, value: str) -> None:
        """Set the key."""
        self.ask(("SET", f"{NAME}:{key}", value))

    def read(self, key: str) -> str | None:
        """The key's value; None where there is none."""
        return self.ask(("GET", f"{NAME}:{key}"))

    def refused(self) -> list[str]:
        """What the server says to no password, and to a wrong one."""
        said = []
        for password in ("", "wrong"):
            try:
                said.append(f"let in: {self.ask(('GET', NAME), password=password)}")
            except RuntimeError as error:
                said.append(str(error))
        return said


class Qdrant:
    """One point for each key, over HTTP."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.url = env["QDRANT_URL"]
        self.api_key = env["QDRANT_API_KEY"]

    def ask(
        self, method: str, path: str, body: Any = None, api_key: str | None = None
    ) -> tuple[int, Any]:
        """The answer's status and its JSON (None where it has none)."""
        headers = {"content-type": "application/json"}
        given = self.api_key if api_key is None else api_key
        if given:
            headers["api-key"] = given
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        # Nobody's proxy lies between an app and 127.0.0.1
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.url.startswith("https:"):
            context = trusted(self.env, "QDRANT_CA_FILE")
            handlers.append(urllib.request.HTTPSHandler(context=context))
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(request, timeout=TIMEOUT) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, None

    @staticmethod
    def point(key: str) -> str:
        """The key's point."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, key))

    def write(self, key: str, value: str) -> None:
        """Replace the key's point."""
        if self.ask("GET", f"/collections/{NAME}")[0] == 404:
            self._must("PUT", f"/collections/{NAME}", {"vectors": {"size": 2, "distance": "Dot"}})
        point = {"id": self.point(key), "vector": [1.0, 2.0], "payload": {"value": value}}
        self._must("PUT", f"/collections/{NAME}/points?wait=true", {"points": [point]})

    def read(self, key: str) -> str | None:
        """The key's value; None where there is none."""
        status, answer = self.ask("GET", f"/collections/{NAME}/points/{self.point(key)}")
        if status == 404:
            return None
        if status != 200:
            raise RuntimeError(f"qdrant answers {status}")
        return answer["result"]["payload"]["value"]

    def refused(self) -> list[str]:
        """The status that the server gives to no key, and to a wrong one."""
        return [str(self.ask("GET", "/collections", api_key=key)[0]) for key in ("", "wrong")]

    def _must(self, method: str, path: str, body: Any) -> None:
        status, _ = self.ask(method, path, body)
        if status != 200:
            raise RuntimeError(f"qdrant answers {status} to {method} {path}")


def answer(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the command says."""
    env = env_file(arguments.env)
    services = {"postgres": Postgres(env), "qdrant": Qdrant(env), "redis": Redis(env)}
    if arguments.command == "where":
        urls = {"postgres": "DATABASE_URL", "qdrant": "QDRANT_URL", "redis": "REDIS_URL"}
        split = {name: urlsplit(env[variable]) for name, variable in urls.items()}
        return {name: [url.hostname, url.port] for name, url in split.items()}
    if arguments.command == "sql":
        return {"rows": services["postgres"].sql(arguments.query)}
    if arguments.command == "refused":
        return {name: service.refused() for name, service in services.items()}
    if arguments.command == "write":
        for service in services.values():
            service.write(arguments.key, arguments.value)
    return {name: service.read(arguments.key) for name, service in services.items()}


def main() -> int:
    """Say the answer as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--env", type=Path, default=Path("/srv/groundwork/apps/backend/.env"), help="an app's .env"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, arguments in {
        "write": ["key", "value"],
        "read": ["key"],
        "sql": ["query"],
        "refused": [],
        "where": [],
    }.items():
        command = commands.add_parser(name)
        for argument in arguments:
            command.add_argument(argument)
    try:
        print(json.dumps(answer(parser.parse_args()), default=str))
    except Exception as error:
        # A test reads this: whatever went wrong is an answer too
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
