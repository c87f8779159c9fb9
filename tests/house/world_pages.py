"""Every page and fragment there is, in every state that looks different."""

from collections.abc import Iterator, Sequence
from functools import cache

from werkzeug.test import TestResponse

from tests.cast import HTMX
from tests.house.conftest import World


@cache
def pages(world: World) -> Sequence[tuple[str, TestResponse]]:
    """The address, with whose and when, and the answer. They are asked for once, however many tests look at them."""
    world.again()
    found = list(_pages(world))
    for _, answer in found:
        answer.get_data()
    return found


FRAGMENTS = ("vote-table", "task", "backlog", "actions", "people")


def _pages(world: World) -> Iterator[tuple[str, TestResponse]]:
    for path in (
        "/",
        "/embed",
        "/sessions/new",
        "/sessions/new/cards?own=1+1",
        "/sessions/new/cards?own=1+2",
        "/j",
        "/j/AAAAAA",
        "/nothing",
        "/sign-in",
        "/sign-in/password",
        "/sign-up",
        "/new-password",
        "/sign-in/with/github",
        "/sign-in/with/github/callback",
        "/sign-in/with/nobody",
    ):
        yield path, world.people["stranger"].get(path)
    for path in ("", "?show=mine", "?name=nothing", "?show=archived&series=234"):
        for role, each in world.people.items():
            yield f"dashboard{path} as {role}", each.get(f"/accounts/{world.account}{path}")
    for path in (
        f"/series/{world.series}",
        *(f"/accounts/{world.account}/series/{each}" for each in ("new", world.series)),
        f"/accounts/{world.account}/series/{world.series}/trackers/{world.connection}?words=Pay",
    ):
        for role, each in world.people.items():
            yield f"{path} as {role}", each.get(path)
    yield "invalid form", world.people["stranger"].post("/sessions", {"deck": "own"}, htmx=False)
    yield "on to a provider", world.people["stranger"].post("/sign-in/with/github", htmx=False)
    yield "on to connect a provider", world.people["owner"].post("/me/logins/github", htmx=False)
    yield "not connected", world.people["owner"].get("/sign-in/with/github/callback")
    yield "from another site", world.ada.browser.post("/sessions", headers={"Sec-Fetch-Site": "cross-site"})
    yield from _profile(world)
    yield from _account(world)
    yield from _table(world, "voting")
    world.ada.post(f"{world.table.path}/options", {"name": "T", "anyone_reveals": "1", "change_after_reveal": "1"})
    world.ada.reveals(world.table)
    yield from _table(world, "revealed")
    world.ada.finalizes(world.table, "8", "a note")
    world.ben.votes(world.table, "☕")
    world.ada.reveals(world.table)
    yield from _table(world, "a break")
    world.ada.post(f"{world.table.path}/me/departure")
    yield "who left", world.ada.get(world.table.path)
    yield "who left, htmx", world.ada.get(f"{world.table.path}/actions", headers=HTMX)
    world.ada.post(f"{world.table.path}/me/return")
    world.ada.ends(world.table)
    yield from _table(world, "ended")


def _account(world: World) -> Iterator[tuple[str, TestResponse]]:
    base, tim = f"/accounts/{world.account}", world.people["teammate"].user
    paths = ["team", f"team/{tim}/removal", "departure", "settings", "audit", "audit?before=1&person=x"]
    paths += ["trackers", "trackers/new/jira", f"trackers/{world.connection}", f"trackers/{world.connection}/field"]
    paths += [f"trackers/{world.connection}/disconnection", "session-import", "api-tokens"]
    paths += [f"api-tokens/{world.token}/ending"]
    paths += ["webhooks", "webhooks/new/standard", f"webhooks/{world.endpoint}", f"webhooks/{world.endpoint}/deletion"]
    paths += [f"webhooks/{world.endpoint}/deliveries/{world.delivery}"]
    paths += ["slack", "slack/disconnection"]
    paths += ["decks/new", f"decks/{world.deck}", f"decks/{world.deck}/deletion", "team?q=nobody"]
    for role in ("owner", "admin", "teammate", "other account", "stranger"):
        person = world.people[role]
        for path in ("/accounts", "/accounts/new", f"/invitations/mine/{world.invitation}", "/sessions/new"):
            yield f"{path} as {role}", person.get(path)
        for path in paths:
            yield f"{path} as {role}", person.get(f"{base}/{path}")
    owner = world.people["owner"]
    yield "the API", owner.get("/api")
    owner.post(f"{base}/invitation-link")
    owner.post(f"{base}/domain", {"open": "1"})
    yield "a link and a message", owner.get(f"{base}/team")
    shell = {"name": "Shell", "scopes": "sessions:read", "days": ""}
    yield "a token", owner.post(f"{base}/api-tokens", shell, htmx=False)
    yield "tokens", owner.get(f"{base}/api-tokens")
    yield "an open domain", owner.get(f"{base}/settings")
    for path, form in (
        ("invitations", {"emails": "nonsense", "role": "admin"}),
        ("name", {"name": ""}),
        ("session-defaults", {"deck": "nonsense"}),
        ("session-defaults", {"deck": "hours", "timer_minutes": "x"}),
        ("retention", {"report_days": "1"}),
        ("decks", {"deck_name": "New", "own": "1"}),
        (f"decks/{world.deck}", {"deck_name": "", "own": "1 2"}),
        ("departure", {}),
        ("api-tokens", {}),
        ("api-tokens", {"name": "Shell"}),
        ("session-import", {}),
    ):
        yield f"refused {path}", owner.post(f"{base}/{path}", form, htmx=False)
    yield "refused account", owner.post("/accounts", {"name": ""}, htmx=False)


def _profile(world: World) -> Iterator[tuple[str, TestResponse]]:
    stranger, owner = world.people["stranger"], world.people["owner"]
    for path in ("/sign-in/link", "/sign-in/password", "/sign-up", "/new-password"):
        yield f"invalid {path}", stranger.post(path, {}, htmx=False)
    yield "wrong password", stranger.post("/sign-in/password", {"email": "a@example.com", "password": "x"}, htmx=False)
    for path in ("/sign-in", "/sign-up", "/new-password"):
        form = {"name": "A", "email": "a@example.com", "password": "vier kleine Igel"}
        stranger.post("/sign-in/link" if path == "/sign-in" else path, form, htmx=False)
        yield f"mailed {path}", stranger.get(f"{path}/link")
    for path in ("/me", "/me/second-factor"):
        yield path, owner.get(path)
    for path in ("name", "email", "password", "second-factor"):
        yield f"invalid /me/{path}", owner.post(f"/me/{path}", {}, htmx=False)


def _table(world: World, when: str) -> Iterator[tuple[str, TestResponse]]:
    base = world.table.path
    for role, person in world.people.items():
        for path in (
            "",
            "/join",
            "/options",
            "/people",
            f"/tasks/{world.task}",
            "/report",
            "/report/export",
            "/vote-table",
        ):
            yield f"{path or '/'} as {role}, {when}", person.get(f"{base}{path}")
        for name in (*FRAGMENTS, f"tasks/{world.task}"):
            yield f"{name} as {role}, {when}, htmx", person.get(f"{base}/{name}", headers=HTMX)
        yield f"refused vote as {role}, {when}", person.votes(world.table, "nonsense")
    yield f"wrong task, {when}", world.ada.post(f"{base}/tasks/{world.task}", {"title": ""})
    yield f"wrong task as a page, {when}", world.ada.post(f"{base}/tasks/{world.task}", {"title": ""}, htmx=False)
    yield f"deletion, {when}", world.ada.post(f"{base}/tasks/{world.task}/deletion")
    yield f"restoration, {when}", world.ada.post(f"{base}/tasks/{world.task}/restoration")
    yield f"import, {when}", world.ada.get(f"{base}/import")
    for name, text in (
        ("list", "One"),
        ("table", "Title;Key;State\nPay;PAY-1;Done\nShip;;New\n;;x"),
        ("nothing", "***"),
    ):
        yield f"import of a {name}, {when}", world.ada.post(f"{base}/import/file", {"tasks": text}, htmx=False)
    yield f"wrong options, {when}", world.ada.post(f"{base}/options", {"name": ""}, htmx=False)
    yield f"wrong seat, {when}", world.people["stranger"].post(f"{base}/members", {}, htmx=False)
