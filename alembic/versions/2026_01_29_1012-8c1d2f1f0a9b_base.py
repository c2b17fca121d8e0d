"""Base

Revision ID: 8c1d2f1f0a9b
Revises:
Create Date: 2026-01-29 10:12:00

Empty on purpose: the point that every database starts from. An extension that a migration needs
(uuid-ossp, pgcrypto) is created by the first migration that needs it.
"""

from __future__ import annotations

revision: str = "8c1d2f1f0a9b"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
