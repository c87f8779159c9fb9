"""Every route for every role: what is not in this table does not pass, and a denied call changes no row."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from poker_app import create_app
from poker_app.settings import Settings
from tests.cast import FROM_OUR_PAGE, HTMX
from tests.database_rows import rows
from tests.house.conftest import World

# At the table, and then signed in without a seat at it: for its account in each role, and for another one.
ROLES = (
    *("stranger", "facilitator elsewhere", "removed", "spectator", "voter", "facilitator"),
    *("teammate", "admin", "owner", "other account"),
)

Fields = Callable[[World], dict[str, str]]


@dataclass(frozen=True)
class Row:
    """What each role is answered, in the order of ROLES, and what is sent. Where it names six, whoever is signed in
    without a seat is answered like the stranger."""

    expected: str
    sent: Fields = lambda world: {}
    revealed: bool = False

    def answers(self) -> dict[str, int]:
        given = self.expected.split()
        given += given[:1] * (len(ROLES) - len(given)) if len(given) == 6 else []
        return dict(zip(ROLES, map(int, given), strict=True))


def this_round(world: World) -> dict[str, str]:
    return {"round": world.round}


def channel(world: World) -> dict[str, str]:
    return {"channel_name": f"private-planning-poker-{world.table.id}", "socket_id": "1.2"}


ANYBODY = "200 200 200 200 200 200"
MAY_OPEN = "303 200 303 303 303 200 200 200 200 200"
SIGNED_OUT = "200 303 200 200 200 303 303 303 303 303"
# One's own profile: whoever is not signed in is asked to.
OWN_PAGE = MAY_OPEN
OWN_LINK = "303 404 303 303 303 404 404 404 404 404"
OWN_FACTOR_IS_OFF = "303 409 303 303 303 409 409 409 409 409"
GO_ON = "303 303 303 303 303 303"
NOTHING = "404 404 404 404 404 404"
SEATED = "404 404 404 200 200 200"
TEAMMATE = "303 404 303 303 303 200 200 200 200 404"
# Who opened the session, and the admins and owners of its account.
KEEPER = "303 404 303 303 303 200 403 200 200 404"
# A seat, or the account.
READERS = f"{SEATED} 200 200 200 404"
FACILITATOR = "404 404 404 403 403 200"
# In the account: guests are led to the sign-in page, and whoever does not belong there finds nothing.
TEAM = "303 404 303 303 303 200 200 200 200 404"
TEAM_DONE = "303 404 303 303 303 303 303 303 303 404"
ADMIN = "303 404 303 303 303 403 403 200 200 404"
ADMIN_DONE = "303 404 303 303 303 403 403 303 303 404"

TABLE = {
    "GET static": Row(ANYBODY),
    "GET styles": Row(ANYBODY),
    "GET favicon": Row(ANYBODY),
    "GET health.alive": Row(ANYBODY),
    # The tables were made without migrations here.
    "GET health.ready": Row("503 503 503 503 503 503"),
    "GET home.front": Row(ANYBODY),
    "GET embedding.page": Row(ANYBODY),
    # Without an address to tell of.
    "GET embedding.oembed": Row(NOTHING),
    # Guests are led to the sign-in page.
    "GET home.new": Row(MAY_OPEN),
    "GET home.preview_cards": Row(ANYBODY),
    "GET home.await_payment": Row(MAY_OPEN),
    # Nothing is sold here.
    "GET home.plans": Row(OWN_LINK),
    # Nothing is sold here; tests/web/test_guest_session.py has who may where something is.
    "GET guest_session.new": Row(NOTHING),
    "POST guest_session.open_session": Row(NOTHING),
    "GET home.typed_code": Row("422 422 422 422 422 422"),
    "GET home.by_code": Row("303 303 303 303 303 303"),
    "POST home.open_session": Row(
        "303 303 303 303 303 303",
        lambda world: {"name": "Theirs", "deck": "fibonacci", "member_name": "Me", "form_key": "theirs"},
    ),
    "GET dashboard.latest": Row("303 303 303 303 303 303 303 303 303 303"),
    "GET dashboard.page": Row(TEAMMATE),
    "POST dashboard.copy": Row(KEEPER),
    # People sit there.
    "POST dashboard.archive": Row(KEEPER.replace("200", "409")),
    "POST dashboard.unarchive": Row(KEEPER),
    "POST dashboard.delete": Row(KEEPER),
    "POST dashboard.restore": Row(KEEPER),
    "GET session_import.page": Row(TEAMMATE),
    # Without a file.
    "POST session_import.save": Row(TEAM_DONE.replace("303 303 303 303 404", "422 422 422 422 404")),
    "GET mydata.page": Row("303 200 303 303 303 200 200 200 200 200"),
    "GET mydata.download": Row("303 200 303 303 303 200 200 200 200 200"),
    # Without one's address typed nothing happens; the only owner cannot go at all.
    "POST mydata.erase": Row("303 422 303 303 303 422 422 422 422 422"),
    "GET mydata.gone": Row(f"{ANYBODY} 200 200 200 200"),
    # The link is for everybody who has it; today's session is a teammate's to open.
    "GET series.link": Row(f"{ANYBODY} 200 200 200 200"),
    "GET series.waiting": Row("204 204 204 204 204 204"),
    "POST series.open_today": Row("303 403 303 303 303 200 200 200 200 403"),
    "GET series.new": Row(TEAMMATE),
    "POST series.make": Row(TEAMMATE, lambda world: {"name": "Weekly", "deck": "fibonacci"}),
    "GET series.manage": Row(TEAMMATE),
    "GET series_search.page": Row(TEAMMATE),
    "POST series_search.choose": Row(TEAMMATE, lambda world: {"words": "Pay", "said": "“Pay”"}),
    "POST series_search.remove": Row(TEAMMATE),
    "POST series.rename": Row(TEAMMATE, lambda world: {"name": "Weekly"}),
    "POST series.close": Row(TEAMMATE),
    "POST series.reopen": Row(TEAMMATE),
    # The invitation is for everybody who has the link: strangers and the removed may take a seat.
    "GET signing_in.page": Row(SIGNED_OUT),
    "POST signing_in.ask_for_link": Row(GO_ON, lambda world: {"email": "somebody@example.com"}),
    "GET signing_in.link_sent": Row(GO_ON),
    "GET signing_in.link": Row(NOTHING),
    "POST signing_in.follow_link": Row(NOTHING),
    "GET signing_in.password_page": Row(SIGNED_OUT),
    "POST signing_in.with_password": Row(
        "422 422 422 422 422 422", lambda world: {"email": "somebody@example.com", "password": "wrong"}
    ),
    "GET second_step.page": Row(GO_ON),
    "POST second_step.answer": Row(GO_ON),
    "GET signing_up.page": Row(SIGNED_OUT),
    "POST signing_up.sign_up": Row(
        GO_ON, lambda world: {"name": "Some", "email": "some@example.com", "password": "vier kleine Igel"}
    ),
    "GET signing_up.link_sent": Row(GO_ON),
    "GET signing_up.link": Row(NOTHING),
    "POST signing_up.follow_link": Row(NOTHING),
    "GET new_password.page": Row(ANYBODY),
    "POST new_password.ask_for_link": Row(GO_ON, lambda world: {"email": "somebody@example.com"}),
    "GET new_password.link_sent": Row(GO_ON),
    "GET new_password.link": Row(NOTHING),
    "POST new_password.follow_link": Row(NOTHING),
    "GET profile.page": Row(OWN_PAGE),
    "POST profile.rename": Row(GO_ON, lambda world: {"name": "Other"}),
    "POST profile.change_password": Row(GO_ON, lambda world: {"password": "vier kleine Igel"}),
    "POST profile.ask_for_link": Row(GO_ON, lambda world: {"email": "somebody@example.com"}),
    "GET profile.link": Row(OWN_LINK),
    "POST profile.follow_link": Row(OWN_LINK),
    "POST profile.end_sign_in": Row(GO_ON),
    "POST profile.end_everywhere": Row(GO_ON),
    "GET second_factor.page": Row(OWN_PAGE),
    "POST second_factor.turn_on": Row("303 422 303 303 303 422 422 422 422 422"),
    "POST second_factor.turn_off": Row(OWN_FACTOR_IS_OFF),
    "POST second_factor.renew_recovery_codes": Row(OWN_FACTOR_IS_OFF),
    "POST signing_in.out": Row("303 303 303 303 303 303"),
    "GET providers.offer": Row("200 303 200 200 200 303 303 303 303 303"),
    "POST providers.begin": Row("200 200 200 200 200 200 200 200 200 200"),
    # Nobody has been there.
    "GET providers.back": Row("400 400 400 400 400 400"),
    "POST providers.connect": Row("303 200 303 303 303 200 200 200 200 200"),
    "POST providers.disconnect": Row("303 404 303 303 303 404 404 404 404 404", lambda world: {"subject": "nobody"}),
    # Only Clerk's signature opens this door.
    # Nothing is sold in this world; where something is, only Stripe's signature opens the door.
    "POST webhooks.receive_stripe": Row(NOTHING),
    "GET fake_payments.checkout": Row(NOTHING),
    "POST fake_payments.pay": Row(NOTHING),
    "GET fake_payments.portal": Row(NOTHING),
    "POST fake_payments.use_card": Row(NOTHING),
    "POST fake_payments.cancel": Row(NOTHING),
    "POST fake_payments.resume": Row(NOTHING),
    "POST fake_payments.change_plan": Row(NOTHING),
    "POST fake_payments.let_a_month_pass": Row(NOTHING),
    "POST fake_payments.give_money_back": Row(NOTHING),
    "POST clerk.receive_webhook": Row("403 403 403 403 403 403"),
    "GET sessions.entrance": Row("200 200 200 303 303 303"),
    "POST sessions.join": Row("303 303 303 303 303 303", lambda world: {"member_name": "Me", "role": "voter"}),
    "GET sessions.room": Row("303 303 303 200 200 200"),
    "GET sessions.vote_table": Row(SEATED),
    "GET sessions.task": Row(SEATED),
    "GET sessions.backlog": Row(SEATED),
    # Alone it is no page: whoever asks without htmx is led to the room.
    "GET sessions.actions": Row("404 404 404 303 303 303"),
    "GET sessions.options": Row(FACILITATOR),
    "POST sessions.change_options": Row("404 404 404 403 403 200", lambda world: {"name": "New name"}),
    "POST sessions.end": Row(FACILITATOR),
    "GET sessions.reopened": Row("404 404 404 303 303 303"),
    "POST sessions.reopen": Row(FACILITATOR),
    "GET members.people": Row(SEATED),
    "POST members.rename": Row(SEATED, lambda world: {"member_name": "Other"}),
    "POST members.change_role": Row(SEATED, lambda world: {"role": "spectator"}),
    "POST members.leave": Row(SEATED),
    "POST members.come_back": Row(SEATED),
    "POST members.share_role": Row(FACILITATOR, lambda world: {"member": world.seat(world.ben)}),
    "POST members.step_down": Row("404 404 404 200 200 409"),
    "POST members.remove": Row(FACILITATOR),
    "POST members.nudge": Row(FACILITATOR),
    "POST members.nudge_all": Row(FACILITATOR),
    "POST rounds.vote": Row("404 404 404 403 200 200", lambda world: {**this_round(world), "card": "5"}),
    "POST rounds.retract": Row("404 404 404 403 200 200", this_round),
    "POST rounds.reveal": Row(FACILITATOR, this_round),
    "POST rounds.vote_again": Row(FACILITATOR, this_round),
    "POST rounds.finalize": Row(FACILITATOR, lambda world: {"estimate": "5"}, revealed=True),
    # Something else was changed since.
    "POST rounds.undo": Row("404 404 404 403 403 409"),
    "POST tasks.add": Row(FACILITATOR, lambda world: {"tasks": "Three"}),
    "GET imports.page": Row(FACILITATOR),
    "POST imports.read": Row(FACILITATOR, lambda world: {"tasks": "Three"}),
    # Only what the preview signed is taken.
    "POST imports.change_columns": Row("404 404 404 403 403 422"),
    "POST imports.save": Row("404 404 404 403 403 422"),
    "GET tracker_issues.search": Row(FACILITATOR),
    "GET tracker_issues.coming_in": Row(SEATED),
    "POST tracker_issues.decide_coming_in": Row("404 404 404 403 403 404", lambda world: {"choice": "again"}),
    # The tracker does not answer here; and no task is of one.
    "POST tracker_issues.add": Row("404 404 404 403 403 422", lambda world: {"issue": "1"}),
    "POST tracker_issues.decide": Row("404 404 404 403 403 404", lambda world: {"choice": "write"}),
    "GET tasks.index": Row(SEATED),
    "GET tasks.show": Row(SEATED),
    "POST tasks.edit": Row(FACILITATOR, lambda world: {"title": "Other"}),
    "POST tasks.move": Row(FACILITATOR, lambda world: {"to": "1"}),
    "POST tasks.delete": Row(FACILITATOR),
    "POST tasks.restore": Row(FACILITATOR),
    "POST tasks.take_up": Row(FACILITATOR),
    "POST tasks.skip": Row(FACILITATOR),
    "POST tasks.reopen": Row(FACILITATOR),
    "GET files.index": Row(SEATED),
    "POST files.begin": Row("404 404 404 403 403 201", lambda world: {"name": "a.txt", "size": "5"}),
    "POST files.arrived": Row("404 404 404 403 403 204"),
    "POST files.describe": Row(FACILITATOR, lambda world: {"caption": "So"}),
    "POST files.move": Row(FACILITATOR, lambda world: {"to": "1"}),
    "POST files.remove": Row(FACILITATOR),
    "POST files.restore": Row(FACILITATOR),
    "GET files.show": Row(READERS),
    "GET files.thumbnail": Row(READERS),
    # Only an upload that was allowed opens this door.
    "PUT uploads.receive": Row(NOTHING),
    "POST timer.start": Row(FACILITATOR),
    "POST timer.pause": Row(FACILITATOR),
    "POST timer.resume": Row(FACILITATOR),
    "POST timer.stop": Row(FACILITATOR),
    # Nothing is sold in this world; tests/web/test_plan_page.py has who sees what where something is.
    "GET billing.page": Row(NOTHING),
    "GET billing.as_csv": Row(NOTHING),
    "POST billing.buy": Row(NOTHING),
    "POST billing.portal": Row(NOTHING),
    "POST billing.start_trial": Row(NOTHING),
    "POST billing.ask": Row(NOTHING),
    # Only the clock's secret opens this one, and none is set here.
    "GET jobs.write_estimates": Row("403 403 403 403 403 403"),
    "GET jobs.send_webhooks": Row("403 403 403 403 403 403"),
    "GET jobs.daily": Row("403 403 403 403 403 403"),
    # Only who keeps the figures reads them, and here nobody does.
    "GET metrics.page": Row(NOTHING),
    # For whom OPERATORS names, and here nobody is.
    "GET operating.page": Row(NOTHING),
    "GET operating.accounts": Row(NOTHING),
    "GET operating.sessions": Row(NOTHING),
    "GET operating.failed": Row(NOTHING),
    "POST operating.replay": Row(NOTHING),
    # It is an account's already: back to the room.
    "GET claim.page": Row("404 404 404 403 403 303"),
    "POST claim.claim": Row("404 404 404 403 403 303"),
    "GET report.page": Row(READERS),
    "GET report.as_csv": Row(READERS),
    "GET report.export": Row(READERS),
    "GET report.for_tracker": Row(READERS),
    "GET report.as_json": Row(READERS),
    "GET report.as_markdown": Row(READERS),
    "GET report.as_text": Row(READERS),
    "GET report.as_xlsx": Row(READERS),
    "GET accounts.index": Row(MAY_OPEN),
    "GET accounts.new": Row(MAY_OPEN),
    "POST accounts.make": Row(GO_ON, lambda world: {"name": "Another"}),
    # The account is open to no domain: only who belongs there already is led there.
    "POST accounts.join": Row(TEAM_DONE),
    "POST accounts.ask_to_join": Row(OWN_LINK),
    "GET team.page": Row(TEAM),
    "POST team.change_role": Row(ADMIN_DONE, lambda world: {"role": "admin"}),
    "GET team.ask_removal": Row(ADMIN),
    "POST team.remove": Row(ADMIN_DONE),
    "GET team.ask_departure": Row(TEAM),
    "POST team.leave": Row("303 404 303 303 303 303 303 303 409 404"),
    "POST team.invite": Row(ADMIN_DONE, lambda world: {"emails": "new@example.com", "role": "facilitator"}),
    "POST team.send_again": Row(ADMIN_DONE),
    "POST team.withdraw": Row(ADMIN_DONE),
    "POST team.make_link": Row(ADMIN_DONE),
    "GET invitations.look": Row(NOTHING),
    "POST invitations.accept": Row(NOTHING),
    "POST invitations.ask": Row(NOTHING),
    # It was mailed to somebody of another account.
    "GET invitations.look_at_own": Row("303 404 303 303 303 404 404 404 404 200"),
    "POST invitations.accept_own": Row("303 404 303 303 303 404 404 404 404 303"),
    "POST invitations.ask_own": Row("303 404 303 303 303 404 404 404 404 303"),
    "GET account_settings.page": Row(ADMIN),
    "POST account_settings.rename": Row(ADMIN_DONE, lambda world: {"name": "Other"}),
    "POST account_settings.set_defaults": Row(ADMIN_DONE, lambda world: {"deck": "hours"}),
    "POST account_settings.set_retention": Row(ADMIN_DONE, lambda world: {"report_days": "90"}),
    "POST account_settings.set_domain": Row(ADMIN_DONE, lambda world: {"open": "1"}),
    # Owners only, and only by a provider that they came by.
    "POST account_settings.require_sign_on": Row("303 404 303 303 303 403 403 403 303 404"),
    "GET account_settings.new_deck": Row(ADMIN),
    "POST account_settings.add_deck": Row(ADMIN_DONE, lambda world: {"deck_name": "New", "own": "1 2"}),
    "GET account_settings.deck": Row(ADMIN),
    "POST account_settings.change_deck": Row(ADMIN_DONE, lambda world: {"deck_name": "Other", "own": "1 2"}),
    "GET account_settings.ask_deletion": Row(ADMIN),
    "POST account_settings.delete_deck": Row(ADMIN_DONE),
    "GET trackers.page": Row(ADMIN),
    "GET trackers.new": Row(ADMIN),
    # The tracker is asked first, and does not answer here.
    "POST trackers.connect": Row(ADMIN.replace("200", "422"), lambda world: {"token": "none"}),
    "GET trackers.connection": Row(ADMIN),
    "POST trackers.change_webhook": Row(ADMIN_DONE),
    # Only the tracker's signature opens this door.
    "POST tracker_webhooks.receive": Row("403 403 403 403 403 403"),
    "POST trackers.test": Row(ADMIN.replace("200", "409")),
    "GET trackers.field": Row(ADMIN),
    "POST trackers.choose_field": Row(ADMIN_DONE, lambda world: {"project": "a", "name": "A", "moment": "never"}),
    "GET trackers.ask_disconnection": Row(ADMIN),
    "POST trackers.disconnect": Row(ADMIN_DONE),
    "GET api_reference.page": Row(ANYBODY),
    "GET api_reference.document": Row(ANYBODY),
    "GET api_tokens.page": Row(TEAM),
    "POST api_tokens.make": Row(TEAM, lambda world: {"name": "Shell", "scopes": "sessions:read", "days": "30"}),
    # A facilitator has only tokens of their own.
    "GET api_tokens.ask_ending": Row(ADMIN.replace("403", "404")),
    "POST api_tokens.end": Row(ADMIN_DONE.replace("403", "404")),
    "GET account_webhooks.page": Row(ADMIN),
    "GET account_webhooks.new": Row(ADMIN),
    "POST account_webhooks.add": Row(
        ADMIN_DONE, lambda world: {"name": "A", "address": "https://93.184.216.34/", "events": "task.finalized"}
    ),
    "GET account_webhooks.endpoint": Row(ADMIN),
    "POST account_webhooks.edit": Row(ADMIN_DONE, lambda world: {"name": "A", "events": "task.finalized"}),
    "POST account_webhooks.show_secret": Row(ADMIN),
    "POST account_webhooks.rotate": Row(ADMIN_DONE),
    "POST account_webhooks.switch": Row(ADMIN_DONE, lambda world: {"on": "0"}),
    "GET account_webhooks.ask_deletion": Row(ADMIN),
    "POST account_webhooks.delete": Row(ADMIN_DONE),
    "POST account_webhooks.test": Row(ADMIN_DONE),
    "GET account_webhooks.delivery": Row(ADMIN),
    "POST account_webhooks.send_again": Row(ADMIN_DONE),
    "GET slack.page": Row(ADMIN),
    "POST slack.connect": Row(ADMIN_DONE, lambda world: {"secret": "8f742231b10e8888abcd99"}),
    "GET slack.ask_disconnection": Row(ADMIN),
    "POST slack.disconnect": Row(ADMIN_DONE),
    # Only Slack's signature opens this door, where an account has connected it.
    "POST slack.receive": Row("404 404 404 404 404 404 404 404 404 404"),
    "GET audit.page": Row(ADMIN),
    "GET audit.as_csv": Row(ADMIN),
    "POST realtime.authorize_socket": Row(SEATED, lambda world: {"socket_id": "1.2"}),
    "POST realtime.authorize_channel": Row(SEATED, channel),
    "POST realtime.authenticate_user": Row(SEATED, channel),
    # Only the engine's signature opens this door.
    "POST realtime.receive_webhook": Row("403 403 403 403 403 403"),
    # There is no proxy here.
    "POST realtime.receive_socket": Row(NOTHING),
}


@cache
def routes() -> list[str]:
    """Every method of every address, as ``POST rounds.vote``.

    Asked for once, when the tests are collected: an application that is made later changes what the world's one is.
    """
    app = create_app(Settings(_env_file=None, database_url="sqlite://", secret_key="x", realtime="none"))
    rules = app.url_map.iter_rules()
    # The API's operations know no cookies: tests/house/test_api_roles.py.
    pages = [rule for rule in rules if not rule.endpoint.startswith("api.")]
    return sorted(f"{way} {rule.endpoint}" for rule in pages for way in rule.methods or () if way in METHODS)


METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_every_route_has_a_row() -> None:
    assert routes() == sorted(TABLE)


def address(world: World, route: str, table: str, task: str, member: str, file: str = "") -> str:
    endpoint = route.split()[1]
    given = {
        "session_id": table,
        "task_id": task,
        "member_id": member,
        "file_id": file or world.file,
        "token": "nonsense",
        "code": world.code,
        "account_id": world.account,
        "series_id": world.series,
        "filename": "css/base.css",
        "named": "0123456789",
    }
    given |= {"provider": "github", "version": 1}
    given |= {"secret": "nonsense", "sign_in_id": "nonsense", "key": "nonsense"}
    given |= {"checkout_id": "nonsense", "portal_id": "nonsense", "event_id": "nonsense"}
    given |= {"user_id": world.people["teammate"].user}
    given |= {"invitation_id": world.invitation, "deck_id": world.deck}
    given |= {"token_id": world.token, "connection_id": world.connection, "kind": "github"}
    given |= {"endpoint_id": world.endpoint, "delivery_key": world.delivery, "receiver": "standard"}
    rule = next(rule for rule in world.app.url_map.iter_rules() if rule.endpoint == endpoint)
    values = {name: given[name] for name in rule.arguments}
    return world.app.url_map.bind("localhost").build(endpoint, values)


def ask(world: World, role: str, route: str, path: str, sent: dict[str, str]) -> int:
    person = world.people[role]
    # Pages are asked for as pages and forms through htmx; both forms of every answer are tested with the blueprint.
    if route.startswith("GET"):
        return person.get(path, headers=HTMX if "people" in path else {}).status_code
    if route.startswith("PUT"):
        return person.browser.put(path, data=b"", headers=FROM_OUR_PAGE).status_code
    return person.post(path, sent).status_code


@pytest.mark.parametrize("route", routes())
def test_each_role_gets_what_the_table_says(world: World, route: str) -> None:
    row = TABLE[route]
    path = address(world, route, world.table.id, world.task, world.seat(world.ben))
    found = {}
    before = None
    for role, expected in row.answers().items():
        if before is None:
            world.again()
            if row.revealed:
                world.ada.reveals(world.table)
            with world.app.app_context():
                before = rows()
        found[role] = ask(world, role, route, path, row.sent(world))
        with world.app.app_context():
            after = rows()
        if after != before:
            assert expected < 400, f"{role} was denied {route}, and yet a row changed"
            before = None
    assert found == row.answers()


def naming_things() -> list[str]:
    """The routes that name a task, a member or a file, in the address or in the form."""
    app = create_app(Settings(_env_file=None, database_url="sqlite://", secret_key="x", realtime="none"))
    naming = {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.arguments & {"task_id", "member_id", "file_id"}
    }
    return [route for route in TABLE if route.split()[1] in naming | {"members.share_role"}]


@pytest.mark.parametrize("route", naming_things())
def test_a_facilitator_reaches_nothing_of_another_table(world: World, route: str) -> None:
    """Ada's own table in the address, Gus's task, member or file behind it."""
    their_task, them = world.elsewhere.task, world.seat(world.gus, world.elsewhere)
    path = address(world, route, world.table.id, their_task, them, world.their_file)
    with world.app.app_context():
        before = rows()
    assert ask(world, "facilitator", route, path, {**TABLE[route].sent(world), "member": them}) == 404
    with world.app.app_context():
        assert rows() == before


@pytest.mark.parametrize("route", [route for route, row in TABLE.items() if row.expected.startswith("404 404 404")])
def test_a_table_that_is_not_there_is_nobody_s(world: World, route: str) -> None:
    path = address(world, route, "nonsense", world.task, world.seat(world.ben))
    assert {role: ask(world, role, route, path, TABLE[route].sent(world)) for role in ROLES} == dict.fromkeys(
        ROLES, 404
    )
