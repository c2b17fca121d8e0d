"""A run whose lock was taken over stops, and says why."""

from __future__ import annotations

import importlib.util
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.groundwork.locking import TAKEN_OVER

PLUGIN = Path(__file__).resolve().parents[3] / "library" / "callback" / "run_report.py"


@pytest.fixture
def report() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("run_report", PLUGIN)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    before = signal.getsignal(TAKEN_OVER)
    callback = module.CallbackModule()
    callback.v2_playbook_on_start(SimpleNamespace(_file_name="staging.yml"))
    yield callback
    signal.signal(TAKEN_OVER, before)


def test_a_run_is_told_whose_lock_it_lost(report: Any, tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "kept").touch()
    report._heartbeats = {"vm1": tmp_path / "kept", "vm2": tmp_path / "lost"}
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(TAKEN_OVER)
    said = capfd.readouterr().err
    assert "The lock of vm2 was lost: " in said
    assert "Next: see with playbooks/status.yml whose that is; run again when it is done." in said


def test_its_outcome_is_said_once_at_its_end(report: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("ansible.module_utils.groundwork.locking.heartbeat.wait", lambda *_: True)
    (tmp_path / "told").touch()
    report._heartbeats = {"vm1": tmp_path / "told", "vm2": tmp_path / "gone"}
    report._facts.hosts.clear()
    report.v2_playbook_on_stats(None)
    said = json.loads((tmp_path / "told").read_text())
    assert said.pop("seconds") >= 0
    nothing = {"stopped": "", "why": [], "changed": [], "schema": {}, "trees": {}}
    assert said == {"result": "ok", **nothing}
    assert not (tmp_path / "gone").exists(), "its lock was lost"
