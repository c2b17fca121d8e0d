"""What PostgreSQL's answers mean, and how a restored server is told from the one copied."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.groundwork.data.postgres_comparison import (
    database_sql,
    differences,
    parse,
)
from ansible.module_utils.groundwork.errors import GroundworkError

LINES: list[list[Any]] = [
    ["", "version", "16.15 (Debian)"],
    ["", "bootstrap", "postgres"],
    ["", "role", "app", "f t abc"],
    ["", "role", "team", "f f"],
    ["", "member", "app in team f"],
    ["", "setting", "app", ["work_mem=3MB"]],
    ["shop", "file", "0.dump"],
    ["shop", "sequence", "public.ids", 20, True, 1],
    ["shop", "sequence", "public.unused", 1, False, 1],
    ["shop", "table", "public.items", 3, "77"],
    ["shop", "revision", "public.alembic_version", ["ab01"]],
    ["shop", "large_objects", 1, "5"],
    ["shop", "database", "app UTF8 C C -1"],
    ["shop", "setting", "", ["timezone=UTC"]],
    ["shop", "extension", "pg_trgm", "1.6"],
    ["shop", "invalid_index", "public.bad"],
    ["shop", "objects", "tables", 1],
    ["shop", "access", 9, "12"],
    ["shop", "sequence", "public.ids", 25, True, 1],
    ["shop", "sequence", "public.unused", 1, False, 1],
]


def facts(lines: list[list[Any]] = LINES) -> dict[str, Any]:
    return parse("\n".join(json.dumps(line) for line in lines))


def test_the_answers_become_facts() -> None:
    found = facts()
    assert found["version"] == "16.15 (Debian)"
    assert found["roles"]["app"] == "f t abc"
    shop = found["databases"]["shop"]
    assert shop["tables"] == {"public.items": [3, "77"]}
    assert shop["sequences"] == {"public.ids": [20, 25], "public.unused": [0, 0]}
    assert shop["extensions"] == {"pg_trgm": "1.6"}
    assert shop["invalid_indexes"] == ["public.bad"]
    assert shop["file"] == "0.dump"


def test_an_answer_that_is_none_is_told() -> None:
    with pytest.raises(GroundworkError, match="can't be read"):
        parse("WARNING:  something")


def test_what_is_restored_as_it_was_has_no_difference() -> None:
    assert differences(facts(), facts()) == []
    assert differences(facts(), json.loads(json.dumps(facts()))) == []


def changed(change: Callable[[dict[str, Any]], Any]) -> list[str]:
    found = copy.deepcopy(facts())
    change(found)
    return differences(facts(), found)


def shop(found: dict[str, Any]) -> dict[str, Any]:
    inside: dict[str, Any] = found["databases"]["shop"]
    return inside


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: f["roles"].pop("team"), "the role team is missing"),
        (lambda f: f["roles"].update(app="f t xyz"), "the role app differs"),
        (lambda f: f["roles"].update(other="f"), "the role other is new"),
        (lambda f: f.pop("members"), "the roles' memberships differ"),
        (lambda f: f["settings"].pop("app"), "the settings of app is missing"),
        (lambda f: f["databases"].pop("shop"), "the database shop is missing"),
        (
            lambda f: shop(f)["tables"].pop("public.items"),
            "shop: the table public.items is missing",
        ),
        (
            lambda f: shop(f)["tables"].update({"public.items": [2, "7"]}),
            "shop: public.items has 2 rows instead of 3",
        ),
        (
            lambda f: shop(f)["tables"].update({"public.items": [3, "78"]}),
            "shop: public.items has other rows",
        ),
        (lambda f: shop(f)["tables"].update(x=[0, "0"]), "shop: the table x is too many"),
        (
            lambda f: shop(f)["sequences"].update({"public.ids": [26]}),
            "shop: the sequence public.ids is at 26 instead of 20 to 25",
        ),
        (
            lambda f: shop(f)["sequences"].pop("public.unused"),
            "shop: the sequence public.unused is missing",
        ),
        (lambda f: shop(f)["extensions"].clear(), "shop: the extension pg_trgm is missing"),
        (lambda f: shop(f)["settings"].clear(), "shop: the settings of everybody is missing"),
        (
            lambda f: shop(f)["revisions"].update({"public.alembic_version": ["ab02"]}),
            "shop: the revision in public.alembic_version differs",
        ),
        (lambda f: shop(f)["objects"].update(tables=2), "shop: the number of tables differs"),
        (lambda f: shop(f).update(access=[8, "1"]), "shop: its owners or grants differ"),
        (lambda f: shop(f).update(maintain=[8, "1"]), "shop: its grants of MAINTAIN differ"),
        (lambda f: shop(f).update(large_objects=[1, "6"]), "shop: its large objects differ"),
        (
            lambda f: shop(f).update(database="x UTF8 C C -1"),
            "shop: its owner, encoding, collation, limit or comment differ",
        ),
        (
            lambda f: shop(f)["invalid_indexes"].append("public.worse"),
            "shop: the index public.worse is invalid",
        ),
    ],
)
def test_each_difference_is_a_sentence(
    change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    assert changed(change) == [sentence]


@pytest.mark.parametrize(
    "change",
    [
        lambda f: shop(f)["extensions"].update(pg_trgm="1.7"),  # of a newer image
        lambda f: shop(f).pop("invalid_indexes"),  # a dump leaves them out
        lambda f: shop(f)["sequences"].update({"public.ids": [22]}),  # taken meanwhile
        lambda f: f["databases"].update(more={}),
        lambda f: (f.update(version="17.1"), shop(f).update(maintain=[8, "1"])),
    ],
)
def test_what_may_differ(change: Callable[[dict[str, Any]], Any]) -> None:
    assert changed(change) == []


def test_a_dump_is_made_between_the_facts_and_the_sequences() -> None:
    text = database_sql(dump=True)
    assert text.index("REPEATABLE READ") < text.index("pg_export_snapshot")
    assert text.index("'table'") < text.index("pg_dump") < text.rindex("''sequence''")
    assert text.endswith("COMMIT;\n")
    assert "pg_dump" not in database_sql(dump=False)
