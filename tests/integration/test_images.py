"""Images on the real engine: loading archives, a registry out of reach, what builds leave."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import archive as image_archive
from ansible.module_utils.groundwork.images import formats, recipes, save
from ansible.module_utils.groundwork.images.build import Builder
from ansible.module_utils.groundwork.images.fetch import BuildError
from ansible.module_utils.groundwork.images.recipes import Recipe
from ansible.module_utils.groundwork.images.resolve import Outcome, Wanted, resolve_all
from ansible.module_utils.groundwork.images.sources import Setup
from ansible.module_utils.groundwork.services import SERVICE_TYPES
from references import BAD, GOOD, IDENTITY

DOCKER = Docker()
BUILD_DIR = Path(__file__).resolve().parents[2] / "images"


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[str]:
    """A tiny image of its own name; it is gone afterwards."""
    reference = f"groundwork-test/tiny-{uuid.uuid4().hex[:8]}:1"
    tarball = tmp_path / "tiny-root.tar"
    with tarfile.open(tarball, "w") as archive:
        info = tarfile.TarInfo("hello")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
    assert DOCKER.run("import", str(tarball), reference).ok
    yield reference
    DOCKER.run("rmi", "--force", reference)


def one(setup: Setup, reference: str) -> Outcome:
    wanted = Wanted("redis", reference)
    return resolve_all([wanted], setup.ask())[wanted]


def archived(reference: str, directory: Path) -> Path:
    """The image in an archive, and no longer on the engine."""
    directory.mkdir()
    path = directory / image_archive.file_name(reference)
    assert DOCKER.run("save", "--output", str(path), reference).ok
    assert DOCKER.run("rmi", reference).ok
    return path


def test_images_are_saved_once_whole_and_with_their_digests(tiny: str, tmp_path: Path) -> None:
    directory = tmp_path / "archives of ours"
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    save.save(DOCKER, [tiny], directory)
    assert save.missing(DOCKER, [tiny], directory) == []
    path = directory / image_archive.file_name(tiny)
    assert sorted(directory.iterdir()) == sorted([directory / image_archive.SUMS, path])
    image_archive.check_digest(path)
    (directory / image_archive.SUMS).unlink()
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    save.save(DOCKER, [tiny], directory)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    save.save(DOCKER, [tiny], directory)
    # The same name, another image
    assert DOCKER.run("build", "--tag", tiny, "-", stdin=f"FROM {tiny}\nLABEL other=1\n").ok
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    with pytest.raises(GroundworkError, match="no image groundwork-test/none:1 to save"):
        save.missing(DOCKER, [tiny, "groundwork-test/none:1"], directory)
    save.save(DOCKER, [tiny], directory)
    assert DOCKER.run("rmi", "--force", tiny).ok
    setup = Setup(DOCKER, sources=["archive"], archive_dir=directory)
    assert one(setup, tiny).source == "archive"


def test_an_archive_brings_its_image_back_and_then_it_is_present(tiny: str, tmp_path: Path) -> None:
    image = DOCKER.inspect("image", [tiny])[tiny]
    before = image["Id"]
    directory = tmp_path / "archives of ours"
    path = archived(tiny, directory)
    assert image_archive.read(path)[tiny].architecture == image["Architecture"]
    with path.open("rb") as stream:
        line = f"{image_archive.digest(stream)}  {path.name}\n"
    (directory / image_archive.SUMS).write_text(line, encoding="utf-8")
    setup = Setup(DOCKER, sources=["present", "archive"], archive_dir=directory)
    dry = Setup(DOCKER, sources=["present", "archive"], archive_dir=directory, dry=True)

    assert one(dry, tiny).source == "archive"
    assert DOCKER.inspect("image", [tiny]) == {}, "check mode loaded something"
    assert one(setup, tiny).source == "archive"
    assert DOCKER.inspect("image", [tiny])[tiny]["Id"] == before
    again = one(setup, tiny)
    assert (again.source, again.used) == ("present", tiny)


def test_a_truncated_archive_is_refused_before_the_engine_sees_it(
    tiny: str, tmp_path: Path
) -> None:
    path = archived(tiny, tmp_path / "archives")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    outcome = one(Setup(DOCKER, sources=["archive"], archive_dir=path.parent), tiny)
    assert outcome.source == ""
    assert str(path) in outcome.tried[0][1].why
    assert DOCKER.inspect("image", [tiny]) == {}


def test_a_registry_out_of_reach_says_so_at_once() -> None:
    setup = Setup(DOCKER, sources=["registry"])
    started = time.monotonic()
    # Port 1 of the engine's own host: nothing listens there
    outcome = one(setup, f"127.0.0.1:1/groundwork-test/none-{uuid.uuid4().hex[:8]}:1")
    assert "no registry in reach" in outcome.tried[0][1].why
    assert time.monotonic() - started < 60, "people would wait for it"


def test_docker_takes_and_refuses_the_names_that_we_do() -> None:
    def looked_for(reference: str) -> str:
        return DOCKER.run("image", "inspect", "--", reference).error.lower()

    def used(reference: str) -> str:  # a look isn't as strict with them as a use is
        return DOCKER.run("create", "--pull", "never", "--", reference).error.lower()

    with ThreadPoolExecutor(4) as pool:
        taken, refused = list(pool.map(looked_for, GOOD)), list(pool.map(used, BAD))
    for reference, words in zip(GOOD, taken, strict=True):
        assert not words or "no such image" in words, (reference, words)
    for reference, words in zip(BAD, refused, strict=True):
        assert words and "no such image" not in words, (reference, words)
    assert f"no such image: sha256:{IDENTITY}" in used(IDENTITY)


def small_recipe(directory: Path, reference: str, base: str, dockerfile: str) -> Recipe:
    """A recipe on a base that is on the engine already, so that no network is needed."""
    directory.mkdir()
    (directory / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    return Recipe("small", directory, reference, recipes.digest(directory, base))


def test_a_build_carries_its_labels_and_leaves_no_work_behind(tiny: str, tmp_path: Path) -> None:
    cache = tmp_path / "a cache"
    (cache / "work").mkdir(parents=True)
    (cache / "work" / "left-by-a-killed-run").write_text("x", encoding="utf-8")
    reference = tiny.replace("tiny", "built")
    recipe = small_recipe(tmp_path / "a recipe", reference, "", f"FROM {tiny}\nLABEL a=b\n")
    try:
        assert Builder(DOCKER, cache).build([recipe]) == {"small": None}
        found = DOCKER.inspect("image", [reference])[reference]["Config"]["Labels"]
        assert found["groundwork.inputs"] == recipe.inputs
        assert found["org.opencontainers.image.version"] == "1"
        assert not (cache / "work").exists()
    finally:
        DOCKER.run("rmi", "--force", reference)


def test_a_failing_build_shows_its_last_lines(tiny: str, tmp_path: Path) -> None:
    dockerfile = f"FROM {tiny}\nCOPY nothing-of-that-name /\n"
    recipe = small_recipe(tmp_path / "recipe", tiny.replace("tiny", "built"), "", dockerfile)
    error = Builder(DOCKER, tmp_path / "cache").build([recipe])["small"]
    assert isinstance(error, BuildError)
    assert str(recipe.directory) in str(error)
    assert any("nothing-of-that-name" in line for line in error.lines)
    assert 0 < len(error.lines) <= 15
    assert not (tmp_path / "cache" / "work").exists()


@pytest.mark.parametrize("kind", sorted(recipes.references(BUILD_DIR)))
def test_what_was_built_here_says_what_it_is(kind: str) -> None:
    recipe = recipes.recipe(BUILD_DIR, kind)
    found = DOCKER.inspect("image", [recipe.reference]).get(recipe.reference)
    if found is None:
        pytest.skip(f"{recipe.reference} was not built on this machine")
    labels = found["Config"]["Labels"]
    assert labels["groundwork.libc"] == "glibc"
    assert labels["org.opencontainers.image.version"] == recipe.reference.rpartition(":")[2]
    assert len(labels["groundwork.inputs"]) == 64
    history = DOCKER.run("history", "--no-trunc", "--format", "{{json .}}", recipe.reference)
    commands = " ".join(json.loads(line)["CreatedBy"] for line in history.stdout.splitlines())
    assert "proxy" not in commands.lower()


# What an image without our labels says of itself

BASES = {
    "postgres": recipes.references(BUILD_DIR)["postgres"],
    "debian": recipes.recipe(BUILD_DIR, "base").reference,
    "nothing": "",
}
WITHOUT_LABELS = 'LABEL groundwork.major="" groundwork.libc=""\n'


def wrapped(loader: str) -> str:
    """A line that puts a program there which says that it is PostgreSQL 17, with such a loader."""
    lines = ["#!/bin/sh", f"# {loader}", 'echo "postgres (PostgreSQL) 17.2"']
    wrapper = " ".join(f"'{line}'" for line in lines)
    program = "/usr/local/bin/postgres"
    return f"RUN printf '%s\\n' {wrapper} >{program} && chmod 755 {program}"


@pytest.mark.parametrize(
    ("base", "line", "storage_format"),
    [
        # The server knows better than a variable
        ("postgres", "ENV PG_MAJOR=15", "postgres-16-glibc"),
        # The C library that the server is linked to, and not another one that is there as well
        ("debian", wrapped("/lib/ld-musl-x86_64.so.1"), "postgres-17-musl"),
        # A server that is a wrapper: the C library that is there
        ("debian", wrapped("nothing"), "postgres-17-glibc"),
        # No shell in it
        ("nothing", "ENV PG_MAJOR=16", "postgres-16-unknown"),
    ],
)
def test_an_image_without_labels_is_asked_for_its_storage_format(
    base: str, line: str, storage_format: str, tiny: str
) -> None:
    source = BASES[base] or tiny
    if not DOCKER.inspect("image", [source]):
        pytest.skip(f"{source} was not built on this machine")
    name = tiny.replace("tiny", "unlabelled")
    dockerfile = f"FROM {source}\n{line}\n{WITHOUT_LABELS}"
    built = DOCKER.run("build", "--tag", name, "-", stdin=dockerfile)
    assert built.ok, built.error
    try:
        inspected = DOCKER.inspect("image", [name])[name]
        assert formats.ask(DOCKER, name, inspected, SERVICE_TYPES["postgres"]) == storage_format
    finally:
        DOCKER.run("rmi", name)


# The entry point of the built PostgreSQL, with the capabilities that the stack gives it

CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
POSTGRES = recipes.references(BUILD_DIR)["postgres"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """A name, and the `docker` arguments of a PostgreSQL on a volume of that name."""
    if not DOCKER.inspect("image", [POSTGRES]):
        pytest.skip(f"{POSTGRES} was not built on this machine")
    name = f"imgtest-{uuid.uuid4().hex[:8]}"
    password = tmp_path / "password"
    password.write_text("pass word'\"$", encoding="utf-8")
    password.chmod(0o600)
    yield (
        name,
        [
            *("run", "--detach", "--name", name, "--cap-drop=ALL"),
            *(f"--cap-add={capability}" for capability in CAPABILITIES),
            *("--security-opt=no-new-privileges:true", "--env=POSTGRES_USER=app"),
            "--env=POSTGRES_PASSWORD_FILE=/run/secrets/password",
            f"--volume={password}:/run/secrets/password:ro",
            f"--volume={name}:/var/lib/postgresql/data",
            POSTGRES,
        ],
    )
    DOCKER.run("rm", "--force", "--volumes", name)
    DOCKER.run("volume", "rm", "--force", name)


def query(name: str, sql: str) -> str:
    """What a login over TCP answers, with some patience; the last error where none works."""
    deadline, answer = time.monotonic() + 60, ""
    while time.monotonic() < deadline:
        done = subprocess.run(
            [
                *("docker", "exec", "--env=PGPASSWORD=pass word'\"$", name),
                *("psql", "-h", "127.0.0.1", "-U", "app", "-d", "app", "-Atc", sql),
            ],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        answer = (done.stdout or done.stderr).strip()
        if done.returncode == 0:
            return answer
        time.sleep(0.3)
    return answer


@pytest.mark.parametrize("moment", ["performing post-bootstrap", "Success. You can now start"])
def test_an_init_that_was_killed_is_begun_anew(server: tuple[str, list[str]], moment: str) -> None:
    name, arguments = server
    assert DOCKER.run(*arguments).ok
    deadline = time.monotonic() + 60
    while moment not in DOCKER.run("logs", name).stdout and time.monotonic() < deadline:
        time.sleep(0.02)
    assert DOCKER.run("kill", "--signal=KILL", name).ok
    assert DOCKER.run("start", name).ok
    assert query(name, "SHOW data_checksums") == "on"
    assert "an earlier init was interrupted" in DOCKER.run("logs", name).stdout
    inside = DOCKER.run("exec", name, "ls", "-A", "/var/lib/postgresql/data").stdout.split()
    assert "PG_VERSION" in inside
    assert ".groundwork-init" not in inside


def test_data_survive_a_kill_and_the_server_has_no_password_in_its_environment(
    server: tuple[str, list[str]],
) -> None:
    name, arguments = server
    assert DOCKER.run(*arguments).ok
    query(name, "CREATE TABLE kept AS SELECT 7 AS x")
    assert DOCKER.run("kill", "--signal=KILL", name).ok
    assert DOCKER.run("start", name).ok
    assert query(name, "SELECT x FROM kept") == "7"
    environment = DOCKER.run("exec", "--user=postgres", name, "cat", "/proc/1/environ")
    assert environment.ok
    assert "pass word" not in environment.stdout
    assert "pass word" not in DOCKER.run("inspect", name).stdout


def test_files_of_somebody_else_are_left_alone(server: tuple[str, list[str]]) -> None:
    name, arguments = server
    put = ("run", "--rm", "--entrypoint=sh", f"--volume={name}:/volume", POSTGRES)
    assert DOCKER.run(*put, "-c", "echo precious > /volume/mine").ok
    assert DOCKER.run(*arguments).ok
    assert DOCKER.run("wait", name).stdout.strip() == "1"
    assert "Nothing was touched" in DOCKER.run("logs", name).stderr
    look = DOCKER.run(*put, "-c", "cat /volume/mine; stat -c %u /volume/mine")
    assert look.stdout.split() == ["precious", "0"]
