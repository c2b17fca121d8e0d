"""tools/as_user.py: what an ordinary user gets of root's."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import as_user
import pytest


def test_roots_own_variables_stay_with_root(monkeypatch: pytest.MonkeyPatch) -> None:
    home = pwd.getpwuid(0).pw_dir
    given = {
        "HOME": home,
        "PATH": f"{home}/bin:/usr/bin:/usr/sbin:/sbin",
        "TMPDIR": "/somewhere",
        "XDG_STATE_HOME": "/elsewhere",
        "PIP_CACHE_DIR": f"{home}/.cache/pip",
        "HTTPS_PROXY": "http://proxy.test",
        "GROUNDWORK_TEST_SLOT": "3",
    }
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    me = pwd.getpwuid(os.getuid())
    assert as_user.environment(me) == {
        "PATH": "/usr/bin",
        "HTTPS_PROXY": "http://proxy.test",
        "GROUNDWORK_TEST_SLOT": "3",
        "HOME": me.pw_dir,
        "USER": me.pw_name,
        "LOGNAME": me.pw_name,
        "SHELL": me.pw_shell,
    }


def test_a_script_runs_with_another_python_in_a_directory_with_a_space(tmp_path: Path) -> None:
    directory = tmp_path / "check out"
    directory.mkdir()
    (directory / "python").symlink_to(sys.executable)
    script = directory / "hello"
    script.write_text("#!/gone/python\nimport sys\nprint(sys.argv[1])\n")
    script.chmod(0o755)
    for _ in range(2):  # and one that has that head already
        as_user.point_to(script, directory / "python")
        shown = subprocess.run([script, "well"], capture_output=True, text=True).stdout
        assert shown == "well\n"


def test_a_file_that_only_root_may_read_is_copied_readable(tmp_path: Path) -> None:
    for name, mode in {"open": 0o644, "closed": 0o600}.items():
        source, target = tmp_path / name, tmp_path / f"{name} copy"
        source.write_text(name)
        source.chmod(mode)
        as_user.link(str(source), str(target))
        assert target.read_text() == name
        assert target.stat().st_mode & 0o777 == 0o644
        assert source.stat().st_mode & 0o777 == mode
