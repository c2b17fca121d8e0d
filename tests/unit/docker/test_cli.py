"""The docker command line as it is asked; a script stands in for it and counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.errors import GroundworkError

# Knows an image a:1, which is registry.test/a:1 too, and no other
FAKE = """#!/bin/sh
echo "$*" >> "$0.log"
shift 2
code=0 list=
found='{"Id": "sha256:1", "RepoTags": ["a:1"]}'
for name; do
    case $name in
        a:1 | registry.test/a:1) list="$list${list:+,}$found" ;;
        engine) echo "Cannot connect to the Docker daemon" >&2; exit 1 ;;
        *) echo "Error response from daemon: No such image: $name" >&2; code=1 ;;
    esac
done
echo "[$list]"
exit $code
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "docker"
    path.write_text(FAKE, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("asked", "found", "calls"),
    [
        (["a:1"], ["a:1"], 1),
        (["b:1"], [], 1),
        (["b:1", "a:1", "c:1"], ["a:1"], 1),
        # Told by none of its names: each is asked for by itself
        (["registry.test/a:1", "b:1"], ["registry.test/a:1"], 3),
        (["a:1", "registry.test/a:1", "b:1"], ["a:1", "registry.test/a:1"], 4),
    ],
)
def test_what_is_missing_costs_no_further_call_where_it_can_be_told(
    script: Path, asked: list[str], found: list[str], calls: int
) -> None:
    inspected = Docker(str(script)).inspect("image", asked)
    assert list(inspected) == found
    assert {item["Id"] for item in inspected.values()} <= {"sha256:1"}
    assert len(Path(f"{script}.log").read_text(encoding="utf-8").splitlines()) == calls


def test_a_silent_engine_is_no_missing_image(script: Path) -> None:
    with pytest.raises(GroundworkError, match="Cannot connect"):
        Docker(str(script)).inspect("image", ["a:1", "engine"])


def test_a_docker_command_that_is_not_there_is_an_answer() -> None:
    result = Docker("no-such-docker").run("version")
    assert (result.code, result.ok) == (127, False)
