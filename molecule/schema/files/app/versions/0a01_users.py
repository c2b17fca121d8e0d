"""Users"""

from alembic import op

revision = "0a01"
down_revision = "8c1d2f1f0a9b"


def upgrade():
    """Go up."""
    op.execute("CREATE TABLE users (id bigint PRIMARY KEY)")


def downgrade():
    """Go down."""
    op.execute("DROP TABLE users")
