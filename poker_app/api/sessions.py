"""Sessions: listed, opened, read, their options changed, ended and reopened."""

from collections.abc import Mapping
from typing import Any, Literal

from flask import request
from pydantic import Field

from poker_app import imports, rate_limits
from poker_app.accounts import decks
from poker_app.accounts.api_tokens import Caller
from poker_app.api.models import Page, Paging, Taken
from poker_app.api.operations import operation
from poker_app.api.paging import page_of
from poker_app.api.problems import fields_named
from poker_app.api.session_models import (
    OptionsGiven,
    SessionGiven,
    SessionSummary,
    TaskFields,
    session_given,
    task_lines,
)
from poker_app.errors import Invalid
from poker_app.poker.members import members, presence
from poker_app.poker.models import PokerSession
from poker_app.poker.reports import dashboard
from poker_app.poker.session import access, join_codes, lifecycle
from poker_app.poker.session.options import Options
from poker_app.poker.value.current import newest
from poker_app.rules.deck import DECKS
from poker_app.rules.imports.pasted import Pasted
from poker_app.rules.session.tasks import MAX_TASKS
from poker_app.rules.session.value import SWITCHES, Member, Session


class OptionsTaken(Taken):
    """Options of a session. Those that are left out stay as they are; in a new session they are off."""

    auto_reveal: bool | None = Field(None, description="The cards turn over once everybody present has voted.")
    anyone_reveals: bool | None = Field(None, description="Every voter may reveal the cards.")
    change_after_reveal: bool | None = Field(None, description="Votes may change after the reveal.")
    names_hidden: bool | None = Field(None, description="Revealed cards are shown without names.")
    anyone_adds_files: bool | None = Field(None, description="Every member may add files to tasks.")
    teammates_only: bool | None = Field(None, description="Only teammates of the account may join.")
    timer_length: int | None = Field(None, description="Seconds.")
    password: str | None = Field(None, description="Asked of everybody who joins and is no teammate; empty for none.")

    def chosen(self) -> dict[str, Any]:
        """The fields of ``Options`` that are given. Raises Invalid for a password that cannot be used."""
        given = {name: chosen for name in (*SWITCHES, "timer_length") if (chosen := getattr(self, name)) is not None}
        if self.password is not None:
            given["password_hash"] = access.hashed(self.password) if self.password else None
        return given


class WithDeck(OptionsTaken):
    """A deck, and options."""

    deck: str = Field(
        "fibonacci", description=f"{', '.join(DECKS)}, `own` with `cards`, or the id of an account's deck."
    )
    cards: list[str] = Field([], description="The cards of an own deck, lowest first.", max_length=50)

    def deck_of(self, account_id: str) -> dict[str, str]:
        """The deck as a form names it: by its name, or as typed cards.

        Raises:
            Invalid: (422) there are cards beside another deck than an own one.
        """
        if self.cards and self.deck != lifecycle.OWN_DECK:
            raise Invalid(f"Cards are for the deck “{lifecycle.OWN_DECK}”.", "cards")
        if chosen := decks.chosen(account_id, f"{decks.OWN}{self.deck}"):
            return {"deck": lifecycle.OWN_DECK, "own": decks.as_typed(chosen)}
        return {"deck": self.deck, "own": ", ".join(self.cards)}


class NewSession(WithDeck):
    """A session to open."""

    name: str = Field("", description="Without one it is named after the day.", examples=["Sprint 42"])
    member_name: str | None = Field(
        None, description="How the token's own member is called: by default like the person."
    )
    votes: bool | None = Field(
        None, description="Whether the token's own member votes. By default a person does, and a service only watches."
    )
    tasks: list[TaskFields] = Field(
        [],
        max_length=MAX_TASKS,
        description="The backlog, in order.",
        examples=[[{"title": "Pay by card", "key": "PAY-12"}, {"title": "Refunds"}]],
    )
    text: str = Field("", description="Or the backlog as people paste it: a list with a task a line, or a table.")


class SessionOpened(SessionGiven):
    """The opened session."""

    left_out: list[str] = Field(description="A sentence for each thing in `text` that was not taken as it stood.")


class ChangedOptions(OptionsTaken):
    """Options to change, and the session's name."""

    name: str | None = None


class WhichSessions(Paging):
    """Which sessions are listed."""

    show: Literal["past", "live", "mine", "archived"] = "live"
    name: str = Field("", max_length=120, description="Part of the session's name.")


@operation("GET", "/sessions", "sessions:read")
def list_sessions(caller: Caller, query: WhichSessions) -> Page[SessionSummary]:
    """List sessions, the newest first.

    Those of the token's account; under `mine` those of them in which the token has a member.
    """
    tables, onward = page_of(
        query,
        lambda after, most: dashboard.page_after(
            caller.membership, caller.secret, show=query.show, name=query.name, after=after, most=most
        ),
        lambda table: (table.created_at, table.id),
    )
    return Page[SessionSummary](items=[SessionSummary.of(each) for each in tables], next_cursor=onward)


@operation("POST", "/sessions", "sessions:write", status=201)
def open_session(caller: Caller, body: NewSession, key: str) -> SessionOpened:
    """Open a session.

    It costs the account one credit. The token's member facilitates it; where that is a service, the first teammate who
    joins becomes a facilitator too.
    """
    rate_limits.spend(lifecycle.OPENED.of_network(request.remote_addr or ""))
    backlog = _backlog(body)
    with fields_named(own="cards"):
        member = lifecycle.open_session(
            caller.membership,
            name=body.name,
            **body.deck_of(caller.membership.account.id),
            options=Options(**body.chosen()),
            member_name=body.member_name or caller.member_name,
            secret=caller.secret,
            form_key=key,
            tasks=backlog.tasks,
        )
    join_codes.note_known(member.session, request.remote_addr or "")
    votes = body.votes if body.votes is not None else caller.user is not None
    if member.votes != votes:
        members.set_votes(member, votes)
    return SessionOpened(**dict(session_given(member.session_id, caller)), left_out=backlog.left_out)


def _backlog(body: NewSession) -> Pasted:
    if body.tasks and body.text:
        raise Invalid("Send either “tasks” or “text”.", "tasks")
    return imports.tasks_in(body.text) if body.text else Pasted(task_lines(body.tasks), [])


@operation("GET", "/sessions/{session_id}", "sessions:read")
def read_session(caller: Caller, table: PokerSession) -> SessionGiven:
    """Read a session: its members, the task on the table and the round.

    Ask with `If-None-Match` to watch it: the answer is 304 while nothing has changed.
    """
    presence.sweep(table.id)
    return session_given(table.id, caller)


@operation("GET", "/sessions/{session_id}/options", "sessions:read")
def read_options(table: PokerSession) -> OptionsGiven:
    """Read a session's name and options."""
    return OptionsGiven.of(newest(table.id).value)


@operation("PATCH", "/sessions/{session_id}/options", "sessions:write")
def change_options(member: Member, body: ChangedOptions, if_match: str | None) -> OptionsGiven:
    """Rename a session and change its options, from now on. Facilitators may."""

    # A password is hashed here: inside, the database's lock would be held meanwhile.
    chosen = {**body.chosen(), **({} if body.name is None else {"name": body.name})}

    def some(value: Session) -> Mapping[str, Any]:
        OptionsGiven.of(value).check_match(if_match)
        return chosen

    return OptionsGiven.of(lifecycle.change_some_options(member, some))


@operation("POST", "/sessions/{session_id}/end", "sessions:write")
def end_session(caller: Caller, member: Member) -> SessionGiven:
    """End a session for everybody. Facilitators may. Ending it again changes nothing."""
    lifecycle.end_session(member)
    return session_given(member.session_id, caller)


@operation("POST", "/sessions/{session_id}/reopen", "sessions:write")
def reopen_session(caller: Caller, member: Member) -> SessionGiven:
    """Reopen a session within 24 hours of its end. Facilitators may."""
    lifecycle.reopen_session(member)
    return session_given(member.session_id, caller)
