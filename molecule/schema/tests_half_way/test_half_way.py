"""The database after a revision that failed."""

testinfra_hosts = ["ansible://test_hosts"]


def test_the_database_is_at_the_revision_before(schema):
    assert schema.revisions == ["0a03"]


def test_nothing_of_the_failed_one_is_left(schema):
    assert schema.tables == {"users": ["id"], "notes": ["author"], "tags": ["name"]}
