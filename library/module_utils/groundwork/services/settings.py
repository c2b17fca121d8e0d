"""A server's own parameters (`settings` of an entry): what a service type knows of them."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LABEL = "groundwork.settings"  # on each container that has any: all of them, as JSON

# Why a setting of a server is another option's here, in words that the types share
TLS = "is what `tls: true` of the entry sets (docs/security.md)"
FILES = "would lead the server away from its volume, or to files that the container doesn't have"
COPY = "a server that runs here stands alone; it follows no other one"

# How a trial's script ends where the server refused, and where the trial itself came to nothing
REFUSED, FAILED = 9, 8


@dataclass(frozen=True)
class Trial:
    """How a server is asked whether it takes settings: a script for `sh` in its own image.

    It runs as `user`, with `arguments`, without a network or a volume; `places` may be written to,
    as the engine's `--tmpfs` takes them. Exit code 0 is yes, `REFUSED` no, with the server's words
    in the error output, and in the output the names of all that it knows.
    """

    user: str
    script: str
    arguments: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """What a type brings. Settings are a dictionary by names, with values as `value` made them.

    * `example`: some, for a sentence.
    * `name`: what a name looks like.
    * `owned(name)`: why a setting is Groundwork's own, and what says it instead; or `""`.
    * `value(raw)`: a value of the inventory as the server reads it. Raises ValueError with half a
      sentence.
    * `arguments(settings)`: what the server's command gets.
    * `trial(settings)`: how the server checks them.
    * `refusal(code, said, known)`: the server's own words for what it refuses, by the trial's exit
      code, error output, and the names that it knows; `[]` where it takes all.
    * `problems(settings, limits)`: sentences, each beginning with a name, on what doesn't fit the
      entry's own limits.
    * `nested`: a name may be a dictionary of names, and is joined with dots.
    * `ignored(settings)`: those that the image built in the official one's place doesn't read.
    """

    example: str
    name: re.Pattern[str]
    owned: Callable[[str], str]
    value: Callable[[Any], Any]
    arguments: Callable[[Mapping[str, Any]], list[str]]
    trial: Callable[[Mapping[str, Any]], Trial]
    refusal: Callable[[int, str, Iterable[str]], list[str]]
    problems: Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]] = (
        lambda settings, limits: []
    )
    nested: bool = False
    ignored: Callable[[Mapping[str, Any]], list[str]] = lambda settings: []


def written(settings: Mapping[str, Any]) -> str:
    """All of them in one line, for the label; `""` where there are none."""
    return json.dumps(settings, sort_keys=True) if settings else ""


def differing(written_before: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of those that a container with that label doesn't have as they are now."""
    try:
        before = json.loads(written_before or "{}")
    except ValueError:
        before = {}
    if not isinstance(before, dict):
        before = {}
    now = json.loads(written(settings) or "{}")  # lists for tuples
    nothing = object()
    return tuple(
        name
        for name in sorted({*before, *now})
        if before.get(name, nothing) != now.get(name, nothing)
    )


def text_of(raw: Any, true: str, false: str) -> str:
    """A single value as text. Raises ValueError with half a sentence."""
    if raw is None:
        raise ValueError("has no value; take the line out for the server's own, '' is an empty one")
    if isinstance(raw, bool):
        return true if raw else false
    if not isinstance(raw, (str, int, float)):
        raise ValueError("must be text, a number or true or false")
    text = str(raw)
    if not text.isprintable():
        raise ValueError("has a line break or a control character")
    return text


def near(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?` for a near miss, or `""`."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {found[0]!r}?" if found else ""


# Starts a server in the background, and ends it once it answers. `ready` is a command, `$at` a
# directory of its own, `known` what prints all names that the server knows. What the server says
# goes to the error output, wherever it writes it.
SCRIPT = """
at=/tmp/trial
mkdir -m 0700 "$at" || exit 8
{prepare}
{server} >&2 &
server=$!
left=300
while kill -0 "$server" 2>/dev/null; do
  if {ready}; then
    kill -{signal} "$server"
    wait "$server"
    exit 0
  fi
  left=$((left - 1))
  if [ "$left" = 0 ]; then
    echo 'the server answered nothing within 30 s' >&2
    kill -9 "$server"
    exit 8
  fi
  sleep 0.1
done
wait "$server"
code=$?
[ "$code" -lt 128 ] || exit "$code"
{known}
exit 9
"""
