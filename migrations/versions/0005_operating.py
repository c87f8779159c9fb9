"""what sessions cost in messages, and the runs of the jobs

Revision ID: 0005
Revises: 0004

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "message_count",
        sa.Column("session_id", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["poker_session.id"],
            name=op.f("fk_message_count_session_id_poker_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "day", name=op.f("pk_message_count")),
    )
    with op.batch_alter_table("message_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_count_day"), ["day"], unique=False)

    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_run_job_id"), ["job", "id"], unique=False)


def downgrade():
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_run_job_id"))

    op.drop_table("job_run")
    with op.batch_alter_table("message_count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_count_day"))

    op.drop_table("message_count")
