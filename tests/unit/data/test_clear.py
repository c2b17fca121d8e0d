"""What is left of a killed run goes, containers before the volumes that they have."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.data import clear
from ansible.module_utils.groundwork.data.restore import JOURNAL
from ansible.module_utils.groundwork.docker import CommandResult, Docker, volumes


@dataclass(frozen=True)
class Engine(Docker):
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        return CommandResult(0, "job\n" if args[0] == "ps" else "", "")

    def inspect(self, kind: str, names: Any) -> dict[str, dict[str, Any]]:
        return {name: {"Config": {"Labels": {}}} for name in names}


def removed(tmp_path: Path) -> list[tuple[str, ...]]:
    engine = Engine()
    clear(engine, "shop", tmp_path)
    return [each for each in engine.asked if "rm" in each]


def test_without_a_journal_only_containers_go(tmp_path: Path) -> None:
    assert removed(tmp_path) == [("rm", "--force", "--volumes", "job")]


def test_what_was_being_filled_goes_after_its_container(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text("shop_db_data.1\nshop_cache_data.4\n", encoding="utf-8")
    volumes.write(tmp_path, {"cache": 3})
    first, second = removed(tmp_path)
    assert first[0] == "rm"
    assert second == ("volume", "rm", "--force", "shop_db_data.1", "shop_cache_data.4")
    assert not (tmp_path / JOURNAL).exists()


def test_what_counts_already_stays(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text("shop_db_data.1\n", encoding="utf-8")
    volumes.write(tmp_path, {"db": 1})
    assert len(removed(tmp_path)) == 1
    assert not (tmp_path / JOURNAL).exists()
