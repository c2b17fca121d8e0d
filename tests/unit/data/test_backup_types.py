"""How services' data go into a backup, and how their proofs are kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data import Checkpoint, backup_types
from ansible.module_utils.groundwork.docker import CommandResult
from ansible.module_utils.groundwork.errors import GroundworkError

from .backing_up import PretendedType, place_in, sources_of
from .test_job import Recorded


def test_each_kind_goes_in_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = PretendedType()
    monkeypatch.setattr(backup_types, "DATA_TYPES", {"redis": other})
    known = {each.service.name: each.service for each in sources_of(place_in(tmp_path))}
    assert backup_types.backup_type(known["postgres"]) is backup_types.POSTGRES
    assert backup_types.backup_type(known["redis"]) is other
    assert backup_types.backup_type(known["qdrant"]) is None


def test_others_are_proven_in_volumes_that_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PretendedType()
    monkeypatch.setattr(backup_types, "DATA_TYPES", {"redis": other})
    place = place_in(tmp_path)
    found = {each.service.name: backup_types.for_proof(each) for each in sources_of(place)}
    backup_types.prove(found["redis"], Checkpoint(kind="redis"), "/place", "redis")
    assert other.done == ["fill redis shop.proof_redis"]
    asked = [" ".join(each) for each in place.docker.asked]  # type: ignore[attr-defined]
    assert asked == [
        "volume create --label groundwork.job=shop.proof shop.proof_redis",
        "volume rm --force shop.proof_redis",
    ]
    with pytest.raises(GroundworkError, match="knows the data of qdrant"):
        backup_types.prove(found["qdrant"], Checkpoint(kind="qdrant"), "/place", "qdrant")


def test_what_a_killed_proof_left_goes() -> None:
    engine = Recorded(results={"volume": CommandResult(0, "shop.proof_redis\n", "")})
    backup_types.clear_proofs(engine, "shop")
    assert engine.asked[-1] == ("volume", "rm", "--force", "shop.proof_redis")
