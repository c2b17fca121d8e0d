"""Failures read as sentences: no dump, no traceback, no secret."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.display.failure import (
    failure_lines,
    first_line,
    unreachable_lines,
)
from ansible.module_utils.groundwork.display.text import plain

TRACEBACK = 'Traceback (most recent call last):\n  File "x", line 1\nValueError: no such thing\n'


def test_the_message_keeps_its_lines() -> None:
    message = "Redis is gone.\nWhere: localhost\n  last words\nNext: start it."
    assert plain(failure_lines({"msg": message})) == message.splitlines()


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        ({"msg": "Task failed: it was bad"}, ["it was bad"]),
        ({"msg": "Task failed: 'key'"}, ["Task failed: 'key'"]),
        ({"failed_when_result": True, "rc": 0}, ["What the task calls a failure (failed_when) is "
                                                 "the case."]),
        ({}, ["It failed and gave no reason."]),
        ({"msg": "non-zero return code", "rc": 3, "cmd": ["a", "b"], "stderr": "x"},
         ["The command ended with code 3.", "command: a b", "stderr:", "  x"]),
        ({"msg": "MODULE FAILURE", "rc": 1, "module_stderr": TRACEBACK},
         ["MODULE FAILURE", "code 1", "stderr:", "  ValueError: no such thing"]),
        ({"msg": "oh\n" + TRACEBACK}, ["oh", "ValueError: no such thing"]),
        ({"msg": "said: x", "stdout": "x"}, ["said: x"]),
        ({"msg": ["a", "b"], "assertion": "x == 1"}, ["a", "b", "assertion: x == 1"]),
    ],
)  # fmt: skip
def test_other_modules(result: dict[str, Any], lines: list[str]) -> None:
    assert plain(failure_lines(result)) == lines


def test_a_traceback_stays_where_it_is_asked_for() -> None:
    result = {"msg": "bad", "module_stderr": TRACEBACK}
    assert any("Traceback" in each for each in plain(failure_lines(result, full=True)))


def test_only_the_end_of_a_long_output() -> None:
    output = "\n".join(f"line {number}" for number in range(40))
    lines = plain(failure_lines({"msg": "bad", "stdout": output}))
    assert lines[2:4] == ["  (25 lines before these)", "  line 25"]
    assert lines[-1] == "  line 39"


def test_each_argument_error_has_its_line() -> None:
    result = {
        "msg": "Validation of arguments failed:\na\nb",
        "argument_errors": ["missing required arguments: x", "y is no int"],
        "validate_args_context": {"name": "stack"},
        "argument_spec_data": {"x": {}},
    }
    lines = plain(failure_lines(result))
    assert lines[0] == "The inventory's variables of the role stack don't fit:"
    assert lines[1:3] == ["  missing required arguments: x", "  y is no int"]
    assert lines[3].startswith("Next: ")


def test_what_is_censored_stays_so() -> None:
    result = {"censored": "hidden", "msg": "hunter2", "stdout": "hunter2"}
    text = "\n".join([*plain(failure_lines(result)), first_line(result)])
    assert "hidden" in text
    assert "hunter2" not in text


def test_unreachable_says_what_to_try() -> None:
    lines = plain(unreachable_lines({"msg": "no route"}, "vm"))
    assert lines[0] == "no route"
    assert "`ssh vm`" in lines[1]
