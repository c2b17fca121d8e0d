"""Reviews, with an error in the second statement"""

from alembic import op

revision = "0a04"
down_revision = "0a03"


def upgrade():
    """Go up."""
    op.execute("CREATE TABLE reviews (note bigint)")
    op.execute("ALTER TABLE revews ADD COLUMN stars int")


def downgrade():
    """Go down."""
    op.execute("DROP TABLE reviews")
