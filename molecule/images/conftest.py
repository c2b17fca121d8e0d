"""What the tests of both directories look at."""

from __future__ import annotations

import json
from typing import Any

import pytest

ARCHIVES = "/opt/groundwork/project/.cache/archives"
Images = dict[str, dict[str, Any]]


@pytest.fixture
def here(host: Any) -> Images:
    """`docker inspect` of every image that the engine has, those without a name included."""
    ids = set(host.check_output("docker images --all --quiet --no-trunc").split())
    assert ids, "the engine has no image"
    found = json.loads(host.check_output(f"docker image inspect {' '.join(sorted(ids))}"))
    return {" ".join(item["RepoTags"]) or item["Id"]: item for item in found}


@pytest.fixture
def archived(host: Any) -> Images:
    """By name, the configurations in the tarballs, with `id`: read by tar, not by the project."""
    found: Images = {}
    for file in host.check_output(f"find {ARCHIVES} -name '*.tar'").split():
        for entry in json.loads(host.check_output(f"tar -xOf {file} manifest.json")):
            text = host.check_output(f"tar -xOf {file} {entry['Config']}")
            total = host.check_output(f"tar -xOf {file} {entry['Config']} | sha256sum").split()[0]
            found[entry["RepoTags"][0]] = {**json.loads(text), "id": f"sha256:{total}"}
    return found
