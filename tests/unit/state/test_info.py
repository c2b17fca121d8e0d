"""The core on another machine: it looks with nothing but its own directory, and always answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.docker import volumes
from ansible.module_utils.groundwork.dotenv import BEGIN, END
from ansible.module_utils.groundwork.state import info
from ansible.module_utils.groundwork.state.info import serve
from fake_engine import FakeEngine
from grpc_stack import desired
from ordinary_user import as_ordinary_user
from stack_params import params

CORE = Path(__file__).resolve().parents[3] / "library" / "module_utils"
ALONE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from groundwork.state.info import serve
found = serve(json.loads(sys.stdin.read()))
print(json.dumps({"found": found, "ansible": [n for n in sys.modules if n.startswith("ansible")]}))
"""


def test_it_answers_without_ansible(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(CORE)],
        input=json.dumps(params(str(tmp_path))),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["ansible"] == []
    assert answer["found"]["plan"]["docker"]
    assert answer["found"]["plan"] == serve(params(str(tmp_path)))["plan"]


def test_paths_are_the_machines_own(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", "infra")
    found = serve(params("~", stack_dir="$HOME/$PLACE"))
    assert found["state"]["files"] == {
        os.fspath(tmp_path / "infra" / name): "missing" for name in ("docker-compose.yml", ".env")
    }


def test_what_is_wrong_is_its_answer(tmp_path: Path) -> None:
    wrong = {"redis": {"kind": "no such kind", "image": "x", "port": 1}}
    found = serve(params(str(tmp_path), services=wrong))
    assert found["failed"]
    assert "no such kind" in found["msg"]


def test_the_passwords_in_use_are_compared_with_the_inventorys(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    lines = [f"{name}_{what}=older" for name in ("DB", "REDIS") for what in ("IMAGE", "PASSWORD")]
    (tmp_path / "infra" / ".env").write_text("\n".join(lines), encoding="utf-8")
    own = {"kind": "redis", "image": "redis:7-alpine", "port": 6399, "password": "newer"}
    theirs = {"kind": "postgres", "external": True, "host": "localhost", "password": "newer"}
    found = serve(params(str(tmp_path), services={"db": theirs, "redis": own}))
    assert found["state"]["other_passwords"] == ["redis"]
    assert "redis: the inventory gives another password" in found["msg"]


def test_somebody_elses_stack_is_one_problem_and_nothing_else(
    tmp_path: Path, monkeypatch: Any
) -> None:
    theirs, here = tmp_path / "theirs" / "infra", tmp_path / "here"
    for path in (theirs, here):
        path.mkdir(parents=True)
    (theirs / "docker-compose.yml").touch()
    marked = {"groundwork.folder": str(theirs), "groundwork.user": "anna"}
    docker = FakeEngine(volumes={"alone_owner": marked})
    monkeypatch.setattr(info, "Docker", lambda cli: docker)
    found = serve(params(str(here)))
    (problem,) = found["problems"]
    assert problem["where"] == f"{theirs}, of the user anna"
    for part in ("services", "images", "files", "env_files"):
        assert found["state"][part] == {}, "what is there says nothing of this directory"
    assert not any(found["state"]["schema"].values())
    assert not any(found["plan"].values())


def test_a_file_that_git_would_take_along_is_a_problem_before_anything_starts(
    tmp_path: Path,
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    apps = {"web": {"path": "apps/web/.env", "services": ["redis"]}}
    found = serve(params(str(tmp_path), apps=apps))
    assert "apps/web/.env gets passwords, and git doesn't ignore it" in found["msg"]
    (tmp_path / ".gitignore").write_text(".env\n", encoding="utf-8")
    assert "git" not in serve(params(str(tmp_path), apps=apps)).get("msg", "")


def test_a_file_is_asked_for_its_directory_only_where_it_has_to_be_written(tmp_path: Path) -> None:
    apps = {"web": {"path": "web/.env", "services": [], "variables": {"A": "1"}}}
    (tmp_path / "web").mkdir()

    def refused(mode: int) -> str:
        (tmp_path / "web").chmod(mode)
        return str(serve(params(str(tmp_path), apps=apps)).get("msg", ""))

    assert f"may not write into {tmp_path / 'web'}" in as_ordinary_user(
        tmp_path, partial(refused, 0o555)
    )
    (tmp_path / "web").chmod(0o755)
    (tmp_path / "web" / ".env").write_text(f"{BEGIN}\nA=1\n{END}\n", encoding="utf-8")
    (tmp_path / "web" / ".env").chmod(0o600)
    assert "web" not in as_ordinary_user(tmp_path, partial(refused, 0o555))


def test_data_that_a_service_left_behind_are_named(tmp_path: Path, monkeypatch: Any) -> None:
    left = {"groundwork.flavour": "postgres-16"}
    docker = FakeEngine(volumes={"alone_reports_data": left, "alone_redis_data": left})
    monkeypatch.setattr(info, "Docker", lambda cli: docker)
    found = serve(params(str(tmp_path)))
    rows = found["summary"]["docs"]
    assert ["data", "of reports are here still: alone_reports_data"] in rows
    assert not any("redis" in text for _, text in rows)


def test_volumes_that_are_not_live_are_named(tmp_path: Path, monkeypatch: Any) -> None:
    made = {"groundwork.flavour": "redis", "groundwork.snapshot": ""}
    names = ("alone_redis_data", "alone_redis_data.1", "alone_redis_data.2", "alone_gone_data.3")
    docker = FakeEngine(volumes=dict.fromkeys(names, made))
    monkeypatch.setattr(info, "Docker", lambda cli: docker)
    volumes.write(tmp_path / "infra", {"redis": 1})
    assert serve(params(str(tmp_path)))["summary"]["docs"] == [
        ["data", "of gone are here still: alone_gone_data.3"],
        ["former", "volumes of redis that aren't live: alone_redis_data, alone_redis_data.2"],
    ]


def test_the_summary_says_where_grpc_is(tmp_path: Path) -> None:
    assert list(info._more_ports(desired(tmp_path))) == [("gRPC", "qdrant at 127.0.0.1:16334")]


def test_the_summary_names_a_persons_own_lines_that_win(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(info, "Docker", lambda cli: FakeEngine())
    lines = {f"V{number}": "1" for number in range(9)}
    apps = {"web": {"path": "web/.env", "services": [], "variables": lines}}
    (tmp_path / "web").mkdir()
    file = tmp_path / "web" / ".env"

    def rows() -> list[Any]:
        return list(serve(params(str(tmp_path), apps=apps))["summary"]["docs"])

    assert rows() == []
    file.write_text("V1=2\nV3='1'\nOTHER=1\n", encoding="utf-8")
    assert rows() == [["own lines", "of web/.env win over Groundwork's: V1"]]
    file.write_text("".join(f"{name}=2\n" for name in lines), encoding="utf-8")
    assert rows() == [
        ["own lines", "of web/.env win over Groundwork's: V0, V1, V2, V3, V4, V5 and 3 more"]
    ]
