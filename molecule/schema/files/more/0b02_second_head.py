"""Somebody else's work, on the same revision as 0a02"""

from alembic import op

revision = "0b02"
down_revision = "0a01"


def upgrade():
    """Go up."""
    op.execute("CREATE TABLE plans (id bigint)")


def downgrade():
    """Go down."""
    op.execute("DROP TABLE plans")
