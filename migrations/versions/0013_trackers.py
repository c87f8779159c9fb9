"""connected trackers, and the issues that tasks are

Revision ID: 0013
Revises: 0012

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("poker_session", sa.Column("tracked", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "tracker_connection",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("granted", sa.JSON(), nullable=False),
        sa.Column("connected_by", sa.String(length=16), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_tracker_connection_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connected_by"],
            ["app_user.id"],
            name=op.f("fk_tracker_connection_connected_by_app_user"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracker_connection")),
    )
    op.create_index(op.f("ix_tracker_connection_account_id"), "tracker_connection", ["account_id"])
    op.create_table(
        "tracker_project",
        sa.Column("connection_id", sa.String(length=16), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("field", sa.JSON(), nullable=True),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("moment", sa.String(length=10), nullable=False),
        sa.Column("comments", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["tracker_connection.id"],
            name=op.f("fk_tracker_project_connection_id_tracker_connection"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", "project", name=op.f("pk_tracker_project")),
    )
    op.create_table(
        "task_issue",
        sa.Column("task_id", sa.String(length=16), nullable=False),
        sa.Column("session_id", sa.String(length=16), nullable=False),
        sa.Column("connection_id", sa.String(length=16), nullable=False),
        sa.Column("issue_id", sa.String(length=200), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("news", sa.String(length=300), nullable=False),
        sa.Column("before", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("card", sa.String(length=8), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commented", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_issue_task_id_task"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["poker_session.id"],
            name=op.f("fk_task_issue_session_id_poker_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["tracker_connection.id"],
            name=op.f("fk_task_issue_connection_id_tracker_connection"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_task_issue")),
    )
    op.create_index(op.f("ix_task_issue_session_id"), "task_issue", ["session_id"])
    op.create_index(op.f("ix_task_issue_connection_id"), "task_issue", ["connection_id"])


def downgrade():
    op.drop_table("task_issue")
    op.drop_table("tracker_project")
    op.drop_table("tracker_connection")
    op.drop_column("poker_session", "tracked")
