"""the version of the last change to the tasks, under its new name

Revision ID: 0008
Revises: 0007

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    # What the release before still writes into ``agenda`` counts where it is greater: see poker/value/loading.py.
    op.add_column("poker_session", sa.Column("tasks_version", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE poker_session SET tasks_version = agenda")


def downgrade():
    op.drop_column("poker_session", "tasks_version")
