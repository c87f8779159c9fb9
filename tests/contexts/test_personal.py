"""My data: the download holds everything about me, and after erasing nothing of me is found anywhere."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from poker_app import ids
from poker_app.accounts import audit, mailed_links, profile, sign_ins
from poker_app.accounts.acting import Acting, acting_for, make_account
from poker_app.accounts.models import (
    Account,
    AuditEntry,
    ClerkMember,
    Identity,
    Invitation,
    MailToken,
    RecoveryCode,
    Removal,
    SignIn,
    Teammate,
    User,
)
from poker_app.billing.models import CreditTxn
from poker_app.db import Base, session, transaction
from poker_app.errors import Conflict, Invalid
from poker_app.poker import keeping, members, personal, seats, sessions
from poker_app.poker.models import Member, PokerSession
from tests.cast import Clock, add_user
from tests.world.actions import Room, open_session

NAME, EMAIL = "Zoë Quillfeather", "zoe@quillfeather.example"
SECRET = "d" * 32


class Life:
    """What somebody leaves behind: an account that others own too, one of their own, seats, and rows everywhere."""

    def __init__(self, room: Room, clock: Clock) -> None:
        self.zoe, self.olga = add_user(NAME, EMAIL), add_user("Olga")
        self.shared = make_account(self.zoe, f"{NAME}’s team").account
        self.alone = make_account(self.zoe, "Zoë alone").account
        zoe, shared, now = self.zoe.id, self.shared.id, clock.now()
        acting = Acting(self.shared, "owner", self.zoe)
        self.opened = self.opens(acting, "Ours")
        self.own = self.opens(Acting(self.alone, "owner", self.zoe), "Mine")
        self.table = room.table
        self.guest = room.seat(NAME, secret=SECRET, user=self.zoe)
        room.plays(self.guest, "5")
        sessions.end_session(self.opened)
        keeping.archive(acting, None, self.opened.session_id)
        with transaction():
            session.add_all(
                [
                    RecoveryCode(user_id=zoe, digest="r" * 64),
                    Identity(
                        issuer="https://id.example",
                        subject="zoe-1",
                        user_id=zoe,
                        provider="oidc",
                        email=EMAIL,
                        linked_at=now,
                        used_at=now,
                    ),
                    ClerkMember(group_id="org", subject="zoe-1", role=None, news_at=now),
                    Removal(account_id=room.table.account_id, user_id=zoe, removed_at=now),
                    self.invites(shared, "one", email="new@example.com", by=zoe),
                    self.invites(room.table.account_id, "two", email=EMAIL),
                    CreditTxn(
                        account_id=shared, key="k", kind="spend", amount=-1, balance_after=0, user_id=zoe, at=now
                    ),
                    Teammate(account_id=shared, user_id=self.olga.id, role="owner", joined_at=now),
                ]
            )
            audit.note(shared, self.olga, "ownership-given", NAME, self.zoe)
            audit.note(shared, self.olga, "invited", EMAIL)
        mailed_links.make("new-email", EMAIL, user_id=zoe, name=NAME)
        mailed_links.make("sign-in", EMAIL, onward="/")
        sign_ins.begin(self.zoe, browser="Firefox", address="192.0.2.7")

    def opens(self, acting: Acting, name: str) -> Member:
        return open_session(NAME, membership=acting, name=name, secret=SECRET)

    @staticmethod
    def invites(account: str, digest: str, *, email: str, by: str | None = None) -> Invitation:
        from poker_app import clock

        return Invitation(
            id=ids.new_id(),
            account_id=account,
            digest=digest,
            email=email,
            role="facilitator",
            invited_by=by,
            sent_at=clock.now(),
            expires_at=clock.now() + timedelta(days=7),
        )


@pytest.fixture
def life(room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Life:
    monkeypatch.setattr("poker_app.accounts._open", False)
    return Life(room, clock)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The members whose connections were ended."""
    heard: list[str] = []
    monkeypatch.setattr("poker_app.realtime.end_connections", lambda member: not heard.append(member))
    return heard


def pointing() -> set[str]:
    """Every column that points to a user."""
    tables = Base.metadata.sorted_tables
    keys = {key for table in tables for key in table.foreign_keys if key.column.table.name == "app_user"}
    return {f"{key.parent.table.name}.{key.parent.name}" for key in keys}


def test_no_column_that_points_to_a_user_is_forgotten() -> None:
    assert pointing() == personal.TRACES.keys()
    titles = [trace.title for trace in personal.TRACES.values()]
    assert len(titles) == len(set(titles))


def test_the_download_holds_all_of_it_and_no_secret(life: Life, room: Room) -> None:
    with room.nothing_happens():
        found = personal.everything(life.zoe)
    told = json.loads(json.dumps(found))
    empty = [title for title, rows in told.items() if title != "format" and not rows]
    assert empty == []
    assert told["user"]["email"] == EMAIL
    assert {seat["session"] for seat in told["seats"]} == {"Checkout team", "Ours", "Mine"}
    assert [vote["card"] for seat in told["seats"] for vote in seat["votes"]] == ["5"]
    assert {row["name"] for row in told["sessions_opened"]} == {"Ours", "Mine"}
    text = json.dumps(told)
    for secret in ("digest", "password_hash", "r" * 64, ids.digest(SECRET), "secret"):
        assert secret not in text
    other = json.dumps(personal.everything(life.olga))
    assert NAME not in json.loads(other)["user"].values()
    assert json.loads(other)["seats"] == []


def everywhere() -> dict[str, str]:
    """All that the database holds, as text, by table."""
    found = {}
    for table in Base.metadata.sorted_tables:
        rows = session.execute(select(table)).all()
        found[table.name] = "\n".join(json.dumps([str(value) for value in row], ensure_ascii=False) for row in rows)
    return found


def test_nothing_is_left_anywhere(life: Life, room: Room, ended: list[str]) -> None:
    zoe, taken, played = life.zoe.id, [life.guest.id, life.opened.id], life.table.current_round_id
    before = everywhere()
    for trace in (NAME, EMAIL, zoe, "zoe-1", "192.0.2.7", ids.digest(SECRET)):
        assert any(trace in text for text in before.values()), trace
    room.announced.clear()
    personal.erase(life.zoe, f" {EMAIL.upper()} ")
    session.rollback()
    after = everywhere()
    for trace in (NAME, EMAIL, zoe, "zoe-1", "192.0.2.7", ids.digest(SECRET)):
        assert [name for name, text in after.items() if trace in text] == [], trace
    # What belongs to others is there.
    assert session.get_one(Account, life.shared.id).name == "A team"
    assert room.cards(played) == {"Former member": "5"}
    table = session.query(PokerSession).filter_by(name="Ours").one()
    assert (table.user_id, table.ended_by) == (None, "Former member")
    assert session.query(PokerSession).filter_by(name="Mine").count() == 0
    assert session.query(Account).filter_by(name="Zoë alone").count() == 0
    assert session.query(Invitation).one().withdrawn_at
    # Who sits there hears of it, and every connection ends.
    assert room.announced == ["member-left"]
    assert set(taken) <= set(ended)
    assert seats.find_member(life.table.id, SECRET) is None


def test_nothing_is_left_of_an_address_from_before(life: Life, clock: Clock, ended: list[str]) -> None:
    with transaction():
        session.query(Invitation).filter_by(email=EMAIL).update({"accepted_at": clock.now()})
        session.execute(delete(MailToken))  # they expire, and go by themselves
    secret = mailed_links.make("new-email", "zoe@elsewhere.example", user_id=life.zoe.id)
    profile.follow(life.zoe, secret)
    log = session.query(AuditEntry.about).filter_by(action="invited")
    assert log.one() == (EMAIL,)  # nobody learns the new one from it
    personal.erase(life.zoe, "zoe@elsewhere.example")
    session.rollback()
    for trace in (EMAIL, "zoe@elsewhere.example"):
        assert [name for name, text in everywhere().items() if trace in text] == [], trace
    assert log.one() == (audit.NOBODY,)


def test_an_open_invitation_is_for_whoever_has_the_address(life: Life) -> None:
    profile.follow(life.zoe, mailed_links.make("new-email", "zoe@elsewhere.example", user_id=life.zoe.id))
    assert session.query(Invitation).filter_by(digest="two").one().email == EMAIL


def test_former_members_are_told_apart(life: Life, room: Room, ended: list[str]) -> None:
    otto = members.join(life.table, name="Former member", votes=True, secret="e" * 32)
    personal.erase(life.zoe, EMAIL)
    assert session.get_one(Member, life.guest.id).name == "Former member 2"
    assert otto.name == "Former member"


def test_it_is_confirmed_by_the_address(life: Life, room: Room, ended: list[str]) -> None:
    for typed in ("", "zoe", NAME, "olga@example.com"):
        with room.refused(422, f"Type {EMAIL} to confirm."):
            personal.erase(life.zoe, typed)
    life.zoe.email = None
    session.commit()
    with pytest.raises(Invalid):
        personal.erase(life.zoe, EMAIL)
    personal.erase(life.zoe, NAME)
    assert session.query(User).filter_by(name=NAME).count() == 0


def test_the_only_owner_of_a_team_stays(life: Life, room: Room, ended: list[str]) -> None:
    olgas = session.get_one(Teammate, (life.shared.id, life.olga.id))
    olgas.role = "admin"
    session.commit()
    assert personal.farewell(life.zoe).stuck == (life.shared,)
    with room.refused(409):
        personal.erase(life.zoe, EMAIL)
    assert ended == []
    assert acting_for(life.zoe, life.shared.id)
    session.get_one(Teammate, (life.shared.id, life.olga.id)).role = "owner"
    session.commit()
    leaving = personal.farewell(life.zoe)
    assert (leaving.alone, leaving.kept, leaving.stuck, leaving.sessions) == ((life.alone,), (life.shared,), (), 1)
    personal.erase(life.zoe, EMAIL)


def test_whoever_is_left_keeps_their_own(life: Life, ended: list[str]) -> None:
    sign_ins.begin(life.olga, browser="Firefox", address="192.0.2.8")
    olga = life.olga.id
    personal.erase(life.zoe, EMAIL)
    assert session.query(SignIn).one().user_id == olga
    assert session.get_one(Teammate, (life.shared.id, olga)).role == "owner"
    assert session.query(MailToken).count() == 0


def test_every_row_that_goes_by_itself_is_said_to(life: Life) -> None:
    """A row that the database neither deletes with the user nor lets go of would keep the user from going."""
    for name in pointing():
        table, column = name.split(".")
        [key] = Base.metadata.tables[table].columns[column].foreign_keys
        assert key.ondelete in ("CASCADE", "SET NULL"), name


def test_the_refusal_names_the_account(life: Life) -> None:
    session.get_one(Teammate, (life.shared.id, life.olga.id)).role = "admin"
    session.commit()
    with pytest.raises(Conflict, match="only owner"):
        personal.erase(life.zoe, EMAIL)
