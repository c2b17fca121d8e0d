"""A manifest as the file that is kept."""

from __future__ import annotations

import json

from ansible.module_utils.groundwork.data.model import FORMAT, Checkpoint, Manifest


def test_a_manifest_survives_its_file() -> None:
    made = Manifest(
        format=FORMAT,
        stack="shop",
        name="before-x",
        created="2026-01-29T10:12:00Z",
        services={
            "redis": Checkpoint(
                kind="redis", files={"dump.rdb": "ab"}, details={"keys": 2}, bytes=5
            )
        },
    )
    assert Manifest.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def test_one_of_a_later_format_still_says_its_format() -> None:
    found = Manifest.from_dict({"format": 9, "services": {"x": {"more": True}}})
    assert found.format == 9
    assert found.services["x"] == Checkpoint()
