"""Backups with a real restic and real servers: made, proven, damaged, killed, and put back."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.data import backup, backup_program
from ansible.module_utils.groundwork.data.backup import BackupPlace
from ansible.module_utils.groundwork.data.model import Source
from ansible.module_utils.groundwork.data.postgres_comparison import differences
from ansible.module_utils.groundwork.data.postgres_dump import read_facts
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.docker.jobs import LABEL
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import backup_notes
from ansible.module_utils.groundwork.host.backup_notes import BackupNote

from .killed import jobs, trial
from .killed_backups import Backups, backup_settings, run_backup
from .stack import Stack, docker, new_stack

pytestmark = pytest.mark.skipif(not shutil.which("restic"), reason="restic isn't installed")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A PostgreSQL with all sorts of things in it."""
    stack = new_stack(tmp_path_factory.mktemp("backup") / "work space", "groundwork-backup", 17100)
    services = {"postgres": stack.services["postgres"]}
    services["postgres"] |= {"databases": {"reports": None}}
    stack.variables |= {"stack_services": services, "env_files_apps": {}}
    stack.up()
    content = Path(__file__).with_name("backup_content.sql")
    psql(stack, content.read_text(encoding="utf-8"))
    yield stack
    stack.destroy()


@pytest.fixture
def settings(stack: Stack, tmp_path: Path) -> dict[str, Any]:
    return backup_settings(stack, tmp_path)


def psql(stack: Stack, script: str) -> None:
    command = ["docker", "exec", "-i", container(stack), "psql", "-Xq", "-U", "postgres", "app"]
    subprocess.run(command, input=script, text=True, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)  # fmt: skip


def container(stack: Stack) -> str:
    return str(stack.containers()["postgres"]["Id"])


def made(settings: dict[str, Any]) -> tuple[BackupPlace, list[Source], BackupNote, list[str]]:
    place, sources = backup_program.set_up(settings)
    said: list[str] = []
    note = backup.make(place, sources, said.append)
    return place, sources, note, said


def test_a_backup_is_proven_and_put_back_with_today_s_passwords(
    stack: Stack, settings: dict[str, Any]
) -> None:
    place, sources, note, said = made(settings)
    assert note.proven, note.why
    assert f"backup {note.id[:8]} is proven" in said
    assert [each.verdict for each in backup.listed(place)] == ["proven"]
    assert jobs(stack) == []
    before = read_facts(place.docker, container(stack), "postgres")
    assert before["databases"]["app"]["invalid_indexes"] == ["public.bad"]

    volume = f"{stack.project}_filled"
    docker("volume", "create", volume)
    try:
        today = {**sources[0].secrets, "POSTGRES_PASSWORD": "today-s-word-1"}
        with backup.opened(place, sources, "latest") as (manifest, directory):
            fill = backup.from_backup(manifest, directory)
            fill(replace(sources[0], secrets=today), {"postgres": volume})
            kept = (directory / "infra.env").read_text()
            assert kept == stack.env_file.read_text()
            shown = (directory / "manifest.json").read_text()
        assert not [name for name, value in stack.secrets().items() if value in shown]
        check_served(sources[0].image, volume, before)
    finally:
        docker("volume", "rm", volume)


def check_served(image: str, volume: str, before: dict[str, Any]) -> None:
    """A server on a filled volume has what was there, and lets in by the passwords."""
    mount = f"type=volume,source={volume},target=/var/lib/postgresql/data"
    name = docker("run", "-d", "--network", "none", "--mount", mount, image).strip()
    try:
        while subprocess.run(["docker", "exec", name, "pg_isready", "-qh", "127.0.0.1"]).returncode:
            time.sleep(0.1)
        client = ["docker", "exec", "-e", "PGPASSWORD", name, "psql", "-XAtqh", "127.0.0.1"]
        found = read_facts(Docker(), name, "postgres")
        changed = differences(before, found)
        # They have today's passwords, each with a salt of its own
        assert changed == ["the role app differs", "the role postgres differs"]
        assert "invalid_indexes" not in found["databases"]["app"]
        words = {"app": ("today-s-word-1", 0), "reporter": ("reporter-word-1", 0)}
        for role, (word, code) in {**words, "team": ("x", 2)}.items():
            done = subprocess.run(
                [*client, "-U", role, "-c", "SELECT count(*) FROM v", "app"],
                env=os.environ | {"PGPASSWORD": word},
                capture_output=True,
            )
            assert done.returncode == code, done.stderr
    finally:
        docker("rm", "-f", "-v", name)


def test_writes_meanwhile_are_in_neither_the_facts_nor_the_dump(
    stack: Stack, settings: dict[str, Any]
) -> None:
    loop = """DO $$ BEGIN FOR i IN 1..1000000 LOOP INSERT INTO t VALUES (i, NULL); COMMIT;
        PERFORM pg_sleep(0.002); END LOOP; END $$"""
    process = subprocess.Popen(
        [*["docker", "exec"], container(stack), *["psql", "-XqU", "postgres", "app", "-c"], loop],
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(0.5)
        *_, note, _ = made(settings)
        assert process.poll() is None, "the writes ended before the backup did"
        assert note.proven, note.why
    finally:
        others = "FROM pg_stat_activity WHERE query LIKE 'DO %' AND pid <> pg_backend_pid()"
        psql(stack, f"SELECT pg_terminate_backend(pid) {others}")
        process.wait(30)


def test_damage_is_refused_by_name(settings: dict[str, Any], tmp_path: Path) -> None:
    place, sources, note, _ = made(settings)
    assert note.proven

    # A dump that was cut short, and recorded like that
    torn = tmp_path / "torn"
    with backup.opened(place, sources, "latest") as (manifest, directory):
        shutil.copytree(directory, torn)
    name = manifest.services["postgres"].details["databases"]["app"]
    file = torn / "postgres" / name
    os.truncate(file, file.stat().st_size - 20_000)
    place.repository.add(torn)
    assert "isn't what was copied" in backup.verify(place, sources, "latest").why
    text = (torn / "manifest.json").read_text()
    digest = subprocess.run(["sha256sum", file], capture_output=True, text=True).stdout.split()[0]
    text = text.replace(manifest.services["postgres"].files[name], digest)
    (torn / "manifest.json").write_text(text)
    place.repository.add(torn)
    assert "pg_restore: error" in backup.verify(place, sources, "latest").why
    verdicts = [each.verdict.split(":")[0] for each in backup.listed(place)]
    assert verdicts == ["not proven", "not proven", "proven"]
    state = backup_notes.state(place.directory, backup._now())
    assert state.made == note.made
    assert "pg_restore" in state.failed

    with pytest.raises(GroundworkError, match="There is no backup ffffffff"):
        backup.verify(place, sources, "ffffffff")
    wrong = tmp_path / "wrong"
    wrong.write_text("another\n")
    other = replace(place, repository=replace(place.repository, password_file=wrong))
    with pytest.raises(GroundworkError, match="made with another password"):
        backup.verify(other, sources, "latest")

    pack = max(Path(settings["repository"], "data").rglob("*"), key=lambda p: p.stat().st_size)
    pack.chmod(0o600)
    with pack.open("r+b") as opened:
        opened.seek(pack.stat().st_size // 2)
        opened.write(b"0123456789abcdef")
    spoilt = backup.verify(place, sources, note.id[:8])
    assert not spoilt.proven
    assert "repository is damaged" in spoilt.why
    with pytest.raises(GroundworkError, match="damaged"):
        place.repository.check(1, 1)


def test_it_shows_no_secret(stack: Stack, settings: dict[str, Any]) -> None:
    first = run_backup(settings)
    seen, described = watched_until_done(first, stack)
    output = first.stdout.read() if first.stdout else ""
    assert first.returncode == 0, output
    secrets = {**stack.secrets(), "key": Path(settings["password_file"]).read_text().strip()}
    assert "pg_restore" in seen
    for name, value in secrets.items():
        assert value not in seen, f"the process table shows {name}"
        assert value not in described, f"docker inspect shows {name}"
        assert value not in output


def test_killed_ones_change_nothing_and_what_is_listed_is_proven(
    stack: Stack, settings: dict[str, Any]
) -> None:
    trial(Backups(stack, settings), 5, random.Random(7))


def watched_until_done(process: subprocess.Popen[str], stack: Stack) -> tuple[str, str]:
    """Every command line that could be seen meanwhile, and how docker describes its containers."""
    seen: set[bytes] = set()
    described: dict[str, str] = {}
    while process.poll() is None:
        form = f'{{{{.ID}}}} {{{{.Label "{LABEL}"}}}}'
        for line in docker("ps", "-a", "--format", form).splitlines():
            container, _, label = line.partition(" ")
            if label.split(".")[0] == stack.project and container not in described:
                asked = ["docker", "inspect", container]
                done = subprocess.run(asked, capture_output=True, text=True, check=False)
                described[container] = done.stdout  # empty where it is gone already
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes())
            except OSError:
                continue
        time.sleep(0.02)
    assert any(described.values())
    return b"\n".join(seen).decode(errors="replace"), "".join(described.values())
