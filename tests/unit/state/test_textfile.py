"""The timer's program: a whole file or the old one, for everybody to read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.host import monitoring_files
from ansible.module_utils.groundwork.state.textfile import main
from exposition import read
from stack_params import params

CORE = Path(__file__).resolve().parents[3] / "library" / "module_utils" / "groundwork"


def settings(tmp_path: Path) -> dict[str, object]:
    given = params(str(tmp_path))
    return {
        "params": {name: given[name] for name in ("stack_name", "services", "workspace_dir",
                                                  "stack_dir", "compose", "sources", "docker_cli")},
        "log": str(tmp_path / "runs.jsonl"),
        "output": str(tmp_path / "groundwork.prom"),
    }  # fmt: skip


def test_it_writes_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_text('{"run": "1", "at": "2026-09-21 13:13:00"}\n')
    assert main(json.dumps(settings(tmp_path))) == 0
    file = tmp_path / "groundwork.prom"
    found = {name: value for (name, _), value in read(file.read_text("utf-8")).items()}
    assert found["groundwork_last_run_timestamp_seconds"] == 1_789_996_380
    assert "groundwork_last_success_timestamp_seconds" not in found  # it was interrupted
    assert file.stat().st_mode & 0o777 == 0o644
    assert {path.name for path in tmp_path.iterdir()} == {"groundwork.prom", "runs.jsonl"}


def test_where_it_fails_the_old_file_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = settings(tmp_path)
    (tmp_path / "groundwork.prom").write_text("old\n")
    wrong = {"params": {"stack_name": "Not a name"}}
    assert main(json.dumps(given | wrong | {"params": given["params"] | wrong["params"]})) == 1
    assert "No metrics were written: " in capsys.readouterr().err
    assert (tmp_path / "groundwork.prom").read_text() == "old\n"


def test_it_starts_from_the_newest_complete_toolbox(tmp_path: Path) -> None:
    home = tmp_path / "opt"
    for name in ("sent-old", "sent-new"):
        (home / name).mkdir(parents=True)
    (home / "sent-new" / "groundwork").symlink_to(CORE)
    asked = {"toolbox_dir": str(home), "sent_dir": str(home / "sent-new"), "interval": 1}
    asked |= {"enabled": True, "textfile_dir": str(tmp_path), **settings(tmp_path)}
    asked["params"] = {**settings(tmp_path)["params"], "build_dir": f"{home}/sent-new/images"}
    files = monitoring_files(asked)
    for path in (home / "metrics.py", home / "metrics.json"):
        path.write_text(files[str(path)], encoding="utf-8")
    start = [sys.executable, "-I", str(home / "metrics.py")]
    nothing = subprocess.run(start, capture_output=True, text=True, check=False)
    assert (nothing.returncode, "There is no toolbox here." in nothing.stderr) == (1, True)
    (home / "sent-new" / "ready").touch()
    subprocess.run(start, check=True)
    assert read((tmp_path / "groundwork.prom").read_text("utf-8"))
    assert "@sent@/images" in files[str(home / "metrics.json")]
