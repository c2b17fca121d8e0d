"""After playbooks/rotate.yml: the old passwords are unusable, and the data are the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

testinfra_hosts = ["ansible://test_hosts"]

ENV = "/srv/groundwork/apps/backend/.env"


def lines(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")


def test_the_data_are_there(client: Callable[..., dict[str, Any]]) -> None:
    kept = "written before"
    assert client("read", "rotation") == {"postgres": kept, "qdrant": kept, "redis": kept}


@pytest.mark.parametrize("variable", ["DATABASE_URL", "QDRANT_API_KEY", "REDIS_URL"])
def test_the_old_password_is_refused(
    host: Any, client: Callable[..., dict[str, Any]], variable: str
) -> None:
    old, new = (lines(host.file(path).content_string) for path in ("/root/old.env", ENV))
    assert old[variable] != new[variable]
    text = "".join(f"{name}={value}\n" for name, value in (new | {variable: old[variable]}).items())
    host.run("umask 077; printf %s > /root/mixed.env", text)
    try:
        answer = client("read", "rotation", env="/root/mixed.env", fails=True)
    finally:
        host.run("rm /root/mixed.env")
    assert any(sign in answer["error"] for sign in ("password", "WRONGPASS", "401", "403")), answer


def test_nothing_of_the_change_is_left(host: Any) -> None:
    assert not host.file("/srv/groundwork/infra/.new-passwords").exists
