"""A new database after the first run."""

testinfra_hosts = ["ansible://test_hosts"]


def test_the_database_is_at_the_projects_head(schema):
    assert schema.revisions == ["8c1d2f1f0a9b"]


def test_there_is_no_table_yet(schema):
    assert schema.tables == {}
