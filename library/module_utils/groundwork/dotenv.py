"""Env files: read, quoted, and written around what a person put there.

The readers that have to agree are Compose and python-dotenv. Single quotes are literal to both
(Compose expands `$` inside double quotes), so a value that isn't plain goes into single quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

BEGIN = "# --- Groundwork: these lines are written by `ansible-playbook`, edits here don't last ---"
END = "# --- Groundwork: end; lines above and below the block are yours ---"

BOM = "\ufeff"  # editors on Windows begin a file with it

# What stands for a secret in the committed examples
PLACEHOLDER = "made-on-the-first-run"

EXAMPLE_HEADER = """\
# What `ansible-playbook playbooks/dev.yml` writes into the file of this name without `.example`,
# with passwords of your own. Rendered from the inventory by `make examples`.

"""

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
_LINE = re.compile(
    r"""^\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*=\s*
        (?:'(?P<single>(?:\\'|[^'])*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<plain>.*?))
        \s*(?:(?<=\s)\#.*)?$""",
    re.VERBOSE,
)


def parse(text: str) -> dict[str, str]:
    """The variables of an env file; the last one of a name wins, as its readers see it."""
    values: dict[str, str] = {}
    for line in text.removeprefix(BOM).splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        if match["single"] is not None:
            values[match["name"]] = match["single"].replace("\\'", "'")
        elif match["double"] is not None:
            values[match["name"]] = re.sub(r"\\(.)", r"\1", match["double"])
        else:
            values[match["name"]] = match["plain"]
    return values


def quote(value: str) -> str:
    """`value` as it stands behind `NAME=`."""
    if not value or _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("'", "\\'") + "'"


def render(values: Mapping[str, str], comments: Mapping[str, str] | None = None) -> str:
    """Lines `NAME=value`, each below its comment where it has one."""
    lines: list[str] = []
    for name, value in values.items():
        comment = (comments or {}).get(name)
        if comment:
            lines += ["", *(f"# {line}" for line in comment.splitlines())]
        lines.append(f"{name}={quote(value)}")
    return "\n".join(lines).strip("\n") + "\n"


def merge(existing: str, block: str, last: bool = False) -> str:
    """`existing` with its managed block replaced by `block`; all other lines stay as they are.

    A file without a block gets it in front, so that a person's lines below still win; with `last`
    the block always comes after them, so that the block wins. A block that lost its end line ends
    where the file does not hold a line of ours any more. Of a copied `.env.example`, the lines
    that the block has too are ours, and go. A byte order mark stays in front, and the block has
    the line ends that most of the file has.
    """
    if existing.startswith(BOM):
        return BOM + merge(existing.removeprefix(BOM), block, last)
    end_of_line = "\r\n" if existing.count("\r\n") * 2 > existing.count("\n") else "\n"
    managed, header = (
        text.replace("\n", end_of_line) for text in (f"{BEGIN}\n{block}{END}\n", EXAMPLE_HEADER)
    )
    if header in existing:
        names = set(parse(block))
        lines = existing.replace(header, "").splitlines(keepends=True)
        existing = "".join(line for line in lines if not set(parse(line)) & names)
    if last:
        own = outside(merge(existing, block)).strip("\r\n")
        return f"{own}{end_of_line * 2}{managed}" if own else managed
    lines = existing.splitlines(keepends=True)
    begin = next((i for i, line in enumerate(lines) if line.rstrip() == BEGIN), None)
    if begin is None:
        rest = "".join(line for line in lines if line.rstrip() != END)
        return managed + ((end_of_line + rest) if rest.strip() else "")
    end = next((i for i in range(begin, len(lines)) if lines[i].rstrip() == END), None)
    if end is None:
        ours = set(block.splitlines())
        names = set(parse(block))
        end = begin
        for i in range(begin + 1, len(lines)):
            line = lines[i].rstrip()
            if line in ours or not line or set(parse(line)) & names:
                end = i
            else:
                break
    tail = "".join(line for line in lines[end + 1 :] if line.rstrip() not in (BEGIN, END))
    return "".join(lines[:begin]) + managed + tail


def overruled(existing: str, block: str) -> list[str]:
    """The variables of `block` that have another value for the readers of the merged file, since a
    person's own line comes later."""
    values = parse(merge(existing, block))
    return [name for name, value in parse(block).items() if values[name] != value]


def outside(existing: str) -> str:
    """The lines of `existing` that are a person's own."""
    inside = False
    kept: list[str] = []
    for line in existing.removeprefix(BOM).splitlines(keepends=True):
        if line.rstrip() in (BEGIN, END):
            inside = line.rstrip() == BEGIN
        elif not inside:
            kept.append(line)
    return "".join(kept)
