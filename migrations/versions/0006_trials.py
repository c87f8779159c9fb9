"""who has had a trial: users and companies, as digests

Revision ID: 0006
Revises: 0005

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "trial",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_trial")),
    )


def downgrade():
    op.drop_table("trial")
