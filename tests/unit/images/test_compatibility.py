"""An image that can't serve what the inventory asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images.choice import ImageChoice
from ansible.module_utils.groundwork.images.compatibility import format_conflict, missing_ports
from ansible.module_utils.groundwork.images.recipes import read_recipes
from ansible.module_utils.groundwork.images.sources import Setup
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
