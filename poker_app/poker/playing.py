"""Cards are played: what is done most often, with statements instead of objects, and in company (``db.write``).

Who waited together plays together, at whichever tables: what they need is read at once, each plays in turn, and what
they did is written at once. It decides as ``turn`` does, on rows that nobody else is changing at that moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from poker_app import clock
from poker_app.errors import Conflict, NotFound, Refusal
from poker_app.poker import statements
from poker_app.poker.seats import DELETED, LEFT, NOT_SEATED, REMOVED
from poker_app.rules import Refused
from poker_app.rules import round as rules
from poker_app.rules.roles import AWAITED_FOR, has_left

# A member who asks for something is here; that is written at most this often.
NOTE_EVERY = timedelta(seconds=20)


class Holder(NamedTuple):
    """Who plays, by what their browser holds: the digest of a guest's secret, a signed-in user, or both."""

    session_id: str
    secret_digest: str | None
    user_id: str | None


class Play(NamedTuple):
    """A card that somebody plays in a round."""

    holder: Holder
    round_id: str
    card: str
    at: datetime


@dataclass(slots=True)
class Played:
    """The table's version with the card on it, and what there is to tell, each with its version."""

    version: int
    news: list[tuple[str, int]] = field(default_factory=list)

    def tell(self, event: str) -> None:
        self.version += 1
        self.news.append((event, self.version))


def play(connection: Connection, plays: Sequence[Play]) -> list[Played | Exception]:
    """The cards go on their tables, or take the place of those there: one answer for each, NotFound and ``Refused``
    among them."""
    tables = _Tables(connection, [each.holder for each in plays])
    answers = [_in_turn(tables, each) for each in plays]
    tables.write(connection)
    return answers


def _in_turn(tables: "_Tables", one: Play) -> Played | Exception:
    try:
        return tables.take(one)
    except (Refusal, Refused) as refusal:
        return refusal


class _Tables:
    """What is known of some tables while they are held, and what is to be written there."""

    def __init__(self, connection: Connection, holders: Sequence[Holder]) -> None:
        here: dict[str, Any] = {"session_ids": sorted({each.session_id for each in holders})}
        self._tables = {row.id: row for row in connection.execute(statements.LOCKED, here)}
        users = [each.user_id for each in holders if each.user_id]
        asking = {**here, "digests": [each.secret_digest for each in holders if each.secret_digest]}
        found = connection.execute(statements.USERS, {**asking, "user_ids": users}) if users else None
        self._members: dict[tuple[str, str | None, str | None], Any] = {}
        for row in found if found is not None else connection.execute(statements.GUESTS, asking):
            seat = (None, row.user_id) if row.user_id else (row.secret_digest, None)
            self._members[row.session_id, *seat] = row
        self._versions = {key: row.version for key, row in self._tables.items()}
        self._waited_for = self._who_is_waited_for(connection)
        self._cards: list[dict[str, Any]] = []
        self._seen: dict[str, datetime] = {}
        self._turned: dict[str, dict[str, Any]] = {}

    def _who_is_waited_for(self, connection: Connection) -> dict[str, dict[str, bool]]:
        """At the tables that reveal by themselves: who is there to vote or lost only now, and whether they have."""
        waited_for: dict[str, dict[str, bool]] = {key: {} for key, row in self._tables.items() if row.auto_reveal}
        if waited_for:
            asking = {"session_ids": list(waited_for), "lost_before": clock.now() - AWAITED_FOR}
            for row in connection.execute(statements.WAITED_FOR, asking):
                waited_for[row.session_id][row.id] = row.voted is not None
        return waited_for

    def take(self, one: Play) -> Played:
        """One card is played."""
        table, member = self._table(one.holder), self._member(one.holder)
        if has_left(member.left_at, member.away_since) and not table.ended_at:
            raise Conflict(LEFT)
        revealed = member.revealed_at is not None or table.id in self._turned
        rules.may_vote(
            card=one.card,
            cards=table.cards,
            votes_here=member.votes,
            is_current=one.round_id == table.current_round_id,
            revealed=revealed,
            change_after_reveal=table.change_after_reveal,
            ended=table.ended_at is not None,
        )
        played = Played(self._versions[table.id])
        self._note_seen(member, one.at, played)
        self._cards.append({"round_id": one.round_id, "who": member.id, "card": one.card, "at": one.at})
        played.tell("vote")
        if not revealed and self._complete(table.id, member.id):
            self._turned[table.id] = {"which": one.round_id, "at": one.at, "hidden": table.names_hidden}
            played.tell("round-revealed")
        self._versions[table.id] = played.version
        return played

    def _complete(self, session_id: str, member_id: str) -> bool:
        here = self._waited_for.get(session_id)
        if here is None:
            return False
        here[member_id] = True
        return rules.everyone_voted(here, [who for who, voted in here.items() if voted])

    def _table(self, holder: Holder) -> Any:
        table = self._tables.get(holder.session_id)
        if table is None:
            raise NotFound(NOT_SEATED)
        if table.deleted_at:
            raise NotFound(DELETED)
        return table

    def _member(self, holder: Holder) -> Any:
        here, digest, user_id = holder
        member = self._members.get((here, None, user_id)) if user_id else None
        member = member or (self._members.get((here, digest, None)) if digest else None)
        if member is None:
            raise NotFound(NOT_SEATED)
        if member.removed_at:
            raise NotFound(REMOVED)
        return member

    def _note_seen(self, member: Any, at: datetime, played: Played) -> None:
        if member.id in self._seen:
            return
        back = member.away_since is not None or member.left_at is not None
        if back:
            played.tell("member-joined")
        if back or at - member.seen_at >= NOTE_EVERY:
            self._seen[member.id] = at

    def write(self, connection: Connection) -> None:
        """All that was done."""
        if not self._cards:
            return
        if self._seen:
            connection.execute(statements.SEEN, [{"who": who, "at": at} for who, at in self._seen.items()])
        connection.execute(statements.PLAYED[connection.dialect.name], self._cards)
        if self._turned:
            connection.execute(statements.TURNED, list(self._turned.values()))
            connection.execute(statements.STOPPED, [{"which": key} for key in self._turned])
        counted = [
            {"which": key, "to": version}
            for key, version in self._versions.items()
            if version != self._tables[key].version
        ]
        connection.execute(statements.COUNTED, counted)
