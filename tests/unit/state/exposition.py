"""A strict reader of Prometheus' text format, for the tests: what it takes, Prometheus takes."""

from __future__ import annotations

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})\{{({LABEL}(?:,{LABEL})*)?\}} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    """The samples by name and labels. Each line is a sample, or the HELP and TYPE before the first
    of its name; a name's samples stand together, and none is there twice."""
    assert text.endswith("\n")
    found: Samples = {}
    typed: list[str] = []
    helped = ""
    for line in text.removesuffix("\n").split("\n"):
        if match := re.fullmatch(rf"# HELP ({NAME}) [^\n]+", line):
            helped = match[1]
        elif match := re.fullmatch(rf"# TYPE ({NAME}) gauge", line):
            assert match[1] == helped and match[1] not in typed, line
            typed.append(match[1])
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == typed[-1], line
            labels = tuple((name, _plain(value)) for name, value in re.findall(LABEL, line))
            assert len(dict(labels)) == len(labels), line
            assert (sample[1], labels) not in found, line
            found[sample[1], labels] = float(sample[sample.re.groups])
    return found


def _plain(value: str) -> str:
    return re.sub(r'\\["\\n]', lambda match: ESCAPES[match[0]], value)
