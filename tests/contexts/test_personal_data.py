"""My data: the download holds everything about me, and after erasing nothing of me is found anywhere."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import JSON, Integer, String, Table, delete, select, update
from sqlalchemy.exc import StatementError

from poker_app import clock, ids
from poker_app.accounts import api_tokens, audit_log, profile
from poker_app.accounts.memberships import Membership, make_account, membership_for
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
from poker_app.accounts.signin import login_sessions, mail_tokens
from poker_app.billing.models import CreditTxn, SentLetter
from poker_app.db import Base, Document, session, transaction
from poker_app.errors import Conflict, Invalid
from poker_app.poker import personal_data
from poker_app.poker.members import member_lookup, members
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.session import archiving, lifecycle
from poker_app.rules.data_kinds import COLUMNS, JSON_KEYS, Whose
from poker_app.rules.data_kinds import SECRET as SECRET_KIND
from poker_app.trackers.models import TrackerConnection
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.cast import Clock, add_user
from tests.world.actions import Room, open_session

NAME, EMAIL = "Zoë Quillfeather", "zoe@quillfeather.example"
TOKEN = "Zoë at a shell"
SECRET = "d" * 32
PLANTED = "~~"


class Life:
    """What somebody leaves behind: an account that others own too, one of their own, seats, and rows everywhere."""

    def __init__(self, room: Room, clock: Clock) -> None:
        self.zoe, self.olga = add_user(NAME, EMAIL), add_user("Olga")
        self.shared = make_account(self.zoe, f"{NAME}’s team").account
        self.alone = make_account(self.zoe, "Zoë alone").account
        zoe, shared, now = self.zoe.id, self.shared.id, clock.now()
        membership = Membership(self.shared, "owner", self.zoe)
        self.opened = self.opens(membership, "Ours")
        self.own = self.opens(Membership(self.alone, "owner", self.zoe), "Mine")
        self.table = room.table
        self.guest = room.seat(NAME, secret=SECRET, user=self.zoe)
        room.plays(self.guest, "5")
        lifecycle.end_session(self.opened)
        archiving.archive(membership, None, self.opened.session_id)
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
                    ClerkMember(group_id="org", subject="zoe-1", role="owner", news_at=now),
                    Removal(account_id=room.table.account_id, user_id=zoe, removed_at=now),
                    self.invites(shared, "one", email="new@example.com", by=zoe),
                    self.invites(room.table.account_id, "two", email=EMAIL),
                    TrackerConnection(
                        id=ids.new_id(),
                        account_id=shared,
                        kind="jira",
                        address="https://example.atlassian.net",
                        sealed="sealed",
                        identity=NAME,
                        granted=[],
                        connected_by=zoe,
                        connected_at=now,
                        checked_at=now,
                    ),
                    SentLetter(account_id=shared, cause=f"low:7:{zoe}", sent_at=now),
                    CreditTxn(
                        account_id=shared, key="k", kind="spend", amount=-1, balance_after=0, user_id=zoe, at=now
                    ),
                    Teammate(account_id=shared, user_id=self.olga.id, role="owner", joined_at=now),
                ]
            )
            audit_log.note(shared, self.olga, "ownership-given", NAME, self.zoe)
            audit_log.note(shared, self.olga, "invited", EMAIL)
        api_tokens.make(membership, name=TOKEN, scopes=["sessions:read"], days="30")
        api_tokens.make(membership, name="Nightly", scopes=["sessions:read"], days="", service_role="admin")
        mail_tokens.make("new-email", EMAIL, user_id=zoe)
        self.typed = {"name": NAME, "password_hash": "argon2-of-a-password", "browser": "b" * 64, "onward": "/x"}
        mail_tokens.make("sign-up", EMAIL, **self.typed)
        mail_tokens.make("sign-in", EMAIL, onward="/")
        login_sessions.begin(self.zoe, browser="Firefox", address="192.0.2.7", issuer="https://id.example")

    def opens(self, membership: Membership, name: str) -> Member:
        return open_session(NAME, membership=membership, name=name, secret=SECRET)

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


def person_columns() -> set[str]:
    """Every column that rules.data_kinds says a row is about a person by."""
    return {f"{table}.{kind.by}" for table, kinds in COLUMNS.items() for kind in kinds.values() if kind.by}


def test_every_column_is_declared_and_no_other(context: None) -> None:
    """A new column has no place in the download or the erasure before rules.data_kinds says what it holds."""
    columns = {table.name: {column.name for column in table.columns} for table in Base.metadata.sorted_tables}
    assert {table: set(kinds) for table, kinds in COLUMNS.items()} == columns


def test_every_json_object_declares_its_keys(context: None) -> None:
    typed = {
        f"{mapper.local_table.name}.{column.name}": column.type
        for mapper in Base.registry.mappers
        for column in mapper.columns
        if isinstance(column.type, JSON | Document)
    }
    documents = {name for name, kind in typed.items() if isinstance(kind, Document)}
    assert documents == JSON_KEYS.keys()
    assert all(kind.column == name for name, kind in typed.items() if isinstance(kind, Document))
    # The others are lists of texts, which have no keys.
    lists = {"deck.cards", "poker_session.cards", "series.cards"}
    lists |= {"tracker_connection.granted", "tracker_project.mapping", "api_token.scopes", "idempotent_answer.headers"}
    assert typed.keys() - documents == lists


def test_a_key_that_is_not_declared_is_not_written(context: None) -> None:
    with pytest.raises(StatementError, match=r"does not say what phone in mail_token\.data is"):
        mail_tokens.make("sign-in", EMAIL, phone="123")
    assert session.query(MailToken).count() == 0


def test_no_column_that_points_to_a_user_is_forgotten() -> None:
    # The user's own row is told and deleted by itself, the votes with their seats.
    assert person_columns() == personal_data.TRACES.keys() | {"app_user.id", "vote.member_id"}
    assert pointing() <= personal_data.TRACES.keys()
    titles = [trace.title for trace in personal_data.TRACES.values()]
    assert len(titles) == len(set(titles))


def test_the_download_holds_all_of_it_and_no_secret(life: Life, room: Room) -> None:
    with room.nothing_happens():
        found = personal_data.everything(life.zoe)
    told = json.loads(json.dumps(found))
    empty = [title for title, rows in told.items() if title != "format" and not rows]
    assert empty == []
    assert told["user"]["email"] == EMAIL
    assert {seat["session"] for seat in told["seats"]} == {"Checkout team", "Ours", "Mine"}
    assert [vote["card"] for seat in told["seats"] for vote in seat["votes"]] == ["5"]
    assert {row["name"] for row in told["sessions_opened"]} == {"Ours", "Mine"}
    text = json.dumps(told)
    for secret in ("digest", "password_hash", "r" * 64, ids.digest(SECRET), "secret", *list(life.typed.values())[1:3]):
        assert secret not in text
    # Whom she invited, and who wrote of her, is theirs.
    for others in ("new@example.com", "Olga", life.olga.id):
        assert others not in text
    [sign_up] = [row for row in told["mailed_links"] if row["purpose"] == "sign-up"]
    assert sign_up["data"] == {"name": NAME}
    assert {row["about"].partition(" (")[0] for row in told["audit_log_about_me"]} == {NAME, TOKEN}
    assert {row["email"] for row in told["invitations_to_me"]} == {EMAIL}
    assert [row["cause"] for row in told["letters_about_money"]] == [f"low:7:{life.zoe.id}"]
    other = json.dumps(personal_data.everything(life.olga))
    assert NAME not in json.loads(other)["user"].values()
    assert json.loads(other)["seats"] == []


def secrets_of(table: Table) -> dict[str, object]:
    """A value to recognize for each secret column of a table and each secret key in it."""
    planted: dict[str, object] = {}
    for name, kind in COLUMNS[table.name].items():
        if keys := JSON_KEYS.get(f"{table.name}.{name}"):
            planted[name] = {key: PLANTED + key for key in keys if keys[key] == SECRET_KIND}
        elif kind == SECRET_KIND and not isinstance(table.columns[name].type, Integer):
            planted[name] = (PLANTED + name)[:6]  # the shortest column has six
    return planted


def test_no_secret_is_in_the_download_wherever_it_is(life: Life) -> None:
    """Every secret that rules.data_kinds knows is planted in one row of each table that a download is made of."""
    count = 0
    for table in Base.metadata.sorted_tables:
        planted = secrets_of(table)
        row = session.execute(select(*table.primary_key).limit(1)).first()
        if table.name not in {name.partition(".")[0] for name in person_columns()} or not planted or not row:
            continue
        here = [column == value for column, value in zip(table.primary_key, row, strict=True)]
        session.execute(update(table).where(*here).values(planted))
        count += len(planted)
    session.flush()
    assert count >= 9
    found = [json.dumps(personal_data.everything(user)) for user in (life.zoe, life.olga)]
    session.rollback()
    assert [text for text in found if PLANTED in text] == []


def own_values(user: User) -> dict[str, set[str]]:
    """By column, the texts of the rows that are about a user, which are to be gone with them."""
    found: dict[str, set[str]] = {}
    for table in Base.metadata.sorted_tables:
        for name, kind in COLUMNS[table.name].items():
            if kind.whose is Whose.OWN and isinstance(table.columns[name].type, String):
                mine = {"email": user.email, "subject": "zoe-1", "cause": f"low:7:{user.id}"}.get(kind.by, user.id)
                here = session.scalars(select(table.columns[name]).where(table.columns[kind.by] == mine)).all()
                found[f"{table.name}.{name}"] = {value for value in here if value is not None}
    return found


def test_what_is_declared_as_own_goes(life: Life, ended: list[str]) -> None:
    """Derived from rules.data_kinds: a column that is declared as a person's own and outlives them fails here."""
    before = own_values(life.zoe)
    # Life leaves something in each of them.
    assert {name for name, values in before.items() if not values} == set()
    personal_data.erase(life.zoe, EMAIL)
    session.rollback()
    # Words that rows of others hold too, such as a role, are no trace of her.
    shared = {"owner", "facilitator", "oidc"}
    for name, values in before.items():
        table, column = name.split(".")
        left = session.scalars(select(Base.metadata.tables[table].columns[column])).all()
        assert (values - shared) & set(left) == set(), name


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
    for trace in (NAME, EMAIL, TOKEN, zoe, "zoe-1", "192.0.2.7", ids.digest(SECRET)):
        assert any(trace in text for text in before.values()), trace
    room.announced.clear()
    personal_data.erase(life.zoe, f" {EMAIL.upper()} ")
    session.rollback()
    after = everywhere()
    for trace in (NAME, EMAIL, TOKEN, zoe, "zoe-1", "192.0.2.7", ids.digest(SECRET)):
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
    assert member_lookup.find_member(life.table.id, SECRET) is None


def test_nothing_is_left_of_an_address_from_before(life: Life, clock: Clock, ended: list[str]) -> None:
    with transaction():
        session.query(Invitation).filter_by(email=EMAIL).update({"accepted_at": clock.now()})
        session.execute(delete(MailToken))  # they expire, and go by themselves
    secret = mail_tokens.make("new-email", "zoe@elsewhere.example", user_id=life.zoe.id)
    profile.follow(life.zoe, secret)
    log = session.query(AuditEntry.about).filter_by(action="invited")
    assert log.one() == (EMAIL,)  # nobody learns the new one from it
    personal_data.erase(life.zoe, "zoe@elsewhere.example")
    session.rollback()
    for trace in (EMAIL, "zoe@elsewhere.example"):
        assert [name for name, text in everywhere().items() if trace in text] == [], trace
    assert log.one() == (audit_log.NOBODY,)


def test_an_open_invitation_is_for_whoever_has_the_address(life: Life) -> None:
    profile.follow(life.zoe, mail_tokens.make("new-email", "zoe@elsewhere.example", user_id=life.zoe.id))
    assert session.query(Invitation).filter_by(digest="two").one().email == EMAIL


def test_former_members_are_told_apart(life: Life, room: Room, ended: list[str]) -> None:
    otto = members.join(life.table, name="Former member", votes=True, secret="e" * 32)
    personal_data.erase(life.zoe, EMAIL)
    assert session.get_one(Member, life.guest.id).name == "Former member 2"
    assert otto.name == "Former member"


def test_what_webhooks_sent_of_their_rounds_goes(life: Life, room: Room, ended: list[str]) -> None:
    endpoint = WebhookEndpoint(id=ids.new_id(), account_id=room.table.account_id, kind="standard", name="Ours")
    endpoint.host, endpoint.address_sealed, endpoint.made_at = "none", "", clock.now()
    endpoint.events = " round.revealed task.finalized "
    session.add(endpoint)
    session.commit()
    room.reveals()
    room.finalize("5")
    assert NAME in session.scalars(select(WebhookDelivery.body).order_by(WebhookDelivery.id)).all()[0]
    personal_data.erase(life.zoe, EMAIL)
    session.rollback()
    assert session.scalars(select(WebhookDelivery.event)).all() == ["task.finalized"]


def test_it_is_confirmed_by_the_address(life: Life, room: Room, ended: list[str]) -> None:
    for typed in ("", "zoe", NAME, "olga@example.com"):
        with room.refused(422, f"Type {EMAIL} to confirm."):
            personal_data.erase(life.zoe, typed)
    life.zoe.email = None
    session.commit()
    with pytest.raises(Invalid):
        personal_data.erase(life.zoe, EMAIL)
    personal_data.erase(life.zoe, NAME)
    assert session.query(User).filter_by(name=NAME).count() == 0


def test_the_only_owner_of_a_team_stays(life: Life, room: Room, ended: list[str]) -> None:
    olgas = session.get_one(Teammate, (life.shared.id, life.olga.id))
    olgas.role = "admin"
    session.commit()
    assert personal_data.erasure_plan(life.zoe).stuck == (life.shared,)
    with room.refused(409):
        personal_data.erase(life.zoe, EMAIL)
    assert ended == []
    assert membership_for(life.zoe, life.shared.id)
    session.get_one(Teammate, (life.shared.id, life.olga.id)).role = "owner"
    session.commit()
    leaving = personal_data.erasure_plan(life.zoe)
    assert (leaving.alone, leaving.kept, leaving.stuck, leaving.sessions) == ((life.alone,), (life.shared,), (), 1)
    personal_data.erase(life.zoe, EMAIL)


def test_whoever_is_left_keeps_their_own(life: Life, ended: list[str]) -> None:
    login_sessions.begin(life.olga, browser="Firefox", address="192.0.2.8")
    olga = life.olga.id
    personal_data.erase(life.zoe, EMAIL)
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
        personal_data.erase(life.zoe, EMAIL)
