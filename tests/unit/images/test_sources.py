"""What each source of images may bring."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.images.sources import SOURCES, source_words
from invented_source import DEPOT


def test_the_registry_alone_never_brings_what_is_built_here() -> None:
    assert [name for name, each in SOURCES.items() if each.official_alone] == ["registry"]


def test_a_new_source_brings_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "depot", DEPOT)
    assert source_words("depot") == "from the depot"
    assert source_words("") == ""
