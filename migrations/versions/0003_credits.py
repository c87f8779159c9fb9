"""the ledger of credits and the mirrored subscription

Revision ID: 0003
Revises: 0002

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "webhook_event",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_event")),
    )
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webhook_event_done_at_received_at"), ["done_at", "received_at"], unique=False
        )

    op.create_table(
        "fake_object",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("customer_id", sa.String(length=80), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fake_object")),
    )
    with op.batch_alter_table("fake_object", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fake_object_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "credit_account",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_credit_account_balance")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_credit_account_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_credit_account")),
    )
    op.create_table(
        "credit_lot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_lot_amount")),
        sa.CheckConstraint("returned >= 0 AND returned <= amount", name=op.f("ck_credit_lot_returned")),
        sa.CheckConstraint("remaining >= 0 AND remaining <= amount", name=op.f("ck_credit_lot_remaining")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_credit_lot_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_lot")),
    )
    with op.batch_alter_table("credit_lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_lot_account_id"), ["account_id"], unique=False)

    op.create_table(
        "credit_txn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance_after", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=120), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.String(length=16), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_credit_txn_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reverses_id"], ["credit_txn.id"], name=op.f("fk_credit_txn_reverses_id_credit_txn")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_credit_txn_user_id_app_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_txn")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_credit_txn_account_id_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_credit_txn_reverses_id")),
    )
    with op.batch_alter_table("credit_txn", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_txn_user_id"), ["user_id"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=80), nullable=True),
        sa.Column("subscription_id", sa.String(length=80), nullable=True),
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("past_due_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trial_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_subscription_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_subscription_customer_id")),
        sa.UniqueConstraint("subscription_id", name=op.f("uq_subscription_subscription_id")),
    )
    op.create_table(
        "credit_entry",
        sa.Column("txn_id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_credit_entry_amount")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["credit_lot.id"], name=op.f("fk_credit_entry_lot_id_credit_lot"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["txn_id"], ["credit_txn.id"], name=op.f("fk_credit_entry_txn_id_credit_txn"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("txn_id", "lot_id", name=op.f("pk_credit_entry")),
    )


def downgrade():
    op.drop_table("credit_entry")
    op.drop_table("subscription")
    with op.batch_alter_table("credit_txn", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_txn_user_id"))

    op.drop_table("credit_txn")
    with op.batch_alter_table("credit_lot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_lot_account_id"))

    op.drop_table("credit_lot")
    op.drop_table("credit_account")
    with op.batch_alter_table("fake_object", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fake_object_customer_id"))

    op.drop_table("fake_object")
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_event_done_at_received_at"))

    op.drop_table("webhook_event")
