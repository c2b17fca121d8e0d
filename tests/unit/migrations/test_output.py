"""What a tree prints, caught whole and in order."""

from __future__ import annotations

import io
import logging
import os
import sys

import pytest
from ansible.module_utils.groundwork.migrations.output import captured


def test_what_goes_to_streams_that_somebody_replaced_is_caught_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in Ansible's workers, which warn of what comes to theirs."""
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with captured() as printed:
        print("one")
        os.system("echo two")
        handler = logging.StreamHandler()
        handler.emit(logging.makeLogRecord({"msg": "three"}))
        sys.stdout.buffer.write(b"four \xff\n")
        os.system("echo five >&2")
    assert printed.text.splitlines() == ["one", "two", "three", "four \ufffd", "five"]
    assert (out.getvalue(), err.getvalue()) == ("", "")
    assert (sys.stdout, sys.stderr) == (out, err)


def test_of_much_text_the_last_whole_lines_are_kept() -> None:
    with captured() as printed:
        for number in range(3000):
            print(f"line {number:06}")
    lines = printed.text.splitlines()
    assert {len(each) for each in lines} == {len("line 000000")}
    assert (lines[-1], 1600 < len(lines) < 1700) == ("line 002999", True)
    with captured() as printed:
        print("x" * 30_000)
    assert set(printed.text) == {"x"}
