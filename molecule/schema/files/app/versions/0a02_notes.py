"""Notes, which need the users"""

from alembic import op

revision = "0a02"
down_revision = "0a01"


def upgrade():
    """Go up."""
    op.execute("CREATE TABLE notes (author bigint REFERENCES users)")


def downgrade():
    """Go down."""
    op.execute("DROP TABLE notes")
