"""A session played through the actions, with a held clock: what reports and exports are checked against."""

from poker_app.accounts.acting import home_of
from poker_app.db import session
from poker_app.poker import members, reveal, sessions, tasks, voting
from poker_app.poker.models import Round
from poker_app.poker.report import Report, report_of

SECRETS = {name: f"{place:032x}" for place, name in enumerate(("Ada", "Ben", "Cleo", "Gus"))}


class Played:
    """Ada, who facilitates, Ben and Gus vote, and Cleo watches. The first minute goes into sitting down."""

    def __init__(self, clock, *, name="Checkout team, sprint 42", deck="fibonacci", own="", **options):
        self.clock = clock
        self.ada = sessions.open_session(
            home_of(None),
            name=name,
            deck=deck,
            own=own,
            options=sessions.Options(**options),
            member_name="Ada",
            secret=SECRETS["Ada"],
            form_key="form",
        )
        self.voters = [self.ada]
        for member_name in ("Ben", "Cleo", "Gus"):
            clock.forward(seconds=1)
            votes = member_name != "Cleo"
            member = members.join(self.ada.session, name=member_name, votes=votes, secret=SECRETS[member_name])
            self.voters += [member] if votes else []
        clock.forward(seconds=57)

    def votes(self, cards: str) -> None:
        """``"3 5 8"``: Ada, Ben and Gus, in this order."""
        round_id = self.ada.session.current_round_id
        for member, card in zip(self.voters, cards.split(), strict=True):
            voting.cast_vote(member, round_id, card)

    def round(self, cards: str, seconds: int = 30) -> None:
        """Votes and, after so many seconds, the reveal. After a reveal it is the next round."""
        round_id = self.ada.session.current_round_id
        if session.get_one(Round, round_id).revealed_at:
            voting.vote_again(self.ada, round_id)
        self.votes(cards)
        self.clock.forward(seconds=seconds)
        reveal.reveal(self.ada, self.ada.session.current_round_id)

    def finalize(self, estimate: str, note: str = "") -> None:
        voting.finalize(self.ada, self.ada.session.current_task_id, estimate=estimate, note=note)

    def to_the_end(self) -> "Played":
        """Three tasks: settled at once, settled in two rounds, and skipped."""
        tasks.add_tasks(
            self.ada,
            "https://acme.example/browse/PAY-1 Show saved cards\nPAY-2 Refund to the original method\nTidy up",
        )
        self.round("3 3 5", seconds=70)
        self.finalize("3")
        self.round("2 5 21", seconds=100)
        self.round("8 8 ?", seconds=20)
        self.finalize("8", note="The old gateway cannot refund.")
        self.clock.forward(seconds=15)
        tasks.skip_task(self.ada, self.ada.session.current_task_id)
        sessions.end_session(self.ada)
        return self

    @property
    def path(self) -> str:
        return f"/sessions/{self.ada.session_id}"

    @property
    def report(self) -> Report:
        return report_of(self.ada.session)
