"""A timer's files: when they have to be written or removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.host.timers import _GUARDED, reasons, timer_files


def test_the_service_starts_the_program_of_the_toolbox() -> None:
    files = timer_files(
        "/opt/x y", "groundwork-it", "state.it", "{}", "ExecStart=START\n", "[Timer]\n"
    )
    assert files["/etc/systemd/system/groundwork-it.service"] == (
        f"ExecStart=/opt/x y/venv/bin/python -I /opt/x y/it.py\n{_GUARDED}"
    )
    assert "NoNewPrivileges=yes\n" in _GUARDED
    assert "from groundwork.state.it import main" in files["/opt/x y/it.py"]
    assert files["/opt/x y/it.json"] == "{}"
    compile(files["/opt/x y/it.py"], "it.py", "exec")


@pytest.mark.parametrize(
    ("here", "wanted", "why"),
    [
        (None, "text", "is not there yet"),
        ("other", "text", "differs from the inventory"),
        ("text", "", "is still there"),
        ("text", "text", ""),
        (None, "", ""),
    ],
)
def test_each_file_is_compared(tmp_path: Path, here: str | None, wanted: str, why: str) -> None:
    path = tmp_path / "file"
    if here is not None:
        path.write_text(here)
    assert reasons({str(path): wanted}) == ([f"{path} {why}"] if why else [])
    assert reasons({}) == []
