"""Templates of addresses and files: strict in their names, literal in everything else."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.services import Endpoint
from ansible.module_utils.groundwork.services.template import fill, problem, worst

HERE = Endpoint("127.0.0.1", 1025, {"web": 8025})


def filled(text: str, endpoint: Endpoint = HERE) -> str:
    return fill(text, endpoint, ("smtp", "web"), {"login": "p@ss/word"})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{host}:{port}", "127.0.0.1:1025"),
        ("{port.smtp} {port.web}", "1025 8025"),
        ("{secret.login}", "p@ss/word"),
        ("smtp://app:{secret.login}@{host}", "smtp://app:p%40ss%2Fword@127.0.0.1"),
        ("{open}host{close}", "{host}"),
        ('{"host": "{host}"}', '{"host": "127.0.0.1"}'),
    ],
)
def test_names_become_values(text: str, result: str) -> None:
    assert filled(text) == result


def test_an_ipv6_address_is_in_brackets_in_a_url_alone() -> None:
    there = Endpoint("::1", 1025, {"web": 8025})
    assert filled("http://{host}:{port.web}", there) == "http://[::1]:8025"
    assert filled("{host}", there) == "::1"


def test_a_secret_that_looks_like_a_name_is_not_filled_in() -> None:
    assert fill("{secret.login}", HERE, ("smtp",), {"login": "{port}"}) == "{port}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{hots}", "{hots}, which is no name here. Did you mean 'host'?"),
        ("{port.api}", "{port.api}, which is no name here."),
        ("{secret.pass}", "{secret.pass}, which is no name here."),
        ("{Host}", "{Host}, which is no name here."),
        ("{host.x.y}", "{host.x.y}"),
        ("{host", "encloses no name"),
        ("host}", "encloses no name"),
        ("{{host}}", "encloses no name"),
        ("{}", "encloses no name"),
        ("{host!r}", "encloses no name"),
    ],
)
def test_what_cannot_be_worked_out_is_said(text: str, words: str) -> None:
    assert words in problem(text, ("smtp", "web"), ("login",), loose=False)


def test_a_file_may_have_braces_of_its_own_but_no_unknown_name() -> None:
    assert problem('{"a": {"b": "{port.web}"}}', ("smtp", "web"), (), loose=True) == ""
    assert "{ports.web}" in problem("{ports.web}", ("web",), (), loose=True)


def test_a_value_may_begin_with_a_quote() -> None:
    assert worst("a\\{secret.login}") == "a\\'"
