"""what columns of imported tables mean to an account

Revision ID: 0011
Revises: 0010

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("account", sa.Column("column_meanings", sa.JSON(), nullable=True))


def downgrade():
    op.drop_column("account", "column_meanings")
