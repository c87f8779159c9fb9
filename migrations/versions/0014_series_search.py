"""searches in trackers that series have, and the secrets of trackers' webhooks

Revision ID: 0014
Revises: 0013

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("series", sa.Column("search", sa.JSON(), nullable=True))
    op.add_column("series", sa.Column("search_due", sa.String(length=16), nullable=True))
    op.add_column("series", sa.Column("search_problem", sa.String(length=300), server_default="", nullable=False))
    op.create_index(op.f("ix_series_search_due"), "series", ["search_due"])
    op.add_column("tracker_connection", sa.Column("hook_sealed", sa.Text(), server_default="", nullable=False))


def downgrade():
    op.drop_column("tracker_connection", "hook_sealed")
    op.drop_index(op.f("ix_series_search_due"), "series")
    op.drop_column("series", "search_problem")
    op.drop_column("series", "search_due")
    op.drop_column("series", "search")
