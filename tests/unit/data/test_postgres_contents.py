"""What a copy has to have, and how roles get today's passwords."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible.module_utils.groundwork.data import postgres_contents as contents
from ansible.module_utils.groundwork.data.postgres_contents import Contents
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import Objects, Role, Service

SERVICE = Service(
    "postgres",
    "postgres",
    "postgres:16",
    5432,
    "127.0.0.1",
    "DATABASE_URL",
    options={"user": "app", "database": "app", "url_scheme": "postgresql"},
    objects=Objects("postgres", roles=(Role("reader", "read", ("app",), "READER_URL"),)),
)
SAVED = Contents(
    version="16.15",
    owner="postgres",
    roles=("app", "postgres", "reader"),
    sizes={"app": 9, "postgres": 7},
    extensions={"app": {"plpgsql": "1.0", "pgcrypto": "1.3"}, "postgres": {"plpgsql": "1.0"}},
    tables={"app": 4, "postgres": 0},
)


def test_nothing_is_missing_where_all_is_there_and_more() -> None:
    more = replace(SAVED, roles=(*SAVED.roles, "new"), sizes={**SAVED.sizes, "app": 1, "new": 3})
    assert contents.missing(SAVED, SAVED) == []
    assert contents.missing(SAVED, more) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"roles": ("app", "postgres")}, "The role reader is missing."),
        ({"sizes": {"postgres": 7}}, "The database app is missing."),
        (
            {"extensions": SAVED.extensions | {"app": {"plpgsql": "1.0"}}},
            "The extension pgcrypto is missing in app.",
        ),
        (
            {"extensions": SAVED.extensions | {"app": {"plpgsql": "1.0", "pgcrypto": "1.2"}}},
            "The extension pgcrypto in app has version 1.2, not 1.3.",
        ),
        ({"extensions": {"app": SAVED.extensions["app"]}}, "The database postgres lets nobody in."),
    ],
)
def test_what_is_missing_is_one_sentence(change: dict[str, object], sentence: str) -> None:
    found = Contents.from_dict(SAVED.to_dict() | change)
    assert contents.missing(SAVED, found) == [sentence]


def test_only_what_was_there_before_and_after_has_to_be_in_a_copy() -> None:
    after = Contents(
        version="16.15",
        owner="postgres",
        roles=("app", "made", "postgres"),
        sizes={"app": 12, "made": 7},
        extensions={"app": {"plpgsql": "1.0", "pgcrypto": "1.4"}, "made": {"plpgsql": "1.0"}},
        tables={"app": 5, "made": 0},
    )
    kept = contents.both(SAVED, after)
    assert kept.roles == ("app", "postgres")
    assert kept.sizes == {"app": 12}
    assert kept.extensions == {"app": {"plpgsql": "1.0"}}
    assert kept.tables == {"app": 5}
    assert contents.missing(kept, after) == contents.missing(kept, SAVED) == []


def test_a_server_is_asked_in_each_database_that_lets_in() -> None:
    scripts: list[str] = []
    server = {
        "version": "16.15",
        "owner": "postgres",
        "roles": ["app"],
        "sizes": {"app": 9, "template0": 7},
        "open": ["app", "o'dd\" = \\"],
        "tablespaces": None,
    }
    inside = [
        {"database": name, "extensions": {"plpgsql": "1.0"}, "tables": 2} for name in server["open"]
    ]

    def ask(script: str) -> str:
        scripts.append(script)
        found = [server] if len(scripts) == 1 else inside
        return "".join(f"{json.dumps(each)}\n" for each in found)

    found = contents.read(ask)
    assert found.extensions == {name: {"plpgsql": "1.0"} for name in ("app", "o'dd\" = \\")}
    assert found.tables["app"] == 2
    assert found.tablespaces == ()
    assert "\\connect -reuse-previous=on \"dbname='app'\"\n" in scripts[1]
    assert '"dbname=\'o\\\'dd"" = \\\\\'"' in scripts[1]


def test_contents_survive_the_manifest() -> None:
    assert Contents.from_dict(json.loads(json.dumps(SAVED.to_dict()))) == SAVED


def test_each_role_of_the_copy_gets_todays_password() -> None:
    secrets = {
        "POSTGRES_PASSWORD": "one",
        "POSTGRES_SUPERUSER_PASSWORD": "two",
        "POSTGRES_READER_PASSWORD": "three",
    }
    found = contents.passwords(SERVICE, SAVED.roles, secrets)
    assert found == {"app": "one", "postgres": "two", "reader": "three"}
    del secrets["POSTGRES_READER_PASSWORD"]  # made by the next run, and the role with it
    assert contents.passwords(SERVICE, ("app", "postgres"), secrets) == {
        "app": "one",
        "postgres": "two",
    }
    with pytest.raises(GroundworkError, match="POSTGRES_READER_PASSWORD"):
        contents.passwords(SERVICE, SAVED.roles, secrets)


def test_the_script_has_verifiers_and_no_password() -> None:
    script = contents.password_script({"app": "pass'word", "o'\"dd": "hidden"})
    assert "pass" not in script.replace("PASSWORD", "")
    assert "hidden" not in script
    assert script.count("SCRAM-SHA-256$4096:") == 2
    assert "rolname = 'o''\"dd' \\gexec" in script
    assert script.index("log_min_error_statement") < script.index("ALTER ROLE")
