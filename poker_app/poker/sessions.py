"""Opening a session, and its end."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from poker_app import clock, ids
from poker_app.accounts.acting import Acting
from poker_app.accounts.models import User
from poker_app.billing import gate
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.poker import tasks
from poker_app.poker.models import Member, PokerSession, Round, Task
from poker_app.poker.names import SPACING, clean_name
from poker_app.poker.options import Options
from poker_app.poker.reveal import reveal_if_complete
from poker_app.poker.seats import find_member
from poker_app.poker.turn import Turn, turn
from poker_app.rules import Unusable
from poker_app.rules.deck import DECKS, own_cards
from poker_app.rules.printable import without_hidden

OWN_DECK = "own"
MAX_NAME = 120
REOPENED_WITHIN = timedelta(hours=24)


def open_session(
    acting: Acting,
    *,
    name: str,
    deck: str,
    own: str,
    options: Options,
    member_name: str,
    secret: str,
    form_key: str,
) -> Member:
    """Open a session on an account's behalf; whoever opens it facilitates and gets a hand of cards. Answers with that
    member.

    ``own`` are the typed cards of an own deck. ``form_key`` names the form that was sent: sent again, it answers with
    the session that it opened. Raises Invalid, naming the field, and Conflict for a form that another browser sent.
    """
    name = session_name(name)
    member_name = clean_name(member_name)
    cards = cards_of(deck, own)
    try:
        with transaction():
            return find_opened(form_key, secret, acting.user) or open_table(
                acting,
                name=name,
                deck=deck,
                cards=cards,
                options=options,
                member_name=member_name,
                secret=secret,
                form_key=form_key,
            )
    except IntegrityError:
        # The same form at the same moment, and the other one was first.
        if made := find_opened(form_key, secret, acting.user):
            return made
        raise


def find_opened(form_key: str, secret: str, user: User | None) -> Member | None:
    """The seat that somebody got by sending this form before. Raises Conflict for a form that somebody else sent."""
    found = session.scalars(select(PokerSession).where(PokerSession.form_key == form_key)).one_or_none()
    if found is None:
        return None
    member = find_member(found.id, secret, user)
    if member is None:
        raise Conflict("This form was sent already. Load it again to open another session.")
    return member


def open_table(
    acting: Acting,
    *,
    name: str,
    deck: str,
    cards: Sequence[str],
    options: Options,
    member_name: str,
    secret: str,
    form_key: str,
    series_id: str | None = None,
) -> Member:
    """A new session with its founder, inside the caller's transaction; everything has been checked."""
    user_id = acting.user.id if acting.user else None
    now = clock.now()
    table = PokerSession(
        id=ids.new_id(),
        account_id=acting.account.id,
        user_id=user_id,
        series_id=series_id,
        code=_unused_code(),
        name=name,
        deck=deck,
        cards=list(cards),
        form_key=form_key,
        created_at=now,
        version=1,
        agenda=1,
        published_version=1,
    )
    options.put_on(table)
    session.add(table)
    session.flush()
    gate.pay_for_session(table.account_id, table.id, name=name, user_id=table.user_id)
    founder = Member(
        id=ids.new_id(12),
        session_id=table.id,
        secret_digest=ids.digest(secret),
        user_id=user_id,
        name=member_name,
        facilitates=True,
        joined_at=now,
        seen_at=now,
    )
    session.add(founder)
    tasks.start_untitled(table, now)
    return founder


def _unused_code() -> str:
    while True:
        code = ids.new_code()
        if session.scalars(select(PokerSession.id).where(PokerSession.code == code)).one_or_none() is None:
            return code


def session_name(typed: str) -> str:
    """A session's name, trimmed, of 1 to 120 characters."""
    name = " ".join(without_hidden(typed, keep=SPACING).split())
    if not name:
        raise Invalid("Give the session a name, so that people know they are in the right place.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A session's name has at most {MAX_NAME} characters; this one has {len(name)}.", "name")
    return name


def cards_of(deck: str, own: str) -> tuple[str, ...]:
    """The cards of a deck by name, or the typed ones of an own deck. Raises Invalid with what is wrong with them."""
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


def plain_code(typed: str) -> str:
    """A join code as it is stored: letters and digits only, in capitals."""
    return "".join(character for character in typed.upper() if character.isalnum())


def change_options(member: Member, *, name: str, options: Options) -> None:
    """Rename the session and change its options, from now on."""
    with turn(member) as now:
        now.require_facilitator("change the session's options")
        now.table.name = session_name(name)
        options.put_on(now.table)
        now.announce("options-changed", agenda=True)
        reveal_if_complete(now)


def end_session(member: Member) -> None:
    """End it for everybody. Ending an ended session changes nothing."""
    with turn(member, after_end=True) as now:
        now.require_facilitator("end the session")
        if now.table.ended_at:
            return
        tasks.leave_current(now.table, now.now)
        now.table.ended_at = now.now
        now.table.ended_by = now.member.name
        if not was_used(now.table):
            gate.give_back_session(now.table.account_id, now.table.id)
        now.table.timer_ends_at = now.table.timer_remaining = None
        now.announce("session-ended", agenda=True)


def end_forgotten(now: Turn, by: str) -> None:
    """End a session that nobody ended, as of the moment when somebody was last there."""
    seen = select(func.max(Member.seen_at)).where(Member.session_id == now.table.id)
    at = session.scalar(seen) or now.now
    if (task := session.get(Task, now.table.current_task_id)) and task.current_since:
        at = max(at, task.current_since)
    tasks.leave_current(now.table, at)
    now.table.ended_at, now.table.ended_by = at, by
    if not was_used(now.table):
        gate.give_back_session(now.table.account_id, now.table.id)
    now.table.timer_ends_at = now.table.timer_remaining = None
    now.announce("session-ended", agenda=True)


def was_used(table: PokerSession) -> bool:
    """Whether cards were turned over in it: until then a session has cost nothing."""
    revealed = select(Round.id).join(Task, Task.id == Round.task_id)
    found = revealed.where(Task.session_id == table.id, Round.revealed_at.is_not(None)).limit(1)
    return session.scalars(found).first() is not None


def reopen_session(member: Member) -> None:
    """Go on with a session that ended less than a day ago, without paying again. One that is running stays so."""
    with turn(member, after_end=True) as now:
        now.require_facilitator("reopen the session")
        if now.table.ended_at is None:
            return
        if not is_fresh(now.table):
            raise Conflict("A session can be reopened for a day after its end. Copy it to go on with its tasks.")
        gate.pay_again(now.table.account_id, now.table.id, name=now.table.name, user_id=now.member.user_id)
        now.table.ended_at = now.table.ended_by = None
        if task := session.get(Task, now.table.current_task_id):
            task.current_since = now.now
        now.announce("session-reopened", agenda=True)


def may_reopen(member: Member) -> bool:
    """Whether a member may go on with their session, which has ended."""
    return member.facilitates and is_fresh(member.session)


def is_fresh(table: PokerSession) -> bool:
    """Whether a session has ended so short a time ago that a facilitator may go on with it."""
    return table.ended_at is not None and clock.now() - table.ended_at <= REOPENED_WITHIN
