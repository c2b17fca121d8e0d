"""An image that can't serve what the inventory asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import CommandResult, Docker
from ansible.module_utils.groundwork.images.choice import ImageChoice
from ansible.module_utils.groundwork.images.compatibility import (
    format_conflict,
    missing_extensions,
    missing_ports,
    skipped_version,
)
from ansible.module_utils.groundwork.images.recipes import read_recipes
from ansible.module_utils.groundwork.images.setup import Setup
from container_entry import mail
from grpc_stack import desired
from project import ROOT


def test_an_image_without_grpc_is_refused_by_name(tmp_path: Path) -> None:
    found = missing_ports(desired(tmp_path).services[0], "groundwork/qdrant:edge-0.9.0")
    assert [item.where for item in found] == ["stack_services.qdrant.grpc_port"]
    assert "has no gRPC" in found[0].what
    assert not missing_ports(desired(tmp_path).services[0], "qdrant/qdrant:v1.7.4")


@pytest.mark.parametrize(
    ("made_by", "data_version", "words"),
    [
        ("postgres-16-musl", "", ""),
        ("", "", ""),
        ("", "16", ""),
        ("postgres-16-glibc", "", "was made by postgres-16-glibc"),
        ("", "15", "was made by major 15"),
    ],
)
def test_a_volume_is_not_given_to_another_storage_format(
    tmp_path: Path, made_by: str, data_version: str, words: str
) -> None:
    image = ImageChoice("postgres:16", "sha256:1", "postgres-16-musl")
    service = desired(tmp_path).services[0]
    found = format_conflict(service, "t_db_data", made_by, data_version, image)
    assert bool(found) == bool(words)
    assert words in (found.what if found else "")


def test_nothing_is_built_in_a_containers_place() -> None:
    setup = Setup(
        Docker("no such docker"), recipes=read_recipes(ROOT / "images"), registry="m.example"
    )
    (wanted,) = setup.wanted([mail()]).values()
    assert (wanted.reference, wanted.built) == ("m.example/axllent/mailpit:v1.20", "")
    answer = setup._build([wanted])[wanted]
    assert answer.why == f"nothing that is built here stands in for {wanted.reference}"


def test_its_ports_are_its_own() -> None:
    assert missing_ports(mail(), "groundwork/mail:1") == []


def test_an_extension_that_an_image_lacks_is_refused_by_name_with_one_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = {"kind": "postgres", "image": "postgres:16", "port": 5432}
    wanted = ["dblink", "vector", "pg_trmg"]
    (service,) = parse_services({"db": entry | {"extensions": wanted}})
    where = "/usr/share/postgresql/16/extension"
    names = (f"{where}/{name}.control" for name in ("dblink", "pg_trgm"))
    said = CommandResult(0, "\n".join(names), "")
    monkeypatch.setattr(Docker, "run", lambda *_, **__: said)
    (found,) = missing_extensions(Docker(), service, "postgres:16")
    assert found.what.startswith("The image postgres:16 has no extension pg_trmg, vector.")
    assert "Did you mean 'pg_trgm'?" in found.what
    assert "vector: pgvector/pgvector:pg16" in found.next_step
    (service,) = parse_services({"db": entry | {"extensions": ["dblink"]}})
    assert missing_extensions(Docker(), service, "postgres:16") == []


def test_an_image_that_cannot_be_asked_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"kind": "postgres", "image": "postgres:16", "port": 5432, "extensions": ["x"]}
    (service,) = parse_services({"db": entry})
    monkeypatch.setattr(Docker, "run", lambda *_, **__: CommandResult(127, "", "no sh"))
    assert missing_extensions(Docker(), service, "postgres:16") == []


@pytest.mark.parametrize(
    ("has", "wants", "words"),
    [
        ("qdrant/qdrant:v1.7.4", "qdrant/qdrant:v1.7.6", ""),
        ("qdrant/qdrant:v1.7.4", "qdrant/qdrant:v1.8.4", ""),
        ("qdrant/qdrant:v1.7.4", "qdrant/qdrant:v1.9.0", "skips minor versions"),
        ("qdrant/qdrant:v1.9.0", "qdrant/qdrant:v1.10.1", ""),
        ("qdrant/qdrant:v1.9.0", "mirror.example/qdrant/qdrant:v2.0.0", "skips minor versions"),
        ("qdrant/qdrant:v1.8.4", "qdrant/qdrant:v1.7.4", "is older"),
        ("qdrant/qdrant:v1.7.4", "qdrant/qdrant:latest", ""),
        ("groundwork/qdrant:edge-0.9.0-4", "qdrant/qdrant:v1.9.0", ""),
        ("", "qdrant/qdrant:v1.9.0", ""),
    ],
)
def test_qdrant_goes_minor_by_minor(has: str, wants: str, words: str) -> None:
    (vectors,) = parse_services({"vectors": {"kind": "qdrant", "image": "x", "port": 1}})
    found = skipped_version(vectors, has, wants)
    assert bool(found) == bool(words)
    if found:
        assert words in found.what
        assert ("1.8" in found.next_step) == ("v1.7.4" in has)


def test_other_kinds_may_skip() -> None:
    (cache,) = parse_services({"cache": {"kind": "redis", "image": "x", "port": 1}})
    assert skipped_version(cache, "redis:7.0", "redis:7.4") is None
