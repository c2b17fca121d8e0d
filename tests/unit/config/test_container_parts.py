"""Lists, texts and switches of a container's entry."""

from __future__ import annotations

from ansible.module_utils.groundwork.config.container_parts import (
    capabilities,
    flag,
    number,
    paths,
    texts,
    words,
)


def test_texts_are_written_as_yaml_has_them() -> None:
    problems: list[str] = []
    given = {"A": 1, "B": True, "C": None, "D": 0.5, "E": "x"}
    assert texts("x", given, problems) == {"A": "1", "B": "true", "C": "", "D": "0.5", "E": "x"}
    assert not problems


def test_lines_are_for_files_alone() -> None:
    problems: list[str] = []
    assert texts("x", {"/f": "a\n\tb\n"}, problems, lines=True) == {"/f": "a\n\tb\n"}
    assert not problems
    texts("x", {"A": "a\nb"}, problems)
    assert problems == ["x.A has a line break or a control character."]


def test_a_command_is_a_list_or_a_line() -> None:
    problems: list[str] = []
    assert words("x", "a 'b c' d", problems) == ("a", "b c", "d")
    assert words("x", ["a", 1, True, ""], problems) == ("a", "1", "true", "")
    assert words("x", None, problems) == ()
    assert not problems


def test_guards_are_on() -> None:
    problems: list[str] = []
    assert flag("x", None, problems) and flag("x", True, problems)
    assert not flag("x", False, problems)
    assert not problems


def test_the_rest() -> None:
    problems: list[str] = []
    assert capabilities("x", ["cap_chown"], problems) == ("CHOWN",)
    assert paths("x", ["/run:size=1m"], problems) == ("/run:size=1m",)
    assert number("x", None, 30, problems) == 30
    assert number("x", 5, 30, problems) == 5
    assert not problems
