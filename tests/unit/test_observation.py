"""The core on another machine: it looks with nothing but its own folder, and always answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import observation
from ansible.module_utils.groundwork.observation import ARGUMENT_SPEC, serve
from engine_of_paper import Paper

CORE = Path(__file__).resolve().parents[2] / "library" / "module_utils"
ALONE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from groundwork.observation import serve
found = serve(json.loads(sys.stdin.read()))
print(json.dumps({"found": found, "ansible": [n for n in sys.modules if n.startswith("ansible")]}))
"""


def params(folder: str, **changed: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    return defaults | {
        "stack_name": "alone",
        "services": {"redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6399}},
        "workspace_dir": folder,
        "stack_dir": f"{folder}/infra",
        "compose": "services: {}\n",
        "sources": ["present"],
        "docker_cli": "no such docker",
        **changed,
    }


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
    assert found["look"]["files"] == {
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
    assert found["look"]["other_passwords"] == ["redis"]
    assert "redis: the inventory gives another password" in found["msg"]


def test_somebody_elses_stack_is_one_problem_and_nothing_else(
    tmp_path: Path, monkeypatch: Any
) -> None:
    theirs, here = tmp_path / "theirs" / "infra", tmp_path / "here"
    for path in (theirs, here):
        path.mkdir(parents=True)
    (theirs / "docker-compose.yml").touch()
    marked = {"groundwork.folder": str(theirs), "groundwork.user": "anna"}
    docker = Paper(volumes={"alone_owner": marked})
    monkeypatch.setattr(observation, "Docker", lambda cli: docker)
    found = serve(params(str(here)))
    (problem,) = found["problems"]
    assert problem["where"] == f"{theirs}, of the user anna"
    for part in ("services", "images", "files", "env_files"):
        assert found["look"][part] == {}, "what is there says nothing of this folder"
    assert not any(found["plan"].values())


def test_data_that_a_service_left_behind_are_named(tmp_path: Path, monkeypatch: Any) -> None:
    left = {"groundwork.flavour": "postgres-16"}
    docker = Paper(volumes={"alone_reports_data": left, "alone_redis_data": left})
    monkeypatch.setattr(observation, "Docker", lambda cli: docker)
    found = serve(params(str(tmp_path)))
    rows = found["summary"]["docs"]
    assert ["data", "of reports are here still: alone_reports_data"] in rows
    assert not any("redis" in text for _, text in rows)
