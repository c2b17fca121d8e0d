"""Images' names by Docker's reference grammar, mirrors, and what may stand in for what."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork import image_names
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from references import BAD, GOOD, IDENTITY, SHA


@pytest.mark.parametrize("reference", GOOD)
def test_what_docker_takes_is_taken_apart(reference: str) -> None:
    name = image_names.parse(reference)
    assert name is not None
    assert (name.registry, name.path, name.tag, name.digest) == GOOD[reference]
    assert str(name) == reference
    entry = {"kind": "redis", "image": reference, "port": 6379}
    assert parse_services({"redis": entry})[0].image == reference


@pytest.mark.parametrize("reference", [*BAD, IDENTITY])
def test_what_docker_refuses_is_refused_by_its_variable(reference: str) -> None:
    assert image_names.parse(reference) is None
    with pytest.raises(GroundworkError, match=r"stack_services\.redis\.image"):
        parse_services({"redis": {"kind": "redis", "image": reference, "port": 6379}})


@pytest.mark.parametrize(
    ("reference", "behind"),
    [
        ("postgres:16-alpine", "mirror.example.com/hub/postgres:16-alpine"),
        ("library/postgres", "mirror.example.com/hub/library/postgres"),
        ("qdrant/qdrant:v1.7.4", "mirror.example.com/hub/qdrant/qdrant:v1.7.4"),
        (f"redis:7@{SHA}", f"mirror.example.com/hub/redis:7@{SHA}"),
        ("docker.io/library/redis:7", "docker.io/library/redis:7"),
        ("ghcr.io/team/redis:7", "ghcr.io/team/redis:7"),
        ("localhost:5000/redis", "localhost:5000/redis"),
    ],
)
def test_a_mirror_is_put_before_what_names_no_registry(reference: str, behind: str) -> None:
    assert image_names.behind(reference, "mirror.example.com/hub") == behind
    assert image_names.behind(reference, "") == reference


def test_a_digest_has_a_name_that_archives_can_keep() -> None:
    tag = SHA.replace(":", "-")
    assert image_names.by_tag(f"postgres:16@{SHA}") == f"postgres:{tag}"
    assert image_names.by_tag(f"r.io:5/a/b@{SHA}") == f"r.io:5/a/b:{tag}"
    assert image_names.by_tag("postgres:16") == "postgres:16"
    assert image_names.parse(image_names.by_tag(f"x@sha512:{'a' * 128}"))


def test_the_registry_that_a_login_is_for() -> None:
    assert image_names.registry_of("r.example:5000/a/b:1") == "r.example:5000"
    assert image_names.registry_of("docker.io/library/redis") == ""
    assert image_names.registry_of("redis:7") == ""


def test_what_runs_is_compared_with_what_is_wanted() -> None:
    said = image_names.difference
    assert said("redis:7.4-alpine", "groundwork/redis:7.0.15") == (
        "wanted redis:7.4-alpine, has groundwork/redis:7.0.15"
    )
    why = "its data are postgres-16-glibc"
    assert said("postgres:16-alpine", "groundwork/postgres:16.15", why).endswith(
        "16.15 (its data are postgres-16-glibc)"
    )
    assert said("redis:7", "redis:7") == ""
    assert said(f"redis@{SHA}", image_names.by_tag(f"redis@{SHA}")) == ""
    assert said("redis:7", "") == said("", "redis:7") == ""
