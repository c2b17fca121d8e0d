"""The desired state: its files, keys and passwords, worked out once."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork import files, rendered
from ansible.module_utils.groundwork.env.content import Image
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.tls import certificates
from container_entry import ENTRY


def compared(wanted: rendered.WantedFile) -> rendered.FileState:
    return rendered.compare(wanted, files.inspect(wanted.path))


@pytest.mark.parametrize(
    ("bind", "known"), [("10.0.0.5", "10.0.0.5"), ("FD00:0::5", "fd00::5"), ("0.0.0.0", "10.9.9.9")]
)
def test_the_names_of_a_service_stay_the_same(tmp_path: Path, bind: str, known: str) -> None:
    """As a run does: what the first one wrote is good for the second."""
    entry = {"kind": "redis", "image": "redis:7-alpine", "port": 6379, "tls": True}
    entry |= {"bind": bind, "bind_public": True, "names": ["db.example.com", "10.9.9.9"]}
    params = {"stack_name": "demo", "services": {"cache": entry}, "apps": {}, "compose": ""}
    params |= {"workspace_dir": str(tmp_path), "stack_dir": str(tmp_path / "infra")}
    desired = Desired.of(params | {"password_length": 32})
    images = {"cache": Image("redis:7-alpine", "redis")}
    written = desired.infra_files(images, True)
    for wanted in written:
        rendered.write(compared(wanted))
    names = certificates._names(desired.certificates["cache"])
    assert {known, "cache", "127.0.0.1" if bind == "0.0.0.0" else known, "localhost"} <= names
    assert "db.example.com" in names
    second = Desired.of(params | {"password_length": 32})
    again = [item.text for item in second.infra_files(images, True)]
    assert again == [item.text for item in written]
    modes = {item.path.name: item.mode for item in written}
    assert (modes["ca.crt"], modes["_authority.key"]) == (0o644, 0o400)


def test_one_run_makes_its_keys_and_passwords_once(tmp_path: Path) -> None:
    """Whoever asks in it: the file's lines, the certificates' files, the summary."""
    entry = {"kind": "redis", "image": "redis:7-alpine", "port": 6379, "tls": True}
    params = {"stack_name": "demo", "services": {"cache": entry}, "apps": {}, "compose": ""}
    params |= {"workspace_dir": str(tmp_path), "stack_dir": str(tmp_path / "infra")}
    desired = Desired.of(params | {"password_length": 32})
    assert desired.certificates == desired.certificates
    assert desired.secrets == desired.secrets
    images = {"cache": Image("redis:7-alpine", "redis")}
    first, second = (desired.infra_files(images, True) for _ in range(2))
    assert first == second


def test_the_file_of_an_app_at_the_end_of_a_tunnel_is_the_laptops(tmp_path: Path) -> None:
    entry = {"kind": "redis", "image": "redis:7-alpine", "port": 6379}
    apps = {
        name: {"path": f"{name}/.env", "audience": name, "services": ["cache"]}
        for name in ("host", "tunnel")
    }
    params = {"stack_name": "demo", "services": {"cache": entry}, "apps": apps, "compose": ""}
    params |= {"workspace_dir": str(tmp_path), "stack_dir": str(tmp_path / "infra")}
    desired = Desired.of(params | {"password_length": 32})
    assert tmp_path / "host" / ".env" in desired.paths()
    assert tmp_path / "tunnel" / ".env" not in desired.paths()
    assert {item.path for item in desired.app_files()} <= set(desired.paths())


def test_only_our_lines_are_left_out_for_an_older_engine(tmp_path: Path) -> None:
    params = {"stack_name": "demo", "apps": {}, "password_length": 32, "services": {"mail": ENTRY}}
    params |= {"workspace_dir": str(tmp_path), "stack_dir": str(tmp_path / "infra")}
    own, a_persons = "      start_interval: 500ms\n", '    command: ["--start_interval: 5"]\n'
    desired = Desired.of(params | {"compose": own + a_persons})
    images = {"mail": Image("x:1", "container")}
    (older, newer) = (desired.infra_files(images, quick)[0].text for quick in (False, True))
    assert older == a_persons
    assert newer == own + a_persons
