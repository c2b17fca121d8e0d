"""A failure as a person reads it: what, where, details, next. Never a dump, never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text import Line, line, mapping, sequence, words

TAIL = 15
_TRACEBACK = "Traceback (most recent call last)"


def failure_lines(result: Mapping[str, Any], full: bool = False) -> list[Line]:
    """The lines of a failed result; `full` (-vvv) keeps tracebacks in what a command printed."""
    if "censored" in result:
        return [line(words(result["censored"])), line(_next("set no_log to false to see it."))]
    errors = [words(error) for error in sequence(result.get("argument_errors"))]
    if errors:
        return _argument_lines(result, errors)
    lines = [line(text) for text in _message(result, full)]
    lines += _evidence(result, full)
    return lines


def unreachable_lines(result: Mapping[str, Any], host: str) -> list[Line]:
    """Why a host could not be reached, and how to find out more."""
    message = _message(result, full=False) if result.get("msg") else ["It is unreachable."]
    return [
        *(line(text) for text in message),
        line(_next(f"check that it is on and that `ssh {host}` works with the user, port and key")),
        line("      of the inventory; `ansible-inventory --host HOST` shows what Ansible uses."),
    ]


def first_line(result: Mapping[str, Any]) -> str:
    """The failure in one line, for where it is only mentioned."""
    if "censored" in result:
        return words(result["censored"])
    return next(iter(_message(result, full=False)), "")


def _message(result: Mapping[str, Any], full: bool) -> list[str]:
    said = result.get("msg")
    parts = said if isinstance(said, (list, tuple)) else [said]
    message = "\n".join(words(part) for part in parts).strip("\n")
    bare = message.removeprefix("Task failed: ")
    message = bare if " " in bare else message  # the label says already that it failed
    if message == "non-zero return code":
        message = ""
    if _TRACEBACK in message and not full:
        message = _without_traceback(message)
    if message:
        return message.splitlines()
    if result.get("failed_when_result"):
        return ["What the task calls a failure (failed_when) is the case."]
    if result.get("rc"):
        return [f"The command ended with code {result['rc']}."]
    return ["It failed and gave no reason."]


def _evidence(result: Mapping[str, Any], full: bool) -> list[Line]:
    lines: list[Line] = []
    if result.get("assertion"):
        lines.append(line((f"assertion: {result['assertion']}", "dim")))
    if result.get("rc") not in (None, 0, ""):
        command = result.get("cmd")
        if isinstance(command, (list, tuple)):
            command = " ".join(words(part) for part in command)
        if words(result.get("msg")) != "non-zero return code":
            lines.append(line((f"code {result['rc']}", "dim")))
        if command:
            lines.append(line((f"command: {command}", "dim")))
    for key in ("stderr", "module_stderr", "stdout", "module_stdout"):
        text = words(result.get(key)).strip("\n")
        if not text.strip() or text in words(result.get("msg")):
            continue
        if _TRACEBACK in text and not full:
            text = _without_traceback(text)
        kept = text.splitlines()
        lines.append(line((f"{key.removeprefix('module_')}:", "dim")))
        if len(kept) > TAIL:
            lines.append(line((f"  ({len(kept) - TAIL} lines before these)", "dim")))
        lines += [line(f"  {each}") for each in kept[-TAIL:]]
    return lines


def _argument_lines(result: Mapping[str, Any], errors: list[str]) -> list[Line]:
    context = mapping(result.get("validate_args_context"))
    role = words(context.get("name"))
    variables = f"variables of the role {role}" if role else "variables"
    return [
        line(f"The inventory's {variables} don't fit:"),
        *(line(f"  {error}") for error in errors),
        line(_next("correct them in inventory/group_vars and run again.")),
    ]


def _without_traceback(text: str) -> str:
    """What stands before a traceback, and the exception that ends it."""
    before, _, after = text.partition(_TRACEBACK)
    ending = [each for each in after.splitlines() if each.strip()][-1:]
    return "\n".join([*before.strip().splitlines(), *ending])


def _next(text: str) -> str:
    return f"Next: {text}"
