"""Declares each column of the database, and each key of its JSON columns: whose data it is, or no person's.

The download and the erasure of one's own data are made from this page, and the database takes no JSON key that is not
on it. A column that is missing here is in no download and fails a test.
"""

from dataclasses import dataclass
from enum import StrEnum


class Whose(StrEnum):
    """Whether a column is in a person's download, and what becomes of it when the person is erased."""

    # The person's: downloaded; goes with the person, by its row or by another value.
    OWN = "own"
    # The person's: downloaded; stays without a name, because a report or a ledger is made of it.
    LEFT = "left"
    # Another person's than the one whom the row is about.
    OTHERS = "others"
    # A secret, or data from which one follows: in no download.
    SECRET = "secret"  # noqa: S105 (a kind of data, not a secret)
    # Of no person: ids, moments and figures, and what belongs to an account or a session.
    NO_PERSON = "no person"


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a column or key. ``by`` is the column that names the person, "" for what is no single person's."""

    whose: Whose
    by: str = ""


def _own(by: str) -> Kind:
    return Kind(Whose.OWN, by)


def _left(by: str) -> Kind:
    return Kind(Whose.LEFT, by)


OTHERS, SECRET, NO_PERSON = Kind(Whose.OTHERS), Kind(Whose.SECRET), Kind(Whose.NO_PERSON)

_OPTIONS = "auto_reveal anyone_reveals change_after_reveal names_hidden anyone_adds_files teammates_only timer_length"

_TABLES: dict[str, dict[Kind, str]] = {
    # --- people and accounts
    "app_user": {_own("id"): "id name email created_at", SECRET: "password_hash totp_secret totp_step"},
    "recovery_code": {_own("user_id"): "user_id used_at", SECRET: "digest"},
    "identity": {_own("user_id"): "issuer subject user_id provider email linked_at used_at news_at"},
    "clerk_member": {_own("subject"): "group_id subject role news_at"},
    "sign_in": {_own("user_id"): "id user_id started_at seen_at browser address issuer", SECRET: "digest"},
    "mail_token": {
        _own("user_id"): "email user_id made_at data",
        SECRET: "digest",
        NO_PERSON: "purpose expires_at used_at",
    },
    "account": {NO_PERSON: "id name created_at session_defaults column_meanings domain report_days sign_on"},
    "teammate": {_own("user_id"): "user_id role joined_at", NO_PERSON: "account_id"},
    "removal": {_own("user_id"): "user_id removed_at", NO_PERSON: "account_id"},
    "invitation": {
        _own("invited_by"): "invited_by",
        _own("email"): "email",
        SECRET: "digest",
        NO_PERSON: "id account_id role sent_at expires_at accepted_at withdrawn_at",
    },
    "deck": {NO_PERSON: "id account_id name cards created_at"},
    "api_token": {
        _own("user_id"): "user_id name",
        _own("made_by"): "made_by",
        SECRET: "digest",
        NO_PERSON: "id account_id scopes role hint made_at expires_at used_at ended_at",
    },
    # Deleted after a day.
    "idempotent_answer": {OTHERS: "headers body", NO_PERSON: "token_id key fingerprint status made_at"},
    "audit_entry": {
        _own("user_id"): "user_id who",
        _own("subject_id"): "subject_id about",
        NO_PERSON: "id account_id at action",
    },
    # --- trackers
    "tracker_connection": {
        _own("connected_by"): "connected_by identity",
        SECRET: "sealed hook_sealed",
        NO_PERSON: "id account_id kind address granted connected_at checked_at problem",
    },
    "tracker_project": {NO_PERSON: "connection_id project name field mapping moment comments"},
    "task_issue": {
        NO_PERSON: "task_id session_id connection_id issue_id project seen seen_at news before state card problem "
        "tries next_at written_at commented",
    },
    # --- webhooks
    "webhook_endpoint": {
        SECRET: "address_sealed secret_sealed previous_sealed",
        NO_PERSON: "id account_id kind name host previous_until events made_at failing_since rests_until leased_until "
        "disabled_at disabled_why",
    },
    # ``body`` has the names of voters, and a join code.
    "webhook_delivery": {
        OTHERS: "body answer",
        NO_PERSON: "id key endpoint_id session_id event made_at state next_try_at tries tried_at status problem took",
    },
    "slack_command": {SECRET: "sealed", NO_PERSON: "account_id team_id connected_at"},
    # --- money
    "credit_account": {NO_PERSON: "account_id balance version"},
    "credit_lot": {
        NO_PERSON: "id account_id source priority amount remaining expires_at created_at returned looked",
    },
    "credit_txn": {
        _own("user_id"): "user_id",
        NO_PERSON: "id account_id key kind amount balance_after ref why reverses_id at",
    },
    "credit_entry": {NO_PERSON: "txn_id lot_id amount"},
    "subscription": {
        NO_PERSON: "account_id customer_id subscription_id plan status seats period_start period_end ends_at "
        "past_due_since trial_ends_at asked looked",
    },
    "trial": {SECRET: "key", NO_PERSON: "begun_at"},
    "webhook_event": {NO_PERSON: "id type object_id account_id received_at done_at tries problem"},
    # The cause ends with the id of the user who got the letter.
    "sent_letter": {_own("cause"): "cause", NO_PERSON: "account_id sent_at"},
    "gone_customer": {NO_PERSON: "customer_id gone_at settled_at"},
    "fake_object": {NO_PERSON: "id kind customer_id data made_at"},
    # --- sessions
    "poker_session": {
        _own("user_id"): "user_id",
        OTHERS: "ended_by",
        SECRET: "code form_key password_hash",
        NO_PERSON: f"id name deck cards account_id series_id {_OPTIONS} timer_ends_at timer_remaining created_at "
        "ended_at archived_at deleted_at current_task_id current_round_id version tasks_version agenda "
        "published_version undo tracked",
    },
    "series": {
        NO_PERSON: "id account_id name deck cards options created_at closed_at search search_due search_problem",
        SECRET: "secret_digest",
    },
    "member": {
        _own("user_id"): "user_id name facilitates",
        _left("user_id"): "id votes joined_at seen_at away_since left_at removed_at nudged_at",
        SECRET: "secret_digest",
        NO_PERSON: "session_id is_program",
    },
    "task": {
        NO_PERSON: "id session_id position title key url description type priority labels parent acceptance estimate "
        "note estimated_at skipped_at deleted_at created_at seconds current_since",
    },
    "task_file": {
        NO_PERSON: "id session_id task_id position added_at name kind size width height caption alt removed_at",
    },
    "stored_file": {
        NO_PERSON: "id account_id session_id task_id name size kind width height begun_at stored_at",
    },
    "round": {NO_PERSON: "id task_id number opened_at revealed_at names_hidden"},
    "message_count": {NO_PERSON: "session_id day published delivered"},
    "vote": {_left("member_id"): "member_id card cast_at", NO_PERSON: "round_id"},
    # --- running the service
    "tries": {SECRET: "key", NO_PERSON: "since count"},
    "job_run": {NO_PERSON: "id job started_at ended_at failed outcome"},
}

_JSON_KEYS: dict[str, dict[Kind, str]] = {
    # ``onward`` may be a link that works as a key.
    "mail_token.data": {_own("user_id"): "name", SECRET: "password_hash browser onward"},
    # ``texts`` are of tasks, which are in no person's download.
    "poker_session.undo": {NO_PERSON: "version task_id round_id tasks", OTHERS: "texts"},
    "tracker_project.field": {NO_PERSON: "id name kind choices"},
    "account.session_defaults": {
        NO_PERSON: "deck timer_minutes auto_reveal anyone_reveals change_after_reveal names_hidden "
        "anyone_adds_files teammates_only",
    },
    "account.column_meanings": {NO_PERSON: "by_name"},
    "series.search": {NO_PERSON: "connection project place words query said"},
    "series.options": {NO_PERSON: _OPTIONS, SECRET: "password_hash"},
    "fake_object.data": {
        NO_PERSON: "amount back card door ends number paid_address paid_price past_due_since period_end period_start "
        "plan price quantity returned seats state status subscription",
    },
}


def _each(named: dict[Kind, str]) -> dict[str, Kind]:
    return {name: kind for kind, names in named.items() for name in names.split()}


# By table and column, and by «table.column» and key.
COLUMNS = {table: _each(named) for table, named in _TABLES.items()}
JSON_KEYS = {column: _each(named) for column, named in _JSON_KEYS.items()}


def in_download(kind: Kind, by: str) -> bool:
    """Whether a column or key is in the download of the person whom the column ``by`` of its row names."""
    return kind == NO_PERSON or (kind.whose in (Whose.OWN, Whose.LEFT) and kind.by == by)
