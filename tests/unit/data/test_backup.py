"""The order of a backup's steps; tests/integration/test_backup.py does them with real servers."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data import backup
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import backup_notes
from ansible.module_utils.groundwork.locking import claim, lease

from .backing_up import PretendedType, kind, place_in, sources_of

__all__ = ["kind"]


def test_postgres_is_copied_last_and_each_is_proven(tmp_path: Path, kind: PretendedType) -> None:
    place, said = place_in(tmp_path), list[str]()
    note = backup.make(place, sources_of(place), said.append)
    proofs = ["prove redis shop.proof", "prove postgres shop.proof"]
    assert kind.done == ["redis", "postgres", *proofs]
    assert note.proven
    assert note.skipped == ("qdrant",)
    assert "qdrant is not in it: nothing here can copy its data" in said
    assert sorted(path.name for path in place.directory.iterdir()) == ["lock", "notes", "read.json"]
    kept = Path(place.repository.location, note.id)
    assert (kept / "infra.env").read_text() == "REDIS_PASSWORD=x\n"
    assert (kept / "infra.env").stat().st_mode & 0o777 == 0o600
    assert json.loads((kept / "manifest.json").read_text())["services"]["redis"]["bytes"] == 3


def test_one_that_is_not_as_it_was_copied_is_not_proven(
    tmp_path: Path, kind: PretendedType
) -> None:
    place = place_in(tmp_path, keep={"last": 1})
    good = backup.make(place, sources_of(place), print)
    kind.digest = "0" * 64
    bad = backup.make(place, sources_of(place), print)
    assert not bad.proven
    assert "redis/data isn't what was copied" in bad.why
    assert [each.id for each in backup.listed(place)] == [bad.id, good.id]  # nothing is forgotten
    assert backup_notes.state(place.directory, backup._now()).made == good.made
    kind.digest = PretendedType.digest
    last = backup.make(place, sources_of(place), print)
    assert [each.id for each in backup.listed(place)] == [last.id]
    assert [*backup_notes.notes(place.directory)] == [last.id]


def test_why_there_is_no_new_one_is_noted(tmp_path: Path, kind: PretendedType) -> None:
    place = place_in(tmp_path)
    with pytest.raises(GroundworkError, match="nothing to back up"):
        backup.make(place, [], print)
    assert "nothing to back up" in backup_notes.state(place.directory, backup._now()).failed
    (tmp_path / "infra" / ".env").unlink()
    with pytest.raises(GroundworkError, match="can't be written: No such file"):
        backup.make(place, sources_of(place), print)
    assert not (place.directory / "copy").exists()


def test_a_run_that_changes_the_stack_is_waited_for(tmp_path: Path, kind: PretendedType) -> None:
    place = place_in(tmp_path)
    other = claim(os.getppid(), tmp_path, local=True)
    lease.take(place.lock, other)
    with pytest.raises(GroundworkError, match="Another run is changing this stack"):
        backup.make(place, sources_of(place), print)
    lease.leave(place.lock, other["run"])
    assert backup.make(place, sources_of(place), print).proven
    assert lease.holder(place.lock) is None


def test_one_at_a_time(tmp_path: Path, kind: PretendedType) -> None:
    place = place_in(tmp_path)
    place.directory.mkdir()
    with (place.directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(GroundworkError, match="Another backup"):
            backup.make(place, sources_of(place), print)


def test_what_a_killed_one_left_is_cleared(tmp_path: Path, kind: PretendedType) -> None:
    place = place_in(tmp_path)
    for name in ("copy", "proof"):
        (place.directory / name / "redis").mkdir(parents=True)
        (place.directory / name / "redis" / "old").touch()
    note = backup.make(place, sources_of(place), print)
    assert not [*Path(place.repository.location, note.id).rglob("old")]
    asked = [" ".join(each) for each in place.docker.asked]  # type: ignore[attr-defined]
    assert any("label=groundwork.job=shop" in each for each in asked)
    assert any("label=groundwork.job=shop.proof" in each for each in asked)


def test_one_can_be_proven_again_without_its_note(tmp_path: Path, kind: PretendedType) -> None:
    place = place_in(tmp_path)
    note = backup.make(place, sources_of(place), print)
    backup_notes.drop(place.directory, [])
    assert backup.listed(place)[0].verdict == "not proven: not on this machine"
    again = backup.verify(place, sources_of(place), "latest")
    assert (again.id, again.proven, again.made) == (note.id, True, "2026-01-01T00:00:00Z")
    with pytest.raises(GroundworkError, match="There is no backup"):
        backup.verify(place, sources_of(place), "abc")


def test_volumes_are_filled_from_an_opened_one(tmp_path: Path, kind: PretendedType) -> None:
    place = place_in(tmp_path)
    sources = sources_of(place)
    backup.make(place, sources, print)
    kind.done.clear()
    with backup.opened(place, sources, "latest") as (manifest, directory):
        fill = backup.from_backup(manifest, directory)
        redis = next(each for each in sources if each.service.name == "redis")
        fill(redis, {"redis": "shop_redis_data.1"})
    assert kind.done == ["fill redis shop_redis_data.1"]
    assert not directory.exists()


def test_a_disk_that_is_too_small_is_refused(
    tmp_path: Path, kind: PretendedType, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_in(tmp_path)
    monkeypatch.setattr(kind, "bytes_needed", lambda source: 10**18)
    with pytest.raises(GroundworkError, match="no room"):
        backup.make(place, sources_of(place), print)
    assert kind.done == []
