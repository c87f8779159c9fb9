"""what takes the newest change of a session's tasks back

Revision ID: 0007
Revises: 0006

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("poker_session", sa.Column("undo", sa.JSON(), nullable=True))


def downgrade():
    op.drop_column("poker_session", "undo")
