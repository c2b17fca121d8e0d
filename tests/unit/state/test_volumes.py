"""Which PostgreSQL gets a superuser of its own: every new volume's, none from before."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.volumes import for_volumes
from converged import PARAMS

BEFORE = "POSTGRES_IMAGE=x\nPOSTGRES_PASSWORD=old\n"


def desired(tmp_path: Path, env: str = "") -> Desired:
    (tmp_path / ".env").write_text(env, encoding="utf-8")
    return Desired.of(PARAMS | {"stack_dir": str(tmp_path)})


def superuser(of: Desired) -> str:
    return next(each.objects.superuser for each in of.services if each.name == "postgres")


def test_a_new_stack_has_one(tmp_path: Path) -> None:
    assert superuser(desired(tmp_path)) == "postgres"


def test_a_stack_from_before_goes_on_without(tmp_path: Path) -> None:
    before = desired(tmp_path, BEFORE)
    assert superuser(before) == ""
    assert "POSTGRES_SUPERUSER_PASSWORD" not in before.secrets.values
    kept = for_volumes(before, {"groundwork_postgres_data"})
    assert superuser(kept) == ""
    assert kept.secrets.values["POSTGRES_PASSWORD"] == "old"


def test_its_next_volume_gets_one(tmp_path: Path) -> None:
    assert superuser(for_volumes(desired(tmp_path, BEFORE), ())) == "postgres"


def test_a_stack_that_has_one_keeps_it(tmp_path: Path) -> None:
    after = desired(tmp_path, BEFORE + "POSTGRES_SUPERUSER=postgres\n")
    assert superuser(after) == "postgres"
