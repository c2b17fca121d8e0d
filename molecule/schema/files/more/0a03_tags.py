"""Tags"""

from alembic import op

revision = "0a03"
down_revision = "0a02"


def upgrade():
    """Go up."""
    op.execute("CREATE TABLE tags (name text)")


def downgrade():
    """Go down."""
    op.execute("DROP TABLE tags")
