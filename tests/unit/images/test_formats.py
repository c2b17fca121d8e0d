"""What an image says of itself, and how that is remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker.cli import CommandResult, Docker
from ansible.module_utils.groundwork.images import formats
from ansible.module_utils.groundwork.services import SERVICE_TYPES

SHA = "sha256:" + "0123456789abcdef" * 4
OFFICIAL, BUILT = "postgres:16-alpine", "groundwork/postgres:16.15"
MUSL, GLIBC = "postgres-16-musl", "postgres-16-glibc"


@pytest.mark.parametrize(
    ("kind", "labels", "env", "said", "storage_format"),
    [
        ("postgres", {}, {}, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", MUSL),
        (
            *("postgres", {}, {"PG_MAJOR": "15"}),
            *("postgres (PostgreSQL) 16.4 (Debian 16.4-1)\n/lib64/ld-linux-x86-64.so.2\n", GLIBC),
        ),
        ("postgres", {}, {"PG_MAJOR": "17"}, "/lib/ld-linux-aarch64.so.1\n", "postgres-17-glibc"),
        ("postgres", {}, {"PG_MAJOR": "16"}, "/lib64/ld64.so.2\n", GLIBC),
        ("postgres", {}, {"PG_MAJOR": "16"}, "", "postgres-16-unknown"),
        ("postgres", {"groundwork.major": "16", "groundwork.libc": "glibc"}, {}, "", GLIBC),
        (
            *("postgres", {"groundwork.major": "16", "groundwork.libc": "glibc"}, {}),
            *("postgres (PostgreSQL) 17.1\n/lib/ld-musl-x86_64.so.1\n", "postgres-16-glibc"),
        ),
        ("redis", {"groundwork.major": "7"}, {}, "", "redis"),
        ("qdrant", {"groundwork.inputs": "abc"}, {}, "", "qdrant-edge"),
        ("qdrant", {}, {}, "", "qdrant-server"),
    ],
)
def test_an_image_tells_its_flavour_and_its_name_doesnt(
    kind: str, labels: dict[str, str], env: dict[str, str], said: str, storage_format: str
) -> None:
    assert SERVICE_TYPES[kind].storage_format(labels, env, said) == storage_format


def test_labels_tell_without_asking_and_a_name_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Docker, "run", lambda *_, **__: pytest.fail("the image was asked"))
    labels = {"groundwork.major": "16", "groundwork.libc": "glibc"}
    image = {"Id": "sha256:1", "Config": {"Labels": labels}}
    kinds = {OFFICIAL: SERVICE_TYPES["postgres"]}
    assert formats.find(Docker(), {OFFICIAL: image}, kinds) == {OFFICIAL: GLIBC}


def test_the_newest_answers_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(formats, "_MOST", 1)
    said = CommandResult(0, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", "")
    monkeypatch.setattr(Docker, "run", lambda *_, **__: said)
    kinds = {"a": SERVICE_TYPES["postgres"]}
    for number in (1, 2):
        formats.find(Docker(), {"a": {"Id": f"sha256:{number}", "Config": {}}}, kinds)
    memory = tmp_path / "groundwork" / "image-flavours.json"
    assert json.loads(memory.read_text(encoding="utf-8")) == {"postgres sha256:2": MUSL}


def test_an_image_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    asked: list[Sequence[str]] = []
    said = CommandResult(0, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", "")

    def run(self: Docker, *args: str, **options: Any) -> CommandResult:
        asked.append(args)
        return said

    monkeypatch.setattr(Docker, "run", run)
    image = {"Id": "sha256:1", "Config": {"Labels": None, "Env": ["PG_MAJOR=16"]}}
    kinds = dict.fromkeys(("a", f"a@{SHA}"), SERVICE_TYPES["postgres"])
    for name in kinds:  # the same image by another name isn't asked again
        assert formats.find(Docker(), {name: image}, kinds) == {name: MUSL}
    assert len(asked) == 1
    assert "--network" in asked[0]
    formats.find(Docker(), {"a": image | {"Id": "sha256:2"}}, kinds)
    assert len(asked) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"postgres sha256:1": 5}'])
def test_a_memory_that_cant_be_read_is_asked_again_or_harmless(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    memory = tmp_path / "groundwork" / "image-flavours.json"
    memory.parent.mkdir()
    memory.write_text(text, encoding="utf-8")
    said = CommandResult(0, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", "")
    monkeypatch.setattr(Docker, "run", lambda *_, **__: said)
    image = {"Id": "sha256:1", "Config": {}}
    kinds = {"a": SERVICE_TYPES["postgres"]}
    assert formats.find(Docker(), {"a": image}, kinds) == {"a": MUSL}
    assert json.loads(memory.read_text(encoding="utf-8")) == {"postgres sha256:1": MUSL}


def test_an_image_that_says_nothing_is_unknown_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    said = CommandResult(127, "/lib/ld-musl-x86_64.so.1\n", "killed")
    monkeypatch.setattr(Docker, "run", lambda *_, **__: said)
    image = {"Id": "sha256:1", "Config": {"Env": ["PG_MAJOR=16"]}}
    found = formats.find(Docker(), {"a": image}, {"a": SERVICE_TYPES["postgres"]})
    assert found == {"a": "postgres-16-unknown"}
    assert not (tmp_path / "groundwork").exists()
