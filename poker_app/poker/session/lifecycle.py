"""Opening a session, finding it by code, changing its options, ending and reopening it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from poker_app import clock, ids, imports
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import User
from poker_app.billing import entitlements
from poker_app.db import after_commit, session, transaction
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.poker.change import Holder, by_member, change, change_within, lock
from poker_app.poker.models import Member, PokerSession, Round, Task
from poker_app.poker.names import clean_name
from poker_app.poker.publishing import outbox
from poker_app.poker.session.options import Options
from poker_app.poker.value import last_seen
from poker_app.poker.value.current import newest
from poker_app.rate_limits import Limit
from poker_app.rules import Refused, Unusable
from poker_app.rules.backlog import TaskLine
from poker_app.rules.deck import DECKS, own_cards
from poker_app.rules.imports.pasted import Pasted
from poker_app.rules.links import plain_code
from poker_app.rules.printable import one_line
from poker_app.rules.session import lifecycle as rules
from poker_app.rules.session.change import Change
from poker_app.rules.session.value import Member as MemberValue
from poker_app.rules.session.value import Session

OWN_DECK = "own"
MAX_NAME = 120
OPENED = Limit("open", 60, timedelta(minutes=10))
"""How many sessions may be opened from a network."""


def open_session(
    membership: Membership,
    *,
    name: str,
    deck: str,
    own: str,
    options: Options,
    member_name: str,
    secret: str,
    form_key: str,
    tasks: Sequence[TaskLine] = (),
) -> Member:
    """Opens a session for an account. The user or browser that opens it becomes a member who facilitates and votes;
    returns that member. Without a ``name`` it is named after the day.

    ``own`` are the typed cards of an own deck. ``form_key`` names the form that was sent: sent again, it returns the
    session that it opened. Raises Invalid, naming the field, and Conflict for a form that another browser sent.
    """
    name = session_name(name if one_line(name) else f"Planning poker, {clock.now().day} {clock.now():%B}")
    member_name = clean_name(member_name)
    cards = cards_of(deck, own)
    try:
        with transaction():
            return find_opened(form_key, secret, membership.user) or start_session(
                membership,
                name=name,
                deck=deck,
                cards=cards,
                options=options,
                member_name=member_name,
                secret=secret,
                form_key=form_key,
                backlog=[asdict(task) for task in tasks],
            )
    except IntegrityError:
        # The same form at the same moment, and the other one was first.
        if made := find_opened(form_key, secret, membership.user):
            return made
        raise


def find_opened(form_key: str, secret: str, user: User | None) -> Member | None:
    """Returns the member that was made when the form was sent before; None where it was not.

    Raises:
        Conflict: (409) another browser sent the form.
    """
    found = session.scalars(select(PokerSession).where(PokerSession.form_key == form_key)).one_or_none()
    if found is None:
        return None
    digest, user_id = ids.digest(secret), user.id if user else None
    member = newest(found.id).value.member_of(digest, user_id)
    if member is None:
        raise Conflict("This form was sent already. Load it again to open another session.")
    return session.get_one(Member, member.id)


def start_session(
    membership: Membership,
    *,
    name: str,
    deck: str,
    cards: Sequence[str],
    options: Options,
    member_name: str,
    secret: str,
    form_key: str,
    series_id: str | None = None,
    backlog: Sequence[Mapping[str, str]] = (),
) -> Member:
    """Inserts a new session with its first member, inside the caller's transaction; everything has been checked.
    ``backlog`` are the tasks that it begins with, by field; without any it is a quick vote. A service only watches."""
    user_id = membership.user.id if membership.user else None
    now = clock.now()
    made = PokerSession(
        id=ids.new_id(),
        account_id=membership.account.id,
        user_id=user_id,
        series_id=series_id,
        code=unused_code(),
        name=name,
        deck=deck,
        cards=list(cards),
        form_key=form_key,
        created_at=now,
        current_task_id=ids.new_id(12),
        current_round_id=ids.new_id(12),
        version=1,
        tasks_version=1,
        published_version=1,
        **options.checked(),
    )
    session.add(made)
    session.flush()
    entitlements.pay_for_session(made.account_id, made.id, name=name, user_id=made.user_id)
    founder = Member(
        id=ids.new_id(12),
        session_id=made.id,
        secret_digest=ids.digest(secret),
        user_id=user_id,
        name=member_name,
        facilitates=True,
        votes=membership.program is None,
        is_program=membership.program is not None,
        joined_at=now,
        seen_at=now,
    )
    session.add(founder)
    session.add_all(_backlog(made, backlog or [{}]))
    session.flush()
    session.add(Round(id=made.current_round_id, task_id=made.current_task_id, number=1, opened_at=now))
    outbox.write_opened(session.connection(), made, tasks=len(backlog), at=now)
    after_commit(lambda: last_seen.note([founder.id], now))
    return founder


def _backlog(made: PokerSession, tasks: Sequence[Mapping[str, str]]) -> Iterator[Task]:
    """The first tasks of a session, the first of them on the table."""
    for place, said in enumerate(tasks):
        first = place == 0
        yield Task(
            id=made.current_task_id if first else ids.new_id(12),
            session_id=made.id,
            position=place,
            created_at=made.created_at,
            current_since=made.created_at if first else None,
            **said,
        )


def unused_code() -> str:
    while True:
        code = ids.new_code()
        if session.scalars(select(PokerSession.id).where(PokerSession.code == code)).one_or_none() is None:
            return code


def session_name(typed: str) -> str:
    """A session's name, trimmed, of 1 to 120 characters.

    Raises:
        Invalid: (422) no name, or a longer one.
    """
    name = one_line(typed)
    if not name:
        raise Invalid("Give the session a name, so that people know they are in the right place.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A session's name has at most {MAX_NAME} characters; this one has {len(name)}.", "name")
    return name


def read_tasks(typed: str) -> Pasted:
    """The tasks that a new session begins with, one a line; none where nothing was typed.

    Raises:
        Invalid: (422) there is no task in the list.
    """
    try:
        return imports.tasks_in(typed) if typed.strip() else Pasted([], [])
    except Refused as refused:
        raise Invalid(refused.sentence, "tasks") from refused


def cards_of(deck: str, own: str) -> tuple[str, ...]:
    """The cards of a deck by name, or the typed ones of an own deck.

    Raises:
        Invalid: (422) there is no such deck, or with what is wrong with the cards.
    """
    if deck == OWN_DECK:
        try:
            return own_cards(own)
        except Unusable as problem:
            raise Invalid(str(problem), "own") from problem
    if deck not in DECKS:
        raise Invalid("Choose one of the decks.", "deck")
    return DECKS[deck].cards


def find_by_code(typed: str) -> PokerSession:
    """The session with a join code, however it was typed (``k7q-mfd``).

    Raises:
        NotFound: (404) no session has it, or not any more: after its end a session has no code.
    """
    found = session.scalars(select(PokerSession).where(PokerSession.code == plain_code(typed))).one_or_none()
    if found is None or found.deleted_at or found.ended_at:
        raise NotFound("No session has that code. It may be mistyped, or the session has ended or was deleted.")
    return found


def change_options(who: Holder, *, name: str, options: Options) -> None:
    """Rename the session and change its options, from now on. Raises Invalid, naming the field."""
    change(who, partial(rules.change_options, checked=lambda: {"name": session_name(name), **options.checked()}))


def change_some_options(who: Holder, some: Callable[[Session], Mapping[str, Any]]) -> Session:
    """Changes those of the options, and the name, that ``some`` returns for the session as it is then. Returns the
    session after it. Raises Invalid, naming the field, and what ``some`` does."""

    def rule(value: Session, me: MemberValue, now: datetime) -> Change:
        def checked() -> Mapping[str, Any]:
            typed = dict(some(value))
            name = session_name(typed.pop("name", value.name))
            return {"name": name, **replace(Options.of(value), **typed).checked()}

        return rules.change_options(value, me, now, checked=checked)

    return change(who, rule).value


def end_session(who: Holder) -> None:
    """Ends the session for all members. Ending an ended session changes nothing."""
    with transaction():
        made = change_within(who.session_id, by_member(who, rules.end, after_end=True))
        _give_back_unused(made)


def end_forgotten(session_id: str, by: str) -> None:
    """Ends a session that was left open, as of when a member was last seen or the current task was taken up."""
    value = lock(session_id)
    seen = session.scalar(select(func.max(Member.seen_at)).where(Member.session_id == session_id))
    moments = [moment for moment in (seen or clock.now(), value.task.current_since) if moment]
    made = change_within(session_id, lambda value, now: rules.end_as_of(value, max(moments), by=by))
    _give_back_unused(made)


def _give_back_unused(made: Change) -> None:
    """Gives the credit back for a session that ended before its first reveal."""
    if made.happened and not made.value.used:
        entitlements.give_back_session(made.value.account_id, made.value.id)


def reopen_session(who: Holder) -> None:
    """Reopens a session that ended less than a day ago, without paying again. One that is running stays so."""
    with transaction():
        made = change_within(who.session_id, by_member(who, rules.reopen, after_end=True))
        if made.happened:
            value = made.value
            entitlements.pay_again(value.account_id, value.id, name=value.name, user_id=_user_of(who, value))


def _user_of(who: Holder, value: Session) -> str | None:
    me = value.member_of(who.secret_digest, who.user_id)
    return me.user_id if me else None


def is_fresh(value: Session | PokerSession) -> bool:
    """Whether a session ended recently enough for a facilitator to reopen it."""
    return value.ended_at is not None and clock.now() - value.ended_at <= rules.REOPENED_WITHIN
