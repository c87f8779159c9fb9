"""letters sent once, customers of deleted accounts, required sign-on, retention that nobody chose

Revision ID: 0004
Revises: 0003

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# For how long an account keeps its reports that has not chosen, for code from before. What stands there already stays:
# that code may still be running while this one begins, and cannot read a row without.
UNCHOSEN = "UPDATE account SET report_days = 365 WHERE report_days IS NULL"


def upgrade():
    op.create_table(
        "gone_customer",
        sa.Column("customer_id", sa.String(length=80), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_gone_customer")),
    )
    with op.batch_alter_table("gone_customer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gone_customer_settled_at"), ["settled_at"], unique=False)

    op.create_table(
        "sent_letter",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_sent_letter_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "cause", name=op.f("pk_sent_letter")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sign_on", sa.String(length=40), nullable=True))
        batch_op.alter_column("report_days", existing_type=sa.Integer(), nullable=True)


def downgrade():
    op.execute(UNCHOSEN)
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.alter_column("report_days", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("sign_on")

    op.drop_table("sent_letter")
    with op.batch_alter_table("gone_customer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gone_customer_settled_at"))

    op.drop_table("gone_customer")
