"""Imports a past session from the JSON of its report: it has ended, and its report is exported again as it was.

Its members are names without a browser or a user. Files are in no report, so they are not imported."""

from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from poker_app import clock, ids
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account
from poker_app.billing import entitlements
from poker_app.db import session, transaction
from poker_app.errors import Invalid, NotFound
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.reports.report_file import MemberPart, ReportFile, RoundPart, TaskPart
from poker_app.poker.session.lifecycle import unused_code
from poker_app.rate_limits import Limit
from poker_app.rules.backlog import labels_in

IMPORTED = Limit("import a session", 60, timedelta(hours=1))
ANONYMOUS = "Name hidden"
"""The name of members whose votes are all without names; no report shows it."""


def import_session(membership: Membership, report: ReportFile, *, form_key: str) -> str:
    """Adds an ended session with the report's tasks, rounds and votes to the account, and returns its id. The same form
    sent again returns the same session. It is no session to vote in, so it costs no credit.

    Raises:
        NotFound: (404) users do not sign in here.
        NotInPlan: (402) the account's plan shows no report of that age.
        Invalid: (422) the account keeps none of that age.
    """
    refuse_without_account(membership)
    user_id, account_id = membership.user.id if membership.user else None, membership.account.id
    key = ids.digest(f"import {account_id} {user_id} {form_key}")
    try:
        with transaction():
            if made := _find_imported(key):
                return made
            _refuse_old(session.get_one(Account, account_id), report.session.ended_at or clock.now())
            made = _add(report, account_id=account_id, user_id=user_id, form_key=key)
            membership.note("session-imported", report.session.name)
            return made
    except IntegrityError:
        # The same form at the same moment, and the other one was first.
        if made := _find_imported(key):
            return made
        raise


def refuse_without_account(membership: Membership) -> None:
    """Check that there is an account to import into.

    Raises:
        NotFound: (404) users do not sign in here.
    """
    if membership.known_by_secret:
        raise NotFound("Sessions are imported into an account, and this service has none.")


def _find_imported(key: str) -> str | None:
    return session.scalar(select(PokerSession.id).where(PokerSession.form_key == key))


def _refuse_old(account: Account, ended_at: datetime) -> None:
    entitlements.refuse_hidden(account, ended_at)
    kept = entitlements.kept_days(account)
    if ended_at + timedelta(days=kept) <= clock.now():
        raise Invalid(f"This account keeps reports for {kept} days, and this session ended before.", "file")


def _add(report: ReportFile, *, account_id: str, user_id: str | None, form_key: str) -> str:
    said, ended_at = report.session, report.session.ended_at
    assert ended_at is not None
    # On the table lies the last task with its newest round; one that was not played where it has none.
    tasks = _ids(max(len(report.tasks), 1))
    newest = max(report.tasks[-1].rounds, key=lambda voted: voted.number, default=None) if report.tasks else None
    current_round = ids.new_id(12)
    table = PokerSession(
        id=ids.new_id(),
        account_id=account_id,
        user_id=user_id,
        code=unused_code(),
        name=said.name,
        deck=said.deck.name,
        cards=list(said.deck.cards),
        form_key=form_key,
        names_hidden=any(voted.names_hidden for voted in report.rounds),
        created_at=said.started_at,
        ended_at=ended_at,
        ended_by=said.ended_by,
        current_task_id=tasks[-1],
        current_round_id=current_round,
        version=1,
        tasks_version=1,
        published_version=1,
    )
    session.add(table)
    session.flush()
    members, anonymous = _members(report)
    session.add_all(_left(member_id, table, part) for member_id, part in [*members.items(), *anonymous.items()])
    session.add_all(
        Task(
            id=task_id,
            session_id=table.id,
            position=position,
            created_at=said.started_at,
            **(_task(task, ended_at) if task else {}),
        )
        for position, (task_id, task) in enumerate(zip_longest(tasks, report.tasks))
    )
    session.flush()
    if newest is None:
        session.add(Round(id=current_round, task_id=tasks[-1], number=1, opened_at=said.started_at))
    by_place = {part.member: member_id for member_id, part in members.items()}
    rounds: list[dict[str, Any]] = []
    votes: list[dict[str, Any]] = []
    for task_id, task in zip(tasks, report.tasks, strict=False):
        for voted in task.rounds:
            round_id = current_round if voted is newest else ids.new_id(12)
            rounds.append(_round(round_id, task_id, voted))
            voters = [*anonymous] if voted.names_hidden else [by_place[vote.member or 0] for vote in voted.votes]
            votes += [
                {"round_id": round_id, "member_id": voter, "card": vote.card, "cast_at": voted.revealed_at}
                for voter, vote in zip(voters, voted.votes, strict=False)
            ]
    session.flush()
    if rounds:
        session.execute(insert(Round), rounds)
        session.execute(insert(Vote), votes)
    return table.id


def _ids(count: int) -> list[str]:
    """So many ids in their order: rows of the same moment are sorted by them."""
    return sorted(ids.new_id(12) for _ in range(count))


def _members(report: ReportFile) -> tuple[dict[str, MemberPart], dict[str, MemberPart]]:
    """The members by new ids, in the order in which they joined; and as many more as a round without names has
    votes."""
    ended_at = report.session.ended_at or clock.now()
    parts = sorted(report.session.members, key=lambda each: each.joined_at)
    nameless = MemberPart(member=0, name=ANONYMOUS, facilitates=False, votes=True, joined_at=ended_at)
    most = max((len(voted.votes) for voted in report.rounds if voted.names_hidden), default=0)
    return dict(zip(_ids(len(parts)), parts, strict=True)), dict.fromkeys(_ids(most), nameless)


def _left(member_id: str, table: PokerSession, part: MemberPart) -> Member:
    """A member who has left, and whose secret no browser has."""
    return Member(
        id=member_id,
        session_id=table.id,
        secret_digest=ids.digest(ids.new_secret()),
        name=part.name,
        facilitates=part.facilitates,
        votes=part.votes,
        joined_at=part.joined_at,
        seen_at=table.ended_at,
        left_at=table.ended_at,
    )


# Fields that are the same in the file and in the table.
_SAME = {"title", "key", "url", "description", "type", "priority", "parent", "estimate", "note", "seconds"}


def _task(task: TaskPart, ended_at: datetime) -> dict[str, Any]:
    return {
        **task.model_dump(include=_SAME),
        "labels": ", ".join(labels_in(", ".join(task.labels))),
        "acceptance": task.acceptance_criteria,
        "estimated_at": ended_at if task.estimate else None,
        "skipped_at": ended_at if task.skipped else None,
    }


def _round(round_id: str, task_id: str, voted: RoundPart) -> dict[str, Any]:
    about = voted.model_dump(include={"number", "opened_at", "revealed_at"})
    return {"id": round_id, "task_id": task_id, "names_hidden": voted.names_hidden, **about}
