"""Which of several hosts takes writes, and what is said where none does."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import pytest
from ansible.module_utils.groundwork.services import Endpoint, ProbeError
from ansible.module_utils.groundwork.services.hosts import (
    READ_ONLY,
    TWO_PRIMARIES,
    Ask,
    Reply,
    choose,
)

HERE = Endpoint.of([("a", 1), ("b", 2), ("c", 3)])
WRITES, STANDBY = Reply(True, "one"), Reply(False, "two")
REFUSED = ProbeError("password authentication failed", permanent=True, code="28P01")
CLOSED = ProbeError("connection refused")


def asking(replies: Mapping[str, Reply | Exception | float]) -> Ask:
    def ask(host: Endpoint, timeout: float) -> Reply:
        said = replies[host.host]
        if isinstance(said, float):
            time.sleep(said)
            return WRITES
        if isinstance(said, Exception):
            raise said
        return said

    return ask


def test_the_one_that_takes_writes_is_found_wherever_it_stands() -> None:
    for place in ("a", "b", "c"):
        replies = {"a": STANDBY, "b": CLOSED, "c": STANDBY} | {place: WRITES}
        chosen = choose(HERE, asking(replies), 2)
        assert chosen.endpoint.host == place
        assert not chosen.endpoint.others
    assert chosen.hosts == (
        *("a:1 is a standby (read only)", "b:2 connection refused", "c:3 takes writes"),
    )


def test_one_that_is_silent_costs_little_where_another_takes_writes() -> None:
    began = time.monotonic()
    chosen = choose(HERE, asking({"a": 5.0, "b": WRITES, "c": CLOSED}), 5)
    assert time.monotonic() - began < 1
    assert chosen.endpoint.host == "b"
    assert chosen.hosts[0].startswith("a:1 no answer within 0.")


def test_none_is_a_sentence_of_each() -> None:
    with pytest.raises(ProbeError, match="none of its 3 hosts takes writes") as caught:
        choose(HERE, asking({"a": STANDBY, "b": CLOSED, "c": 5.0}), 0.5)
    text = str(caught.value)
    for words in ("a:1 is a standby", "b:2 connection refused", "c:3 no answer within 0.4 s"):
        assert words in text
    assert (caught.value.permanent, caught.value.code) == (False, READ_ONLY)


def test_a_refusal_by_all_does_not_pass() -> None:
    with pytest.raises(ProbeError, match="password authentication failed") as caught:
        choose(HERE, asking(dict.fromkeys("abc", REFUSED)), 2)
    assert (caught.value.permanent, caught.value.code) == (True, "28P01")
    with pytest.raises(ProbeError) as caught:
        choose(HERE, asking({"a": REFUSED, "b": CLOSED, "c": REFUSED}), 2)
    assert not caught.value.permanent


def test_two_servers_that_take_writes_are_no_cluster() -> None:
    with pytest.raises(ProbeError, match="different servers") as caught:
        choose(HERE, asking({"a": WRITES, "b": STANDBY, "c": Reply(True, "other")}), 2)
    assert (caught.value.permanent, caught.value.code) == (True, TWO_PRIMARIES)
    same = choose(HERE, asking({"a": WRITES, "b": STANDBY, "c": WRITES}), 2)
    assert same.endpoint.host == "a"


def test_what_goes_wrong_while_asking_shows_no_text() -> None:
    with pytest.raises(ProbeError) as caught:
        choose(HERE, asking(dict.fromkeys("abc", ValueError("s3cret"))), 2)
    assert "s3cret" not in str(caught.value)
    assert "ValueError" in str(caught.value)


def test_no_thread_keeps_a_process() -> None:
    choose(HERE, asking({"a": 1.0, "b": WRITES, "c": STANDBY}), 5)
    assert all(each.daemon for each in threading.enumerate() if each.name.endswith("(<lambda>)"))
