"""The set-up of .venv: what it tells uv, and what it does where something is missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import install
import locks
import pytest

TOOLS = Path(__file__).resolve().parents[3] / "tools"


def test_pips_settings_are_read_as_pip_install_takes_them() -> None:
    found = install.parse_settings(
        "global.index-url='https://one/simple'\n"
        "global.timeout='60'\n"
        "install.index-url='https://two/simple'\n"
        "download.index-url='https://not-for-install/simple'\n"
        ":env:.timeout='5'\n"
        r"global.extra-index-url='\nhttps://a/simple\nhttps://b/simple'"
    )
    assert found == {
        "index-url": "https://two/simple",
        "timeout": "5",
        "extra-index-url": "\nhttps://a/simple\nhttps://b/simple",
    }


PIP = {
    "index-url": "https://user:word@mirror/simple",
    "extra-index-url": "\nhttps://a/simple\nhttps://b/simple",
    "trusted-host": "mirror a",
    "timeout": "60",
    "cert": "/ca.pem",
    "client-cert": "/me.pem",
    "proxy": "http://proxy:3128",
}


def test_uv_is_told_what_pip_goes_by() -> None:
    told = install.uv_environment(PIP, {})
    assert told["UV_DEFAULT_INDEX"] == PIP["index-url"]
    assert told["UV_INDEX"] == "https://a/simple https://b/simple"
    assert told["UV_INSECURE_HOST"] == "mirror a"
    assert told["UV_HTTP_TIMEOUT"] == "60"
    assert told["SSL_CERT_FILE"] == "/ca.pem"
    assert told["SSL_CLIENT_CERT"] == "/me.pem"
    assert told["HTTPS_PROXY"] == told["http_proxy"] == "http://proxy:3128"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"


@pytest.mark.parametrize("name", sorted(install.UV_INDEXES))
def test_what_a_person_told_uv_stays(name: str) -> None:
    told = install.uv_environment(PIP, {name: "https://mine/simple", "UV_HTTP_TIMEOUT": "9"})
    assert not set(told) & {*install.UV_INDEXES, "UV_HTTP_TIMEOUT"}


def test_without_settings_uv_is_told_nothing_but_whom_to_trust() -> None:
    assert set(install.uv_environment({}, {})) <= {"UV_INDEX_STRATEGY", "UV_SYSTEM_CERTS"}


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_certificates_of_a_shell_are_uvs_too(name: str) -> None:
    assert install.certificates({}, {name: "/ca.pem"}) == {"SSL_CERT_FILE": "/ca.pem"}


def test_a_directory_of_certificates_is_one(tmp_path: Path) -> None:
    assert install.certificates({"cert": str(tmp_path)}, {}) == {"SSL_CERT_DIR": str(tmp_path)}


def test_directories_with_wheels_are_addresses_and_those_that_are_gone_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "wheels, and more"
    directory.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    there = directory.as_uri()
    assert install.addresses(f"{there} file:///not/there https://a/simple /not/there") == [
        there,
        "https://a/simple",
    ]
    assert install.addresses("~") == [tmp_path.as_uri()]
    told = install.uv_environment({"find-links": f"{there} https://a/simple"}, {})
    assert told["UV_FIND_LINKS"].split(",") == [
        there.replace(",", "%2C"),
        "https://a/simple",
    ]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, in a directory with a space, and nothing that is really run."""
    root = tmp_path / "a b"
    root.mkdir()
    monkeypatch.setattr(install, "ROOT", root)
    monkeypatch.setattr(install, "VENV", root / ".venv")
    monkeypatch.setattr(install, "bundled_pip", lambda: None)
    monkeypatch.setattr(install, "PYTHON", root / ".venv/bin/python")
    monkeypatch.setattr(install, "UNFINISHED", root / ".venv/unfinished")
    monkeypatch.setattr(install, "pip_settings", lambda _: {"no-index": "true"})
    monkeypatch.setattr(install, "link_mode", lambda *_: {})
    monkeypatch.setattr(sys, "argv", ["install.py"])
    return root


def programs(monkeypatch: pytest.MonkeyPatch, code: Callable[[list[str]], int]) -> list[list[str]]:
    """Programs that end with `code(words)`; a list of those that were run."""
    ran: list[list[str]] = []

    def run(words: list[str], environ: Mapping[str, str] | None = None, quiet: bool = False) -> int:
        ran.append(words)
        return code(words)

    monkeypatch.setattr(install, "run", run)
    return ran


def test_it_makes_installs_and_stamps(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = programs(monkeypatch, lambda words: 0)
    assert install.main() == 0
    assert [words[1:3] for words in ran] == [["-m", "venv"], ["-m", "pip"], ["pip", "install"]]
    assert "--no-index" in ran[-1] and "--require-hashes" in ran[-1]
    there = {path.name for path in (place / ".venv").iterdir()}
    assert there == {"directory", "ready"}


def test_pip_is_unpacked_from_what_python_brings_and_works(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    wheel = install.bundled_pip()
    assert wheel, "this Python's venv has a pip to install"
    monkeypatch.setattr(install, "ROOT", place)
    monkeypatch.setattr(install, "VENV", place / ".venv")
    monkeypatch.setattr(install, "install", lambda requirements: None)
    monkeypatch.setattr(install, "prepare_start", lambda: None)
    install.make(dev=False)
    command = [str(place / ".venv/bin/python"), "-m", "pip", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert wheel.name.split("-")[1] in said and str(place) in said


def test_the_tests_packages_come_with_the_others(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = programs(monkeypatch, lambda words: 0)
    monkeypatch.setattr(sys, "argv", ["install.py", "--dev"])
    assert install.main() == 0
    assert [str(place / name) for name in ("requirements.txt", "requirements-dev.txt")] == [
        word for word in ran[-1] if word.endswith(".txt")
    ]
    assert (place / ".venv/ready-dev").exists()


@pytest.mark.parametrize("fails", ["fetching uv", "uv"])
def test_pip_does_it_where_uv_cant_and_says_so(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fails: str
) -> None:
    def code(words: list[str]) -> int:
        fetching = words[-1].endswith("requirements-uv.txt")
        return int(fetching if fails == "fetching uv" else words[0].endswith("/uv"))

    ran = programs(monkeypatch, code)
    assert install.main() == 0
    assert ran[-1][1:3] == ["-m", "pip"]
    assert ran[-1][-1] == str(place / "requirements.txt")
    assert "--require-hashes" in ran[-1]
    assert "pip installs the packages" in capsys.readouterr().out
    assert (place / ".venv/ready").exists()


def test_a_failure_leaves_no_stamp_and_the_next_run_begins_anew(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    programs(monkeypatch, lambda words: int("venv" not in words))
    assert install.main() == 1
    assert "Next:" in capsys.readouterr().err
    (place / ".venv/half").touch()
    assert not (place / ".venv/ready").exists()
    programs(monkeypatch, lambda words: 0)
    assert install.main() == 0
    assert not (place / ".venv/half").exists()


@pytest.mark.parametrize("cut", ["venv", "requirements-uv.txt", "requirements.txt"])
def test_an_interrupted_run_says_so_and_the_next_one_begins_anew(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cut: str
) -> None:
    def stop(words: list[str]) -> int:
        if any(word.endswith(cut) for word in words):
            raise KeyboardInterrupt
        return 0

    programs(monkeypatch, stop)
    assert install.main() == 130
    assert "Interrupted" in capsys.readouterr().err
    (place / ".venv/half").touch()
    programs(monkeypatch, lambda words: 0)
    assert install.main() == 0
    assert not (place / ".venv/half").exists()


@pytest.mark.parametrize("change", ["moved", "python", "none"])
def test_what_was_made_elsewhere_or_lost_its_python_is_made_anew(
    place: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    programs(monkeypatch, lambda words: 0)
    assert install.main() == 0
    if change == "moved":
        (place / ".venv/directory").write_text("/elsewhere\n")
    ran = programs(monkeypatch, lambda words: int("import pip" in words and change == "python"))
    (place / ".venv/kept").touch()
    assert install.main() == 0
    assert (place / ".venv/kept").exists() == (change == "none")
    assert any("venv" in words for words in ran) == (change != "none")


def wheels(*names: str) -> dict[str, Any]:
    return {"name": "x", "wheels": [{"url": f"https://host/{name}"} for name in names]}


@pytest.mark.parametrize(
    ("package", "there"),
    [
        (wheels("x-1-py3-none-any.whl"), 16),
        (wheels("x-1-cp311-abi3-manylinux_2_28_x86_64.whl"), 4),
        (wheels("x-1-cp312-cp312-manylinux2014_aarch64.whl"), 1),
        (wheels("x-1-cp311-cp311-macosx_11_0_universal2.whl"), 2),
        (wheels("x-1-cp311-abi3-manylinux_2_34_x86_64.whl"), 0),  # a newer C library
        (wheels("x-1-cp311-abi3-musllinux_1_2_x86_64.whl"), 0),
        (wheels(), 0),
        (wheels() | {"marker": "sys_platform == 'win32'"}, 16),  # needed nowhere
        (wheels() | {"marker": "python_full_version < '3.12'"}, 12),
    ],
)
def test_where_a_wheel_is_missing(package: dict[str, Any], there: int) -> None:
    lacks = locks.missing([package])
    assert len(lacks) == 16
    assert sum(not names for names in lacks.values()) == there


def test_the_table_says_what_is_missing_where() -> None:
    lacks = locks.missing([wheels("x-1-cp311-abi3-manylinux_2_28_x86_64.whl")])
    text = locks.table({"runs": locks.missing([]), "tests": lacks})
    assert "| 3.11 | runs, tests | runs; tests need x |" in text
    assert "| 3.14 | needs x | " not in text
