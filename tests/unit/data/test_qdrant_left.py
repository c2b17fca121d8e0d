"""What a killed copy left on a Qdrant's disk goes; a person's own snapshots stay."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

import pytest
from ansible.module_utils.groundwork.data import qdrant, qdrant_left
from ansible.module_utils.groundwork.data.qdrant import TYPE

from .engine_of_stores import Engine, done, store
from .test_qdrant import COPIED, live

NOTE = {"service": "qdrant", "collection": "two", "before": ["two 0.snapshot"]}
OF_ANOTHER = NOTE | {"service": "other", "collection": "Größe 1"}


def noted(*notes: Any) -> str:
    return "".join(f"n{i}|{quote(json.dumps(each))}\n" for i, each in enumerate(notes))


def test_what_a_killed_copy_left_on_the_server_goes_and_nothing_else() -> None:
    """The first that came after the note is ours; those before and after it are somebody's."""
    theirs = ["two 0.snapshot", "two 2.snapshot", "Größe 1 9.snapshot"]
    engine = Engine(jobs=[done(stdout=COPIED)], notes=noted(OF_ANOTHER, NOTE))
    with live(snapshots=[*theirs, "two 1.snapshot"]) as server:
        qdrant_left.clear(
            store(engine, "qdrant", server.port),
            lambda method, path: server.answer(method, path, ""),
        )
    assert server.snapshots == theirs
    assert [each[-1] for each in engine.asked if each[:2] == ("volume", "rm")] == ["n1"]


def test_each_is_noted_before_it_is_made_and_forgotten_afterwards() -> None:
    engine = Engine(jobs=[done(stdout=COPIED)])
    with live(snapshots=["two 0.snapshot"]) as server:
        TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")
    made = [each for each in engine.asked if each[:2] == ("volume", "create")]
    texts = [unquote(word.partition("=")[2]) for each in made for word in each if "note=" in word]
    assert NOTE in [json.loads(each) for each in texts]
    assert engine.asked[-1] == ("volume", "rm", "--force", "a note", "a note")


def test_an_interruption_leaves_the_note_of_the_one_that_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def create(source: Any, name: str) -> str:
        if name == "two":
            raise KeyboardInterrupt
        return "Größe 1 1.snapshot"

    engine = Engine()
    monkeypatch.setattr(qdrant, "_create", create)
    with live(snapshots=["Größe 1 1.snapshot"]) as server, pytest.raises(KeyboardInterrupt):
        TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")
    assert server.snapshots == []
    assert engine.asked[-1] == ("volume", "rm", "--force", "a note")
