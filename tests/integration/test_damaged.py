"""Copies that are damaged, and disks that are too small: playbooks refuse, and nothing is lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.data import backup, backup_program

from .clients import App
from .data_copies import Volumes
from .killed import data, jobs, play
from .killed_backups import backup_settings, run_backup
from .stack import Stack, docker, new_stack

SAVED, TODAY = ["saved"] * 3, ["today"] * 3


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All three services, with a snapshot of what they had before."""
    stack = new_stack(tmp_path_factory.mktemp("hurt") / "work space", "groundwork-damaged", 16780)
    stack.up()
    app(stack).write("saved")
    play(stack, "snapshot", snapshot="whole")
    app(stack).write("today")
    yield stack
    stack.destroy()


def app(stack: Stack) -> App:
    return App(stack.workspace / "apps/backend/.env")


@pytest.fixture
def unchanged(stack: Stack) -> Iterator[None]:
    """Afterwards all is as it was: data, containers, volumes, and nothing is left of the run."""
    before = (stack.started_at(), data(stack), (stack.infra / ".env").read_text())
    yield
    assert app(stack).read() == TODAY
    assert (stack.started_at(), data(stack), (stack.infra / ".env").read_text()) == before
    assert jobs(stack) == []
    assert stack.up().idle


@pytest.fixture
def damaged(stack: Stack) -> Iterator[Callable[[str], str]]:
    """Copies of the snapshot, each damaged by a script in it."""
    volumes = Volumes(stack.project, stack.images["qdrant"])
    made: list[str] = []

    def damage(script: str) -> str:
        name = f"hurt-{len(made)}"
        place = f"{stack.project}_snapshot_{name}"
        labels = (f"groundwork.stack={stack.project}", f"groundwork.snapshot={name}")
        docker("volume", "create", *(part for each in labels for part in ("--label", each)), place)
        made.append(place)
        mounts = ("-v", f"{stack.project}_snapshot_whole:/from:ro", "-v", f"{place}:/to")
        copy = f'cp -a /from/. /to/; sed -i "s/\\"whole\\"/\\"{name}\\"/" /to/manifest.json'
        docker("run", "--rm", *mounts, "--entrypoint", "sh", volumes.image, "-euc", copy)
        volumes.run(place, script)
        return name

    yield damage
    docker("volume", "rm", *made)


FLIP = "printf 'sixteen bytes...' | dd of=$file bs=1 seek=$at conv=notrunc 2>/dev/null"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "cd redis; head -c $(($(wc -c <dump.rdb) - 9)) dump.rdb >cut; mv cut dump.rdb",
            "The copy of redis is damaged: its files aren't those that were copied",
        ),
        (
            "cd qdrant; head -c 2000 0001.snapshot >cut; mv cut 0001.snapshot",
            "The copy of qdrant is damaged: its files aren't those that were copied",
        ),
        (
            "file=$(find postgres/data/base -type f -size +100k | sort | head -n 1); at=50000; "
            + FLIP,
            "The copy of postgres is damaged: its files aren't those that were copied",
        ),
        (
            "rm -r redis",
            "There is no whole copy of redis",
        ),
        (
            "sed -i s/postgres-16-glibc/postgres-16-musl/ manifest.json",
            "The data of postgres in the snapshot hurt-0 are postgres-16-musl",
        ),
        (
            'sed -i "s/.format.: 1/\\"format\\": 7/" manifest.json',
            "The snapshot hurt-0 has the format 7; this release knows 1",
        ),
        ("head -c 300 manifest.json >cut; mv cut manifest.json", "no snapshot 'hurt-0'"),
    ],
)
def test_a_damaged_snapshot_is_refused_by_name(
    stack: Stack, damaged: Callable[[str], str], unchanged: None, script: str, words: str
) -> None:
    said = stack.refuse(playbook="restore", snapshot=damaged(script))
    assert words in " ".join(said.split())


def test_a_backup_that_is_damaged_or_has_another_key(
    stack: Stack, unchanged: None, tmp_path: Path
) -> None:
    if not shutil.which("restic"):
        pytest.skip("restic isn't installed")
    settings = backup_settings(stack, tmp_path)
    settings["services"] = {"postgres": stack.services["postgres"]}  # the others' copies are root's
    own = {"stack_backup": written(settings, tmp_path)}
    made = run_backup(settings)
    output, _ = made.communicate(timeout=120)
    assert made.returncode == 0, output
    place, sources = backup_program.set_up(settings)

    Path(settings["password_file"]).write_text("another\n", encoding="utf-8")
    said = stack.refuse(playbook="restore", backup="latest", **own)
    assert "The backup repository was made with another password" in said
    Path(settings["password_file"]).write_text("key-of-the-repository-1\n", encoding="utf-8")

    torn = tmp_path / "torn"
    with backup.opened(place, sources, "latest") as (manifest, directory):
        shutil.copytree(directory, torn)
    name = manifest.services["postgres"].details["databases"]["app"]
    file = torn / "postgres" / name
    file.write_bytes(file.read_bytes()[:-200])
    place.repository.add(torn)
    said = stack.refuse(playbook="restore", backup="latest", **own)
    assert f"is damaged: postgres/{name} isn't what was copied" in said

    packs = [each for each in Path(settings["repository"], "data").rglob("*") if each.is_file()]
    pack = max(packs, key=lambda each: each.stat().st_size)
    pack.chmod(0o600)
    with pack.open("r+b") as opened:
        opened.seek(pack.stat().st_size // 2)
        opened.write(b"0123456789abcdef")
    whole = backup.listed(place)[-1].id
    said = stack.refuse(playbook="restore", backup=whole[:8], **own)
    assert "The backup repository is damaged" in said


def written(settings: dict[str, Any], directory: Path) -> dict[str, Any]:
    """As a shared machine's inventory has it, with the settings that the role backup writes."""
    toolbox = directory / "tool box"
    toolbox.mkdir()
    (toolbox / "backup.json").write_text(json.dumps(settings), encoding="utf-8")
    return {"enabled": False, "time": "", "key": "", "toolbox_dir": str(toolbox), "settings": {}}


SMALL = """#!/bin/sh
# docker, but that a new volume {volume} is on a disk (in memory) of {size}
case "$*" in
  "volume create "*{volume})
    shift 2
    {docker} volume create --opt type=tmpfs --opt device=tmpfs --opt o=size={size} "$@" || exit
    # It would be empty again as soon as nobody uses it
    exec {docker} run --detach --name {volume}-holder -v {volume}:/held --entrypoint sleep \\
      {image} 600 >/dev/null
    ;;
  "volume rm "*{volume}*) {docker} rm --force --volumes {volume}-holder >/dev/null ;;
esac
exec {docker} "$@"
"""


@contextmanager
def small(stack: Stack, directory: Path, volume: str, size: str) -> Iterator[None]:
    """Meanwhile that volume is made on a small disk."""
    program = directory / "bin" / "docker"
    program.parent.mkdir(exist_ok=True)
    real, image = shutil.which("docker"), stack.images["redis"]
    text = SMALL.format(docker=real, volume=volume, size=size, image=image)
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        yield
    subprocess.run(["docker", "rm", "-fv", f"{volume}-holder"], capture_output=True)
    docker("volume", "rm", "--force", volume)


def test_a_restore_whose_disk_fills_in_its_midst(stack: Stack, tmp_path: Path) -> None:
    before = stack.started_at()
    for service, size in (("postgres", "20m"), ("redis", "4k"), ("qdrant", "8k")):
        with small(stack, tmp_path, f"{stack.project}_{service}_data.1", size):
            said = stack.refuse(playbook="restore", snapshot="whole")
        assert f"{service}'s new volume" in said, said
        assert "No space left on device" in said, said
        assert app(stack).read() == TODAY
        assert stack.started_at() == before
        assert jobs(stack) == []
        assert stack.up().idle
    play(stack, "restore", snapshot="whole")
    assert app(stack).read() == SAVED
    play(stack, "restore", back=True)
    play(stack, "restore", confirm=True)
    assert app(stack).read() == TODAY


def test_a_snapshot_whose_disk_is_too_small_by_a_megabyte_or_fills(
    stack: Stack, unchanged: None, tmp_path: Path
) -> None:
    volume = f"{stack.project}_snapshot_small"

    def refused(size: str) -> int:
        with small(stack, tmp_path, volume, size):
            said = " ".join(stack.refuse(playbook="snapshot", snapshot="small").split())
        assert "There is no room for a snapshot" in said
        missing = re.search(r"([0-9]+) MB are missing", said)
        assert missing, said
        return int(missing[1])

    wanted = 100 * 2**20 + refused("100m") * 1_000_000 / 0.95  # a twentieth stays free
    assert refused(f"{int(wanted / 1024) - 1100}k") in (1, 2)
    with small(stack, tmp_path, volume, f"{int(wanted / 1024) + 3000}k"):
        play(stack, "snapshot", snapshot="small")
        play(stack, "snapshot", remove="small")
