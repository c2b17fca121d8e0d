"""The database after the failed revision was corrected."""

testinfra_hosts = ["ansible://test_hosts"]


def test_the_database_is_at_the_new_head(schema):
    assert schema.revisions == ["0a04"]


def test_all_tables_are_there(schema):
    assert schema.tables == {
        "users": ["id"],
        "notes": ["author"],
        "tags": ["name"],
        "reviews": ["note", "stars"],
    }
