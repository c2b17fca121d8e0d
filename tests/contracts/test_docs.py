"""What the docs link to and name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.config.variables import OF_NO_ROLE
from project import INTERNAL, MODULE_FILES, ROLES, ROOT, load, spec_of

CORE = ROOT / "library" / "module_utils" / "groundwork"


def documents() -> list[Path]:
    directories = (
        ROOT,
        *(path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."),
    )
    return [
        path
        for directory in directories
        for path in sorted(directory.glob("*.md") if directory == ROOT else directory.rglob("*.md"))
    ]


def anchors(path: Path) -> set[str]:
    """The places in a page that a link can name, as code forges make them of its headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_the_docs_name_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {name for role in ROLES for name in spec_of(role)}
    known |= OF_NO_ROLE | set(load(INTERNAL)) | set(load(INTERNAL.with_name("stack.yml")))
    named = set(re.findall(rf"(?<!\.)\b(?:{'|'.join(ROLES)})_[a-z_]+\b(?!\.py)", text))
    files = {path.stem for path in (ROOT / "roles").rglob("*.yml")} | {p.stem for p in MODULE_FILES}
    assert not named - known - files - set(ROLES)
    files_named = re.findall(r"`((?:\w+/)+[a-z_]+\.py)`", text)
    roots = (ROOT, CORE, path.parent)
    assert [each for each in files_named if not any((r / each).exists() for r in roots)] == []
    for playbook in re.findall(r"playbooks/\w+\.yml", text):
        assert (ROOT / playbook).exists(), playbook
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = re.findall(
        r"`make ([a-z][a-z ]*)[`$]|^ *make ([a-z][a-z ]*?)(?: *#| *$| [A-Z])", text, re.M
    )
    words = {word for pair in typed for line in pair for word in line.split()}
    assert words <= targets
    for tool in re.findall(r"\btools/[\w.]+\b", text):
        assert (ROOT / tool).exists(), tool
