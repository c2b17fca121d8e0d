"""restic's answers in plain words; tests/integration/test_backup.py asks the real one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.data.repository import Backup, Repository, reading
from ansible.module_utils.groundwork.errors import GroundworkError

PROGRAM = """#!/bin/sh
echo "$@" >>'{notes}'
env | sort >'{notes}.env'
case "$1" in {cases}
esac
"""


def repository(tmp_path: Path, **answers: tuple[int, str, str]) -> Repository:
    """With a restic that answers each verb: its status, output and error output."""
    cases = []
    for verb, (code, out, err) in answers.items():
        (tmp_path / f"{verb}.out").write_text(out)
        (tmp_path / f"{verb}.err").write_text(err)
        files = f"cat '{tmp_path}/{verb}.out'; cat '{tmp_path}/{verb}.err' >&2"
        cases.append(f"{verb}) {files}; exit {code};;")
    program = tmp_path / "restic"
    program.write_text(PROGRAM.format(notes=tmp_path / "asked", cases="\n".join(cases)))
    program.chmod(0o755)
    keys = {"AWS_SECRET_ACCESS_KEY": "secret-key-1"}
    return Repository(
        "s3:host/x", "shop", tmp_path / "password", tmp_path / "cache", keys, str(program)
    )


def asked(tmp_path: Path) -> list[str]:
    return (tmp_path / "asked").read_text().splitlines()


def snapshots(*ids: str) -> str:
    found: list[dict[str, Any]] = [
        {"id": each * 8, "time": f"2026-01-0{number}T00:00:00Z", "hostname": "shop"}
        for number, each in enumerate(ids, 1)
    ]
    return json.dumps(found)


def test_a_repository_is_made_once_and_freed_of_stale_locks(tmp_path: Path) -> None:
    gone = (1, "", "Fatal: x\nIs there a repository at the following location?\n")
    assert repository(tmp_path, unlock=gone).ensure()
    assert asked(tmp_path) == ["unlock", "init"]
    assert not repository(tmp_path).ensure()
    assert asked(tmp_path)[2:] == ["unlock"]


def test_a_lock_of_a_process_that_was_just_killed_is_waited_for(tmp_path: Path) -> None:
    locked = (1, "", "unable to create lock in backend: repository is already locked by PID 3")
    place = repository(tmp_path, forget=locked)
    with pytest.raises(GroundworkError, match="locked by another restic"):
        replace(place, patience=1.0).forget({"daily": 7})
    first, *more = [line.split()[0] for line in asked(tmp_path)]
    assert first == "forget"
    assert more == ["unlock", "forget"] * (len(more) // 2)
    assert len(more) > 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Fatal: wrong password or no key found", "another password"),
        ("unable to create lock in backend: repository is already locked by", "locked"),
        ("Fatal: unable to start the sftp session, error: EOF", "can't be reached"),
        ("write /x: no space left on device", "disk is full"),
        ("ciphertext verification failed", "damaged"),
        ("something new", "failed with status 1"),
    ],
)
def test_a_failure_is_told_in_plain_words(tmp_path: Path, said: str, words: str) -> None:
    with pytest.raises(GroundworkError, match=words) as caught:
        repository(tmp_path, unlock=(1, "", said)).ensure()
    assert caught.value.details == [said]
    assert asked(tmp_path) == ["unlock"]


def test_no_secret_is_in_arguments_or_errors(tmp_path: Path) -> None:
    broken = repository(tmp_path, check=(1, "", "denied: secret-key-1"))
    with pytest.raises(GroundworkError) as caught:
        broken.check(1, 8)
    assert "secret-key-1" not in str(caught.value)
    assert asked(tmp_path) == ["check --read-data-subset=1/8"]
    seen = (tmp_path / "asked.env").read_text().splitlines()
    assert "AWS_SECRET_ACCESS_KEY=secret-key-1" in seen
    assert f"RESTIC_PASSWORD_FILE={tmp_path}/password" in seen
    assert "secret-key-1" not in repr(broken)


def test_a_backup_that_could_not_read_a_file_is_none(tmp_path: Path) -> None:
    with pytest.raises(GroundworkError, match="status 3"):
        repository(tmp_path, backup=(3, '{"snapshot_id": "aaaaaaaa"}', "")).add(tmp_path)


def test_a_backup_is_found_by_its_first_digits(tmp_path: Path) -> None:
    place = repository(
        tmp_path,
        backup=(0, '{"x": 1}\n{"snapshot_id": "bbbbbbbb"}\n', ""),
        snapshots=(0, snapshots("a", "b"), ""),
    )
    assert place.add(tmp_path).id == "b" * 8
    assert [each.id[0] for each in place.backups()] == ["b", "a"]
    assert place.find("aa").id == "a" * 8
    assert place.find("latest").id == "b" * 8
    for wanted in ("c", ""):
        with pytest.raises(GroundworkError, match="There is no backup"):
            place.find(wanted)


def test_several_that_begin_alike_are_refused(tmp_path: Path) -> None:
    place = repository(tmp_path, snapshots=(0, snapshots("a", "a"), ""))
    with pytest.raises(GroundworkError, match="Several"):
        place.find("aa")


def test_what_is_kept_is_counted_by_stack(tmp_path: Path) -> None:
    said = json.dumps([{"remove": [1, 2]}, {"remove": None}]) + "\ncounting files\n"
    place = repository(tmp_path, forget=(0, said, ""))
    assert place.forget({"daily": 7, "weekly": 4}) == 2
    assert asked(tmp_path) == [
        "forget --json --prune --tag groundwork,shop --group-by host,tags "
        "--keep-daily 7 --keep-weekly 4"
    ]


def test_a_restore_reads_the_repository_and_not_a_cache(tmp_path: Path) -> None:
    repository(tmp_path).restore(Backup("abc"), tmp_path / "x")
    assert asked(tmp_path) == [f"restore --no-cache abc --target {tmp_path}/x"]


def test_without_restic_the_way_to_it_is_told(tmp_path: Path) -> None:
    place = Repository("/x", "shop", tmp_path, tmp_path, program=str(tmp_path / "none"))
    with pytest.raises(GroundworkError, match="can't be started"):
        place.backups()


def test_every_part_is_read_in_turn() -> None:
    assert {reading(week) for week in range(1, 53)} == {(part, 8) for part in range(1, 9)}
