from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.daemon_config import (
    data_root,
    differing,
    merge_daemon_config,
)
from ansible.module_utils.groundwork.errors import GroundworkError
from ordinary_user import as_ordinary_user

OURS = {
    "log-driver": "json-file",
    "log-opts": {"max-size": "10m", "max-file": "3"},
    "live-restore": True,
}


def test_no_file_gives_ours_alone() -> None:
    config = merge_daemon_config("", OURS)
    assert json.loads(config.text) == OURS
    assert config.text.endswith("}\n")
    assert config.differs == ("log-driver", "log-opts", "live-restore")


def test_a_second_merge_changes_nothing() -> None:
    once = merge_daemon_config("", OURS).text
    again = merge_daemon_config(once, OURS)
    assert again.text == once
    assert again.differs == ()


def test_what_is_the_same_keeps_a_persons_way_of_writing() -> None:
    written = json.dumps({**OURS, "mtu": 1400}, separators=(",", ":"))
    config = merge_daemon_config(written, OURS)
    assert config.text == written
    assert config.differs == ()


def test_a_persons_settings_survive_in_their_order() -> None:
    theirs = '{"mtu": 1400, "log-opts": {"labels": "team"}, "insecure-registries": ["a.test"]}'
    config = merge_daemon_config(theirs, OURS)
    result = json.loads(config.text)
    assert list(result)[:3] == ["mtu", "log-opts", "insecure-registries"]
    assert result["mtu"] == 1400
    assert result["insecure-registries"] == ["a.test"]
    assert result["log-opts"] == {"labels": "team", "max-size": "10m", "max-file": "3"}
    assert config.differs == ("log-opts", "log-driver", "live-restore")


def test_what_the_inventory_names_wins() -> None:
    config = merge_daemon_config('{"live-restore": false}', {"live-restore": True})
    assert json.loads(config.text) == {"live-restore": True}
    assert config.differs == ("live-restore",)


def test_true_is_not_one() -> None:
    assert merge_daemon_config('{"live-restore": 1}', {"live-restore": True}).differs


def test_a_swarm_has_no_live_restore() -> None:
    assert "live-restore" not in json.loads(merge_daemon_config("", OURS, swarm=True).text)
    before = merge_daemon_config("", OURS).text
    after = merge_daemon_config(before, OURS, swarm=True)
    assert after.differs == ("live-restore",)
    assert "live-restore" not in json.loads(after.text)


@pytest.mark.parametrize(("given", "text"), [(3, "3"), (True, "true"), ("10m", "10m")])
def test_log_opts_are_texts_for_the_engine(given: object, text: str) -> None:
    config = merge_daemon_config("", {"log-opts": {"key": given}})
    assert json.loads(config.text)["log-opts"]["key"] == text


def test_broken_json_names_the_place_and_a_way_out() -> None:
    with pytest.raises(GroundworkError) as caught:
        merge_daemon_config('{\n  "mtu": 1400\n  "debug": true\n}', OURS, path="/x/daemon.json")
    assert caught.value.where == "/x/daemon.json, line 3, column 3"
    assert "move the file away" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "kind"), [("[]", "a list"), ('"a"', "a text"), ("null", "null"), ("3", "3")]
)
def test_other_json_is_refused(text: str, kind: str) -> None:
    with pytest.raises(GroundworkError, match=f"found {kind}"):
        merge_daemon_config(text, OURS)


def test_blank_file_is_an_empty_one() -> None:
    assert json.loads(merge_daemon_config(" \n", OURS).text) == OURS


def test_options_are_not_changed() -> None:
    options = {"log-opts": {"max-file": 3}, "live-restore": True}
    merge_daemon_config("", options, swarm=True)
    assert options == {"log-opts": {"max-file": 3}, "live-restore": True}


def test_data_root() -> None:
    assert data_root("", {}) == "/var/lib/docker"
    assert data_root('{"data-root": "/srv/my docker"}', {}) == "/srv/my docker"
    assert data_root('{"data-root": "/a"}', {"data-root": "/b"}) == "/b"


def test_the_look_names_what_differs_where_the_engine_is_ours(tmp_path: Path) -> None:
    file, marker = tmp_path / "daemon.json", tmp_path / "ours"
    options = {"icc": False, "log-opts": {"max-size": "10m"}}
    file.write_text('{"icc": false, "log-opts": {"max-size": "5m"}, "dns": ["10.0.0.1"]}')
    assert differing(options, False, file, marker) == []
    marker.touch()
    assert differing(options, False, file, marker) == ["log-opts"]
    assert differing({}, False, file, marker) == []
    file.write_text(merge_daemon_config(file.read_text(), options).text)
    assert differing(options, False, file, marker) == []
    assert differing(options | {"live-restore": True}, True, file, marker) == []
    file.write_text("{")
    assert differing(options, False, file, marker) == ["all of them"]


def test_what_an_ordinary_user_cannot_see_is_not_compared(tmp_path: Path) -> None:
    """/var/lib/docker is root's alone, and it says whether the machine is in a swarm."""
    file, marker, data = (tmp_path / name for name in ("daemon.json", "ours", "data"))
    data.mkdir()
    marker.touch()
    options = OURS | {"data-root": str(data)}
    file.write_text(merge_daemon_config("", options).text)

    def differs(**more: object) -> list[str]:
        data.chmod(0o000)
        return differing(options | more, False, file, marker)

    assert as_ordinary_user(tmp_path, differs) == []
    assert as_ordinary_user(tmp_path, partial(differs, icc=False)) == ["icc"]
    file.write_text(merge_daemon_config("", options, swarm=True).text)
    assert as_ordinary_user(tmp_path, differs) == []


@pytest.mark.parametrize("closed", ["daemon.json", "docker"])
def test_settings_that_are_roots_alone_are_no_reason(tmp_path: Path, closed: str) -> None:
    """Older engines made /etc/docker root's alone; daemon.json may hold a proxy's password."""
    directory = tmp_path / "docker"
    directory.mkdir()
    for name in ("daemon.json", "ours"):
        (directory / name).touch()

    def differs() -> list[str]:
        next(path for path in (directory, directory / closed) if path.name == closed).chmod(0o000)
        return differing({"icc": False}, False, directory / "daemon.json", directory / "ours")

    assert as_ordinary_user(tmp_path, differs) == []
