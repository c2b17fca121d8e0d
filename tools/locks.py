"""The requirements files: resolve them, or say on which machines their wheels are missing.

`tools/lock` resolves each requirements*.in into a hashed requirements*.txt without index addresses.
`tools/lock wheels` reads the two sets of this project and prints where what has no wheel.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import install
import tomllib
from packaging import tags
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
SETS = {"runs": ("requirements.txt",), "tests": ("requirements.txt", "requirements-dev.txt")}
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
# The oldest systems that are looked at: RHEL 8's C library (Debian 12 and Ubuntu 22.04 are newer),
# and a macOS that still gets security updates
GLIBC = (2, 28)
MACOS = (14, 0)


@dataclass(frozen=True)
class Machine:
    """A kind of machine that Groundwork may be set up on."""

    system: str  # Linux or Darwin
    architecture: str  # as `uname -m` says it

    @property
    def name(self) -> str:
        """As the table says it."""
        return f"{'macOS' if self.system == 'Darwin' else 'Linux'} {self.architecture}"

    def tags(self, python: tuple[int, int]) -> set[tags.Tag]:
        """What a wheel may be marked with to be of use here."""
        platforms = list(self._platforms())
        own = tags.cpython_tags(python, platforms=platforms, abis=[f"cp{python[0]}{python[1]}"])
        return {*own, *tags.compatible_tags(python, f"cp{python[0]}{python[1]}", platforms)}

    def _platforms(self) -> Iterator[str]:
        if self.system == "Darwin":
            yield from tags.mac_platforms(MACOS, self.architecture)
            return
        older = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
        for minor in range(GLIBC[1], 4, -1):
            yield f"manylinux_{GLIBC[0]}_{minor}_{self.architecture}"
            if minor in older:
                yield f"{older[minor]}_{self.architecture}"
        yield f"linux_{self.architecture}"

    def environment(self, python: tuple[int, int]) -> dict[str, str]:
        """What a requirement's conditions are asked of."""
        return {
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "os_name": "posix",
            "sys_platform": self.system.lower(),
            "platform_system": self.system,
            "platform_machine": self.architecture,
            "python_version": f"{python[0]}.{python[1]}",
            "python_full_version": f"{python[0]}.{python[1]}.0",
            "extra": "",
        }


MACHINES = (
    Machine("Linux", "x86_64"),
    Machine("Linux", "aarch64"),
    Machine("Darwin", "x86_64"),
    Machine("Darwin", "arm64"),
)


def main() -> int:
    """Resolve, or print the table. Returns 1 where a set can't be installed somewhere."""
    parser = argparse.ArgumentParser(description=__doc__, prog="tools/lock")
    parser.add_argument("what", nargs="?", choices=["resolve", "wheels"], default="resolve")
    if not UV.exists():
        print(f"{UV} is missing: the set-up could not get uv.")
        print("Next: run `tools/venv`, which says why.")
        return 1
    if parser.parse_args().what == "resolve":
        resolve_all()
        return 0
    lacks = {name: missing(read(files)) for name, files in SETS.items()}
    print(table(lacks))
    return int(any(lacks["runs"].values()))


def resolve_all() -> None:
    """Each requirements*.in, those that bind others first."""
    resolve(ROOT, "requirements")
    resolve(ROOT, "requirements-dev")
    resolve(ROOT / "tools", "requirements-uv")
    for path in sorted((ROOT / "images").glob("*/requirements.in")):
        recipe = json.loads((path.parent / "image.json").read_text(encoding="utf-8"))
        resolve(path.parent, "requirements", "--python-version", recipe["wheels"]["python"])
    # On a target, which runs Linux: the project's own versions; with Ubuntu 22.04's Python, what
    # runs there
    target = ROOT / "roles" / "toolbox" / "files"
    linux = ("--generate-hashes", "--python-platform", "linux", "--python-version")
    ours = ("-o", "requirements.txt", "-c", "../../../requirements.txt")
    uv_compile(target, "requirements.in", *ours, *linux, "3.11")
    uv_compile(target, "requirements.in", "-o", "requirements-3.10.txt", *linux, "3.10")


def resolve(directory: Path, name: str, *options: str) -> None:
    """One file for every machine, in the versions that it has so far where they still fit."""
    if "--python-version" not in options:
        options = (*options, "--python-version", "3.11")
    uv_compile(
        directory, f"{name}.in", "-o", f"{name}.txt", "--universal", "--generate-hashes", *options
    )


def uv_compile(directory: Path, *words: str) -> str:
    """`uv pip compile`, from the files' directory: relative names stand in the comments."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    environ = dict(os.environ)
    environ |= install.uv_environment(install.pip_settings(pip), environ)
    # What directories on this machine hold would hide the indexes' wheels for other machines
    environ.pop("UV_FIND_LINKS", None)
    indexes = environ.pop("UV_INDEX", "").split()
    if far := [address for address in indexes if not address.startswith("file:")]:
        environ["UV_INDEX"] = " ".join(far)
    done = subprocess.run(
        [str(UV), "pip", "compile", "--quiet", "--no-header", "--no-emit-index-url", *words],
        cwd=directory, env=environ, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit("The requirements could not be resolved; uv says why above.")
    return done.stdout


def read(files: Sequence[str]) -> list[dict[str, Any]]:
    """The packages of locked files with all of their wheels' names, as the index has them."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        text = uv_compile(
            ROOT, file, "--universal", "--no-deps", "--format", "pylock.toml",
            "--python-version", "3.11",
        )  # fmt: skip
        for package in tomllib.loads(text)["packages"]:
            found.setdefault(package["name"], package)
    return list(found.values())


def missing(packages: Iterable[dict[str, Any]]) -> dict[tuple[tuple[int, int], Machine], list[str]]:
    """For each Python and machine, the packages that it needs and that have no wheel for it."""
    packages = list(packages)
    return {
        (python, machine): [
            package["name"]
            for package in packages
            if needed(package, python, machine) and not has_wheel(package, python, machine)
        ]
        for python in PYTHONS
        for machine in MACHINES
    }


def needed(package: dict[str, Any], python: tuple[int, int], machine: Machine) -> bool:
    """Whether the package's condition holds there."""
    condition = package.get("marker")
    return not condition or Marker(condition).evaluate(machine.environment(python))


def has_wheel(package: dict[str, Any], python: tuple[int, int], machine: Machine) -> bool:
    """Whether one of its wheels can be installed there."""
    if not SpecifierSet(package.get("requires-python", "")).contains(f"{python[0]}.{python[1]}"):
        return False
    usable = machine.tags(python)
    return any(
        parse_wheel_filename(unquote(wheel.get("name") or wheel["url"].rsplit("/", 1)[1]))[3]
        & usable
        for wheel in package.get("wheels", [])
    )


def table(lacks: dict[str, dict[tuple[tuple[int, int], Machine], list[str]]]) -> str:
    """The result as docs/testing.md shows it."""
    rows = [
        "| Python | " + " | ".join(machine.name for machine in MACHINES) + " |",
        "|---" * (len(MACHINES) + 1) + "|",
    ]
    for python in PYTHONS:
        cells = [cell(lacks["runs"][python, m], lacks["tests"][python, m]) for m in MACHINES]
        rows.append(f"| {python[0]}.{python[1]} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def cell(runs: Sequence[str], tests: Sequence[str]) -> str:
    """What works on one machine with one Python."""
    if runs:
        return f"needs {', '.join(runs)}"
    return f"runs; tests need {', '.join(tests)}" if tests else "runs, tests"


if __name__ == "__main__":
    sys.exit(main())
