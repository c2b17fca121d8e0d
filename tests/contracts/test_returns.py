"""What `ansible-doc` shows of our modules is there, and says what they really return."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
OURS = {path.stem for path in (ROOT / "library" / "modules").glob("*.py")}
# Ansible's own, and what every module of ours may say
COMMON = {"changed", "failed", "msg", "diff", "warnings", "skipped", "exception", "invocation",
          "deprecations"}  # fmt: skip
SERVICES = {"redis": {"kind": "redis", "image": "redis:7-alpine", "port": 1}}
# One call of each that needs no engine; what changes something does so in the test's directory
STACK = {"stack_name": "returns", "services": SERVICES, "stack_dir": "infra"}
NOBODY = {"docker_cli": "no-such-docker"}
CALLS: dict[str, dict[str, Any]] = {
    "alembic_migrate": {"schema_dir": "alembic", "user": "app", "database": "app", "port": 1,
                        "password": "x"},
    "built_image": {"build_dir": "images", "names": [], "cache_dir": "cache"},
    "compose_up": {"stack_name": "returns", "stack_dir": "infra"},
    "container_images": {"services": SERVICES, "sources": ["archive"], "archive_dir": "none"},
    "managed_files": STACK | {"part": "apps", "workspace_dir": "."},
    "stack_info": STACK | {"workspace_dir": ".", "compose": "", "sources": ["present"],
                        "refuse": False},
    "postgres_objects": STACK,
    "pending_changes": {"reasons": ["redis is missing"]},
    "inventory_check": {"roles": ["stack"]},
    "prepared_images": {"services": SERVICES, "sources": ["archive"], "archive_dir": "none"},
    "data_backup": {"settings": "backup.json", "state": "listed"},
    "data_restore": STACK | {"word": "returns"},
    "data_upgrade": STACK | {"service": "redis", "images": {}, "word": "returns"},
    "migration_snapshot": STACK | {"state": "before", "tree": {"name": "x"}, "word": "returns"},
    "data_snapshot": STACK | {"state": "listed"},
    "database_reset": {"service": "db", "database": "app", "stack_name": "returns",
                       "services": {"db": {"kind": "postgres", "image": "postgres:16", "port": 1}},
                       "stack_dir": "infra"},
    "reset_plan": STACK | {"word": "returns", "service": "redis"},
    "live_volumes": {"stack_dir": "infra", "forget": ["redis"]},
    "removal_plan": {"stack_name": "returns", "stack_dir": "infra", "engine_required": False},
    "run_lock": {"path": "lock"},
    "run_log": {"path": "lock", "log": "log"},
    "saved_images": {"images": [], "directory": "saved"},
    "sent_archives": {"files": [], "directory": "sent"},
    "schema_history": {"services": {}, "stack_dir": "infra", "trees": [{"schema_dir": "alembic"}]},
    "schema_seed": {"command": ["true"], "stack_name": "returns", "services": SERVICES,
                    "service": "redis", "start_directory": ".", "user": "app", "database": "app",
                    "password": "x"},
    "service_health": {"services": SERVICES, "timeout": 1},
    "toolbox_bundle": {"requirements": "requirements.txt", "cache_dir": "cache"},
    "tunnel_files": {"services": SERVICES, "apps": {}, "stack_dir": "infra", "workspace_dir": ".",
                     "ssh": {"host": "vm"}, "offset": 1},
}  # fmt: skip
# They do nothing where there is no engine, and what they do is their result
ONLY_CHECKED = {"compose_up"}


def used_in_tasks() -> set[str]:
    """The modules without a collection's name that tasks name."""
    found = set[str]()
    for top in ("playbooks", "roles", "molecule"):
        for path in (ROOT / top).rglob("*.yml"):
            names = re.findall(r"^\s+(?:- )?([a-z_]+):", path.read_text(encoding="utf-8"), re.M)
            found |= set(names) & (OURS | {p.stem for p in (ROOT / "library/action").glob("*.py")})
    return found


@pytest.fixture(scope="module")
def docs() -> dict[str, Any]:
    """What ansible-doc says of each module that a task uses."""
    wanted = sorted(used_in_tasks())
    done = subprocess.run(
        [str(BIN / "ansible-doc"), "-t", "module", "--json", *wanted],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each returns, called by the real ansible-playbook on this machine."""
    directory = tmp_path_factory.mktemp("returns")
    for name in ("images", "alembic"):
        (directory / name).symlink_to(ROOT / name)
    (directory / "requirements.txt").write_text("", encoding="utf-8")
    tasks: list[dict[str, Any]] = []
    for name, arguments in CALLS.items():
        docker = NOBODY if "docker_cli" in _options(name) else {}
        tasks.append(
            {"name": name, name: _in(directory, arguments | docker), "register": f"got_{name}",
             "ignore_errors": True, "check_mode": name in ONLY_CHECKED},
        )  # fmt: skip
    everything = {name: f"{{{{ got_{name} }}}}" for name in CALLS}
    copy = {"content": "{{ everything | to_json }}", "dest": str(directory / "got"), "mode": "0600"}
    tasks.append({"ansible.builtin.copy": copy, "vars": {"everything": everything}})
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    (directory / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", str(ROOT / "inventory/hosts.yml"),
         str(directory / "play.yml"), "-e", f"workspace_dir={directory}"],
        cwd=directory, capture_output=True, text=True, check=False,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, dict[str, Any]] = json.loads((directory / "got").read_text(encoding="utf-8"))
    return found


def _options(name: str) -> str:
    return (ROOT / "library" / "modules" / f"{name}.py").read_text(encoding="utf-8")


def _in(directory: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, with the paths of files in the test's directory."""
    paths = ("path", "log", "directory", "schema_dir", "requirements")
    return {
        key: str(directory / value)
        if isinstance(value, str) and (key in paths or key.endswith("_dir"))
        else value
        for key, value in arguments.items()
    }


def test_all_of_them_are_called_here() -> None:
    assert set(CALLS) == OURS >= used_in_tasks()


@pytest.mark.parametrize("name", sorted(used_in_tasks()))
def test_ansible_doc_shows_it(name: str, docs: dict[str, Any]) -> None:
    assert docs[name]["doc"]["short_description"]
    assert docs[name]["examples"]
    assert docs[name]["return"]


@pytest.mark.parametrize("name", sorted(CALLS))
def test_what_it_returns_is_what_its_documentation_says(
    name: str, docs: dict[str, Any], returned: dict[str, dict[str, Any]]
) -> None:
    result = returned[name]
    documented = docs[name]["return"]
    _compare(name, documented, result, COMMON, bool(result.get("failed")))


def _compare(
    where: str, documented: dict[str, Any], result: dict[str, Any], more: set[str], failed: bool
) -> None:
    assert set(result) - more <= set(documented), f"{where} returns what isn't documented"
    always = {
        key for key, value in documented.items()
        if value["returned"] == "always" or (value["returned"] == "success" and not failed)
    }  # fmt: skip
    assert always <= set(result) or result.get("skipped"), f"{where} doesn't return what it says"
    for key in documented.keys() & result.keys():
        contains = documented[key].get("contains")
        values = result[key] if isinstance(result[key], list) else [result[key]]
        for value in values if contains else []:
            if key == "images":  # by service
                value = next(iter(value.values()))
            _compare(f"{where}.{key}", contains, value, set(), failed)
