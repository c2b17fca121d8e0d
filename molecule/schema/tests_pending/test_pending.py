"""The database at the head of the app's tree."""

testinfra_hosts = ["ansible://test_hosts"]


def test_the_database_is_at_the_apps_head(schema):
    assert schema.revisions == ["0a02"]


def test_both_revisions_made_their_tables(schema):
    assert schema.tables == {"users": ["id"], "notes": ["author"]}
