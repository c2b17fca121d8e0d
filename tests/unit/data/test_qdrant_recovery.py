"""How Qdrant's data are put back: what the server on the new volume is asked, and how it ends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.groundwork.data.model import Checkpoint
from ansible.module_utils.groundwork.data.qdrant import TYPE
from ansible.module_utils.groundwork.data.qdrant_collections import Collection
from ansible.module_utils.groundwork.data.qdrant_scripts import FILL, FINISH, PREPARE
from ansible.module_utils.groundwork.data.steps import ENDED_BY_ITSELF
from ansible.module_utils.groundwork.errors import GroundworkError

from .engine_of_stores import Engine, done, store

START, END = "/readyz", "grep -qx qdrant"  # texts of the scripts
CAR = Collection("rotes Auto", "0001.snapshot", (10,), {"size": 4}, {"city": "keyword"})
SAVED = Checkpoint(
    kind="qdrant",
    storage_format="qdrant-edge",
    files={"0001.snapshot": "aa"},
    details={"collections": [CAR.to_dict()], "aliases": {"now": "rotes Auto"}},
)


@dataclass
class New:
    """The server on the new volume."""

    points: int = 10
    refuses: str = ""
    heard: list[tuple[str, str, Any]] = field(default_factory=list)

    def __call__(self, words: tuple[str, ...], stdin: str) -> str:
        method, path = words[-3:-1]
        self.heard.append((method, path, json.loads(stdin or "null")))
        if self.refuses and path.startswith(self.refuses):
            return 'HTTP/1.0 400 Bad Request\n\n{"status": {"error": "it is no snapshot"}}'
        described = {
            "config": {"params": {"vectors": {"size": 4}}},
            "payload_schema": {"city": {"data_type": "keyword"}},
        }
        counted = path.endswith("/count")
        result = {"count": self.points} if counted else described
        return f"HTTP/1.0 200 OK\ncontent-type: x\n\n{json.dumps({'result': result})}"


def fill(engine: Engine) -> None:
    TYPE.fill(store(engine, "qdrant"), SAVED, "kept", "a place", {"qdrant": "new"})


def test_each_collection_is_recovered_and_counted_and_has_its_aliases() -> None:
    new = New()
    engine = Engine(ends={}, inside=new, user="1000:1000")
    fill(engine)
    (container,) = engine.begun()
    assert "source=kept,target=/copy,readonly" in container
    assert "--network none" in container and "--publish" not in container
    scripts = [each for each in engine.asked if each[0] == "exec" and "-euc" in each]
    prepared, *both, ended, finished = scripts
    copied, served = sorted(both, key=lambda each: START in " ".join(each))  # at the same time
    assert "is_empty /qdrant/storage" in " ".join(prepared)
    assert copied[-4:] == ("sh", "a place", "0001.snapshot", "aa")
    assert served[1:3] == ended[1:3] == ("--user", "1000:1000")
    assert served[-2:] == ("/qdrant", "./entrypoint.sh")
    assert "--user" not in (*prepared, *copied, *finished)
    assert "rm -rf /qdrant/storage/snapshots/groundwork.restored; if sync -f" in " ".join(finished)
    at = "/collections/rotes%20Auto"
    assert [each[:2] for each in new.heard] == [
        ("PUT", f"{at}/snapshots/recover?wait=true"),
        ("GET", at),
        ("POST", f"{at}/points/count"),
        ("POST", "/collections/aliases"),
    ]
    assert new.heard[0][2] == {
        "location": "file:///qdrant/storage/snapshots/groundwork.restored/0001.snapshot",
        "priority": "snapshot",
    }
    made = {"create_alias": {"alias_name": "now", "collection_name": "rotes Auto"}}
    assert new.heard[-1][2] == {"actions": [made]}
    assert "secret" not in str(engine.asked)
    assert engine.nothing_left()


@pytest.mark.parametrize(
    ("engine", "what"),
    [
        (Engine(ends={PREPARE: done(21)}), "isn't empty"),
        (Engine(ends={FILL: done(22)}), "is damaged"),
        (Engine(ends={FILL: done(20)}), "no whole copy"),
        (Engine(ends={}, inside=New(refuses="/collections/rotes")), "answers 400 to PUT"),
        (Engine(ends={}, inside=New(refuses="/collections/al")), "answers 400 to POST"),
        (Engine(ends={}, inside=New(points=0)), "doesn't have all"),
        (Engine(ends={START: done(1, stderr="its log")}), "doesn't start"),
        (
            Engine(ends={ENDED_BY_ITSELF: done(1)}, inside=New(refuses="/collections/rotes")),
            "ended by itself",
        ),
        (Engine(ends={END: done(1)}, inside=New()), "in order"),
        (Engine(ends={FINISH: done(1)}, inside=New()), "can't be filled"),
        (Engine(volumes=("kept",)), "volume new is gone"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_stays(engine: Engine, what: str) -> None:
    with pytest.raises(GroundworkError, match=what) as caught:
        fill(engine)
    assert "as they were" in caught.value.next_step
    assert engine.nothing_left()
    if "empty" in what:  # nothing was written to a volume that somebody has
        assert not [each for each in engine.asked if START in " ".join(each)]
    if "answers" in what:
        assert caught.value.details == ["it is no snapshot"]
