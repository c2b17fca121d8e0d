"""Env files: what is written is what every reader gets, and a person's lines stay."""

from __future__ import annotations

import re
import string
from pathlib import Path

import dotenv as python_dotenv
import pytest
from ansible.module_utils.groundwork import dotenv
from ansible.module_utils.groundwork.config.services import unwritable

VALUES = [
    "plain",
    "",
    "two words",
    " around ",
    "a#b",
    "a #b",
    "#first",
    "it's",
    'say "x"',
    "$HOME $(id) $$",
    "back\\slash",
    "a=b=c",
    "100%",
    "{{ jinja }}",
    "ümläut €",
    "`ls`; & | < > ( ) * ? ! ~",
    string.punctuation.replace("\\", ""),
]


@pytest.mark.parametrize("value", VALUES)
def test_every_reader_reads_what_was_written(value: str, tmp_path) -> None:
    assert not unwritable(value)
    path = tmp_path / ".env"
    path.write_text(dotenv.render({"BEFORE": "1", "VALUE": value, "AFTER": "2"}), encoding="utf-8")
    expected = {"BEFORE": "1", "VALUE": value, "AFTER": "2"}
    assert dotenv.parse(path.read_text(encoding="utf-8")) == expected
    assert python_dotenv.dotenv_values(path, interpolate=True) == expected


@pytest.mark.parametrize("value", ["end\\", "a\\\\b", "a\\'b", "two\nlines", "bell\a", "${HOME}"])
def test_what_readers_would_read_differently_is_refused(value: str) -> None:
    assert unwritable(value)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("VALUE=plain", "plain"),
        ("export VALUE=plain", "plain"),
        ("  VALUE = spaced ", "spaced"),
        ("VALUE=a # comment", "a"),
        ("VALUE=a#b", "a#b"),
        ("VALUE='a # b' # comment", "a # b"),
        ('VALUE="a \\" b"', 'a " b'),
        ("VALUE=", ""),
        ("VALUE=https://x/?a=b#c", "https://x/?a=b#c"),
    ],
)
def test_lines_that_people_write(line: str, value: str) -> None:
    assert dotenv.parse(line) == {"VALUE": value}


def test_what_is_no_variable_is_passed_over() -> None:
    assert dotenv.parse("# A=1\n\nnonsense\n=x\n") == {}


BLOCK = "A=1\nB=2\n"
MANAGED = f"{dotenv.BEGIN}\n{BLOCK}{dotenv.END}\n"


def test_a_new_file_is_the_block_alone() -> None:
    assert dotenv.merge("", BLOCK) == MANAGED


def test_a_persons_file_keeps_every_line_below_the_block() -> None:
    own = "# mine\nMINE=1\n\nA=override\n"
    merged = dotenv.merge(own, BLOCK)
    assert merged == f"{MANAGED}\n{own}"
    assert dotenv.parse(merged)["A"] == "override"


def test_lines_around_the_block_stay_and_the_block_is_replaced() -> None:
    before = f"FIRST=1\n{dotenv.BEGIN}\nA=edited\nOLD=x\n{dotenv.END}\nLAST=2\n"
    assert dotenv.merge(before, BLOCK) == f"FIRST=1\n{MANAGED}LAST=2\n"


def test_merging_again_changes_nothing() -> None:
    once = dotenv.merge("MINE=1\n", BLOCK)
    assert dotenv.merge(once, BLOCK) == once


def test_a_lost_end_line_costs_no_line_of_a_persons() -> None:
    before = f"FIRST=1\n{dotenv.BEGIN}\nA=1\nB=old\nMINE=keep\nALSO=keep\n"
    merged = dotenv.merge(before, BLOCK)
    assert merged == f"FIRST=1\n{MANAGED}MINE=keep\nALSO=keep\n"


def test_a_lost_begin_line_leaves_one_block() -> None:
    merged = dotenv.merge(f"A=1\nB=2\n{dotenv.END}\nMINE=1\n", BLOCK)
    assert merged.count(dotenv.BEGIN) == merged.count(dotenv.END) == 1
    assert "MINE=1\n" in merged


def test_a_file_without_a_last_line_break() -> None:
    assert dotenv.merge("MINE=1", BLOCK) == f"{MANAGED}\nMINE=1"
    assert dotenv.merge(f"{MANAGED}MINE=1", BLOCK) == f"{MANAGED}MINE=1"
    without_end = f"MINE=1\n{MANAGED}".rstrip("\n")
    assert dotenv.merge(without_end, BLOCK) == f"MINE=1\n{MANAGED}"


def test_outside_gives_a_persons_lines() -> None:
    assert dotenv.outside(f"FIRST=1\n{MANAGED}LAST=2\n") == "FIRST=1\nLAST=2\n"
    assert dotenv.outside(f"{dotenv.BOM}{MANAGED}LAST=2\n") == "LAST=2\n"


def test_a_block_that_has_to_win_comes_last() -> None:
    merged = dotenv.merge("A=mine\nMINE=1\n", BLOCK, last=True)
    assert dotenv.parse(merged) == {"A": "1", "MINE": "1", "B": "2"}
    assert dotenv.merge(merged, BLOCK, last=True) == merged
    assert dotenv.parse(dotenv.merge(merged + "A=later\n", BLOCK, last=True))["A"] == "1"


def test_of_a_copied_example_only_a_persons_additions_stay() -> None:
    example = f"{dotenv.EXAMPLE_HEADER}A={dotenv.PLACEHOLDER}\nB=old\nMINE=1\n"
    assert dotenv.merge(example, BLOCK) == f"{MANAGED}\nMINE=1\n"
    assert dotenv.parse(dotenv.merge(example, BLOCK, last=True)) == {
        "MINE": "1",
        "A": "1",
        "B": "2",
    }


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", dotenv.BOM])
def test_a_byte_order_mark_and_line_ends_stay_as_they_were(
    bom: str, end: str, last: bool, tmp_path: Path
) -> None:
    own = f"MINE=1{end}# more{end}OTHER='a b'{end}"
    merged = dotenv.merge(bom + own, BLOCK, last)
    assert own in merged
    assert merged.startswith(bom)
    assert merged.count(dotenv.BOM) == len(bom)
    assert set(re.findall("\r?\n", merged)) == {end}
    expected = {"MINE": "1", "OTHER": "a b", "A": "1", "B": "2"}
    assert dotenv.parse(merged) == expected
    path = tmp_path / ".env"
    path.write_text(merged, encoding="utf-8", newline="")
    if not (bom and last):  # Compose alone reads that one, and knows the mark
        assert python_dotenv.dotenv_values(path) == expected
    assert dotenv.merge(merged, BLOCK, last) == merged
    changed = dotenv.merge(merged, "A=3\n", last)
    assert own in changed
    assert dotenv.parse(changed) == {"MINE": "1", "OTHER": "a b", "A": "3"}


def test_a_copied_example_with_the_line_ends_of_windows_gives_its_lines_up() -> None:
    example = f"{dotenv.EXAMPLE_HEADER}{BLOCK}".replace("\n", "\r\n")
    assert dotenv.merge(dotenv.BOM + example, BLOCK) == dotenv.BOM + MANAGED.replace("\n", "\r\n")


def test_line_ends_that_are_mixed_stay_mixed() -> None:
    own = "A_=1\r\nB_=2\nC_=3\rD_=4\n"
    assert own in dotenv.merge(own, BLOCK)
    assert dotenv.merge(dotenv.merge(own, BLOCK), BLOCK) == dotenv.merge(own, BLOCK)
