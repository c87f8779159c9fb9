"""type, priority, labels, parent and acceptance criteria of tasks

Revision ID: 0012
Revises: 0011

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Characters of each, by column.
ADDED = {"type": 60, "priority": 60, "labels": 1240, "parent": 300, "acceptance": 5000}


def upgrade():
    for name, length in ADDED.items():
        op.add_column("task", sa.Column(name, sa.String(length), server_default="", nullable=False))


def downgrade():
    for name in ADDED:
        op.drop_column("task", name)
