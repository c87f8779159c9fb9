"""Clerk's news: taken over whatever their order and number, and never beyond what is Clerk's to say."""

import random
from typing import Any

import pytest
from sqlalchemy import delete

from poker_app.accounts import memberships
from poker_app.accounts.models import Account, ClerkMember, Identity, Removal, SignIn, Teammate, User
from poker_app.accounts.providers.claims import Claims
from poker_app.accounts.signin import clerk_webhooks, identities
from poker_app.accounts.signin import login_sessions as sign_ins
from poker_app.accounts.team import clerk_groups, teammates
from poker_app.db import session, transaction
from poker_app.errors import Conflict
from poker_app.provider_settings import ProviderSettings
from poker_app.settings import Settings
from tests.cast import add_user
from tests.clerk_events import ISSUER, SECRET, SUBJECT, membership, signed, user_deleted, user_updated
from tests.conftest import SIGNED_IN

PROVIDER = ProviderSettings(preset="clerk", issuer=f"{ISSUER}/", client_id="x", client_secret="y")
CLAIMS = Claims(ISSUER, SUBJECT, "Ada", None, False)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    about = {"providers": [PROVIDER], "clerk_webhook_secret": SECRET}
    return settings.model_copy(update={**SIGNED_IN, **about})


class Scene:
    """Ada, who came by Clerk; and Olga's account, which belongs to the group org_1."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        olga = add_user("Olga")
        self.olga = olga.id
        self.account = memberships.home_of(olga).account.id
        monkeypatch.setattr(clerk_groups, "_accounts", {"org_1": self.account, "org_lost": "not-there"})
        self.ada = self.comes()

    def comes(self, **claims: Any) -> str:
        values = {name: getattr(CLAIMS, name) for name in CLAIMS.__slots__}
        user = identities.sign_in(PROVIDER, Claims(**{**values, **claims}))
        sign_ins.begin(user, browser="", address="", issuer=ISSUER)
        return user.id

    def hears(self, *events: dict[str, Any]) -> None:
        for event in events:
            clerk_webhooks.handle_webhook(*signed(event))

    def role(self) -> str | None:
        found = session.get(Teammate, (self.account, self.ada), populate_existing=True)
        return found.role if found else None

    def user(self) -> User:
        return session.get_one(User, self.ada, populate_existing=True)

    def sign_ins(self) -> int:
        return session.query(SignIn).filter_by(user_id=self.ada).count()

    def forgets(self) -> None:
        with transaction():
            for table in (ClerkMember, Removal):
                session.execute(delete(table))
            session.execute(delete(Teammate).where(Teammate.user_id == self.ada))
            session.get_one(User, self.ada).name = "Ada"
            session.get_one(Identity, (ISSUER, SUBJECT)).news_at = None


@pytest.fixture
def scene(context: None, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


# --- groups


def test_members_of_the_group_are_teammates(scene: Scene) -> None:
    scene.hears(membership("created", 1))
    assert scene.role() == "facilitator"
    scene.hears(membership("updated", 2, "org:admin"))
    assert scene.role() == "admin"
    scene.hears(membership("updated", 3, "org:anything"))
    assert scene.role() == "facilitator"
    scene.hears(membership("deleted", 4))
    assert scene.role() is None


def test_who_was_not_here_yet_has_the_place_at_once(scene: Scene) -> None:
    with transaction():
        session.execute(delete(Identity))
        session.execute(delete(User).where(User.id == scene.ada))
    scene.hears(membership("created", 1, "org:admin"))
    scene.ada = scene.comes()
    assert scene.role() == "admin"


def test_a_group_or_an_account_that_is_nobody_s_changes_nothing(scene: Scene) -> None:
    scene.hears(membership("created", 1, group="org_other"), membership("created", 1, group="org_lost"))
    assert session.query(Teammate).filter_by(user_id=scene.ada).count() == 0


def test_owners_are_not_clerk_s_to_make_or_unmake_and_the_last_one_stays(scene: Scene) -> None:
    with transaction():
        session.get_one(Teammate, (scene.account, scene.olga)).role = "admin"
        teammates.enroll(session.get_one(Account, scene.account), session.get_one(User, scene.ada), "owner")
    scene.hears(membership("created", 1), membership("updated", 2, "org:admin"))
    assert scene.role() == "owner"
    scene.hears(membership("deleted", 3))
    assert scene.role() == "owner"
    with transaction():
        session.get_one(Teammate, (scene.account, scene.olga)).role = "owner"
    scene.hears(membership("created", 4), membership("deleted", 5))
    assert scene.role() is None


def test_who_was_removed_here_does_not_come_back_by_signing_in(scene: Scene) -> None:
    scene.hears(membership("created", 1))
    olga = memberships.membership_for(session.get_one(User, scene.olga), scene.account)
    assert olga
    teammates.remove(olga, scene.ada)
    scene.comes()
    assert scene.role() is None
    scene.hears(membership("updated", 2))
    assert scene.role() == "facilitator"


def test_a_full_plan_keeps_nobody_from_signing_in_and_seats_them_when_it_has_room(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.hears(membership("created", 1), membership("deleted", 2))
    monkeypatch.setattr("poker_app.accounts.max_teammates", lambda account_id: 1)
    scene.hears(membership("created", 3, "org:admin"))
    assert scene.comes() == scene.ada
    assert scene.role() is None
    monkeypatch.setattr("poker_app.accounts.max_teammates", lambda account_id: 2)
    scene.comes()
    assert scene.role() == "admin"


def test_who_left_the_group_while_the_plan_was_full_stays_out(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.accounts.max_teammates", lambda account_id: 1)
    scene.hears(membership("created", 1), membership("deleted", 2))
    monkeypatch.setattr("poker_app.accounts.max_teammates", lambda account_id: 2)
    scene.comes()
    assert scene.role() is None


def test_who_is_a_teammate_through_clerk_leaves_before_they_disconnect_it(scene: Scene) -> None:
    with transaction():
        scene.user().email = "ada@example.com"
    scene.hears(membership("created", 1))
    with pytest.raises(Conflict, match=r"You belong to Olga’s team by this login\. Leave that account first\."):
        identities.disconnect(scene.user(), PROVIDER.name, SUBJECT, but=None)
    session.rollback()
    ada = memberships.membership_for(scene.user(), scene.account)
    assert ada
    teammates.leave(ada)
    identities.disconnect(scene.user(), PROVIDER.name, SUBJECT, but=None)
    assert session.query(Identity).count() == 0


def test_who_is_in_no_group_that_leads_an_account_disconnects_as_they_like(scene: Scene) -> None:
    with transaction():
        scene.user().email = "ada@example.com"
    scene.hears(membership("created", 1, group="org_other"), membership("created", 2), membership("deleted", 3))
    identities.disconnect(scene.user(), PROVIDER.name, SUBJECT, but=None)
    assert session.query(Identity).count() == 0


# --- users


def test_a_new_name_is_taken_over(scene: Scene) -> None:
    scene.hears(user_updated(1, "Augusta", "King"))
    assert scene.user().name == "Augusta King"
    scene.hears(user_updated(2, "", ""))
    assert scene.user().name == "Augusta King"


def test_a_verified_address_is_taken_over_where_there_is_none(scene: Scene) -> None:
    scene.hears(user_updated(1, email="ada@example.com", status="unverified"))
    assert scene.user().email is None
    scene.hears(user_updated(2, email="olga@example.com"))
    assert scene.user().email is None
    scene.hears(user_updated(3, email="Ada@Example.com"))
    assert scene.user().email == "ada@example.com"
    scene.hears(user_updated(4, email="ada@home.example"))
    assert scene.user().email == "ada@example.com"


def test_who_is_deleted_there_is_out_here(scene: Scene) -> None:
    scene.hears(membership("created", 1), user_deleted(2))
    assert session.query(Identity).count() == session.query(ClerkMember).count() == 0
    assert scene.role() is None
    assert scene.sign_ins() == 0


def test_who_is_deleted_there_after_disconnecting_is_forgotten_too(scene: Scene) -> None:
    with transaction():
        scene.user().email = "ada@example.com"
    scene.hears(membership("created", 1, group="org_other"))
    identities.disconnect(scene.user(), PROVIDER.name, SUBJECT, but=None)
    scene.hears(user_deleted(2))
    assert session.query(ClerkMember).count() == 0
    assert scene.user().email == "ada@example.com"


def test_who_has_another_way_in_keeps_it(scene: Scene) -> None:
    with transaction():
        session.get_one(User, scene.ada).email = "ada@example.com"
    own = sign_ins.begin(scene.user(), browser="", address="")
    scene.hears(user_deleted(1))
    assert sign_ins.find(own)
    assert scene.sign_ins() == 1
    assert scene.user().email == "ada@example.com"


def test_nobody_in_particular_is_no_trouble(scene: Scene) -> None:
    with transaction():
        session.execute(delete(Identity))
    scene.hears(user_deleted(1), user_updated(2), user_deleted(3))
    assert scene.user().name == "Ada"


# --- order and number


LIFE = [
    membership("created", 10),
    membership("updated", 20, "org:admin"),
    membership("deleted", 30),
    membership("created", 40),
    membership("updated", 50, "org:admin"),
    user_updated(15, "Augusta", "Byron"),
    user_updated(45, "Augusta", "King"),
]


def test_late_doubled_and_shuffled_news_end_the_same(scene: Scene) -> None:
    chance = random.Random(7)
    for _ in range(15):
        events = [*LIFE, *chance.choices(LIFE, k=3)]
        chance.shuffle(events)
        scene.hears(*events)
        assert (scene.role(), scene.user().name) == ("admin", "Augusta King"), events
        scene.forgets()


def test_leaving_is_the_end_whatever_comes_late(scene: Scene) -> None:
    chance = random.Random(8)
    for _ in range(10):
        events = [*LIFE[:3], *chance.choices(LIFE[:3], k=3)]
        chance.shuffle(events)
        scene.hears(*events)
        assert scene.role() is None, events
        scene.forgets()


def test_being_deleted_is_the_end_whatever_comes_late(scene: Scene) -> None:
    scene.hears(LIFE[0], user_deleted(60), *LIFE, user_deleted(60))
    assert scene.role() is None
    assert session.query(Identity).count() == 0
    assert session.query(Teammate).filter_by(user_id=scene.ada).count() == 0
