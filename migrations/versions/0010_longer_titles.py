"""titles of tasks as long as trackers allow

Revision ID: 0010
Revises: 0009

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    # The release before reads longer titles, and refuses them only where they are edited.
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.alter_column("title", existing_type=sa.String(200), type_=sa.String(255), existing_nullable=False)


def downgrade():
    op.execute("UPDATE task SET title = substr(title, 1, 200) WHERE length(title) > 200")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.alter_column("title", existing_type=sa.String(255), type_=sa.String(200), existing_nullable=False)
