"""The names of a database's template, and how they stand in the scripts; what these do is in
tests/integration/test_reset.py."""

from __future__ import annotations

from ansible.module_utils.groundwork.host import postgres_template


def test_a_long_name_has_a_template_of_a_length_that_postgresql_takes() -> None:
    assert postgres_template.template_of("app") == "app~template"
    names = {postgres_template.template_of("d" * 60 + end) for end in "xyz"}
    assert len(names) == 3
    assert all(len(name.encode()) <= 63 for name in names)


def test_names_are_psqls_variables() -> None:
    text = postgres_template.copy("it's\\odd", "o'wner", "d1")
    assert "\\set database 'it''s\\\\odd'" in text
    assert "\\set owner 'o''wner'" in text
    assert "it's" not in text


def test_who_is_connected_is_kept_out_where_a_database_is_renamed() -> None:
    for text in (postgres_template.begin("app"), postgres_template.keep("app", "app", "d1")):
        lock = text.index("LOCK TABLE pg_catalog.pg_database")
        assert text.index("BEGIN;") < lock < text.index("pg_terminate_backend")
        assert text.index("pg_terminate_backend") < text.index("RENAME TO") < text.index("COMMIT;")
