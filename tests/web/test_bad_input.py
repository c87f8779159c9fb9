"""What browsers, bots and bad luck send: a clear sentence with the right status, and nothing lost."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.db import session
from poker_app.poker.models import Vote
from poker_app.web.http.guards import BY_ORIGIN
from tests.cast import FROM_OUR_PAGE, HTMX
from tests.web.route_checks import STRANGER, regions, says
from tests.world.pages import Scene

NOT_SAID = "Your browser did not say which page sent this, so nothing was changed."
FOREIGN = "This request came from another site, so nothing was changed."
TOO_LONG = "That is too much text for one form. 64 KB is the limit."


def votes(scene: Scene) -> int:
    with scene.app.app_context():
        return session.query(Vote).count()


def form(scene: Scene) -> dict[str, str]:
    return {"round": scene.table.round, "card": "5"}


# --- from another site


def posts(scene: Scene, told: dict[str, str]) -> TestResponse:
    """Ben's vote with his cookie, and nothing but these headers to say where it came from."""
    return scene.ben.browser.post(f"{scene.table.path}/votes", data=form(scene), headers=told)


HOSTS_THAT_ARE_NOT = [
    "https://evil.example",
    "http://localhost.evil.example",
    "https://localhost",
    "http://localhost:81",
]


@pytest.mark.parametrize(
    "told",
    [
        *({"Sec-Fetch-Site": site} for site in ("cross-site", "same-site", "", "SAME-ORIGIN", "same-origin, none")),
        *({"Origin": origin} for origin in (*HOSTS_THAT_ARE_NOT, "null", "")),
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_a_form_from_another_site(scene: Scene, told: dict[str, str]) -> None:
    for more in ({}, HTMX):
        answer = posts(scene, told | more)
        assert (answer.status_code, says(answer, FOREIGN)) == (403, True)
    assert votes(scene) == 0


@pytest.mark.parametrize(
    "told",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},  # the browser's own doing: no page can bring it about
        {"Origin": "http://localhost"},
        # A proxy that does not pass the scheme or the host on leaves the site looking like another.
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://faceup.example"},
    ],
)
def test_a_form_from_our_own_page(scene: Scene, told: dict[str, str]) -> None:
    assert posts(scene, told).status_code == 303
    assert votes(scene) == 1


def test_the_public_address_is_our_own(scene: Scene) -> None:
    settings = scene.app.config["SETTINGS"]
    scene.app.config["SETTINGS"] = settings.model_copy(update={"public_url": "https://faceup.example/"})
    assert posts(scene, {"Origin": "https://faceup.example"}).status_code == 303
    assert posts(scene, {"Origin": ""}).status_code == 403


def test_a_form_that_says_nothing_of_where_it_came_from(scene: Scene) -> None:
    """It is refused with a cookie, and taken for a program's without one: of no member's, then."""
    for more in ({}, HTMX):
        answer = posts(scene, more)
        assert (answer.status_code, says(answer, NOT_SAID)) == (403, True)
    scene.ben.browser.delete_cookie("guest")
    assert posts(scene, {}).status_code == 404
    assert votes(scene) == 0


def writes(scene: Scene) -> Iterator[str]:
    """The address of every form and webhook, but for that of sockets behind a proxy."""
    given = {"session_id": scene.table.id, "task_id": scene.task, "member_id": scene.ids["ben"], "version": 1}
    for rule in scene.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and rule.endpoint not in BY_ORIGIN:
            values = {name: given.get(name, "nonsense") for name in rule.arguments}
            yield scene.app.url_map.bind("localhost").build(rule.endpoint, values)


def test_no_address_takes_a_form_from_another_site(scene: Scene) -> None:
    """The sign-in's neither, for which nobody needs a cookie: whoever is signed in unawares types into a stranger's
    account."""
    before, addresses = scene.rows(), list(writes(scene))
    assert len(addresses) > 60
    for path in addresses:
        for client in (scene.ada.browser, scene.app.test_client()):
            answer = client.post(path, data={"member_name": "M"}, headers={"Sec-Fetch-Site": "cross-site"})
            assert (answer.status_code, says(answer, FOREIGN)) == (403, True), path
        assert scene.ada.browser.post(path, data={"member_name": "M"}).status_code == 403, path
    assert scene.rows() == before


def test_a_page_of_the_release_before_still_sends_a_token(scene: Scene) -> None:
    sent = {**form(scene), "csrf_token": "IjU1Ig.aSk.x"}
    headers = {**FROM_OUR_PAGE, "X-CSRFToken": "IjU1Ig.aSk.x"}
    assert scene.ben.browser.post(f"{scene.table.path}/votes", data=sent, headers=headers).status_code == 303
    assert votes(scene) == 1


def test_signing_in_in_one_tab_leaves_the_other_its_vote(scene: Scene) -> None:
    """The cookie of the session changes under a page that is open."""
    with scene.ben.browser.session_transaction() as cookie:
        cookie["mailed"] = {"to": "ben@example.com", "next": "/"}
    assert scene.ben.votes(scene.table, "5").status_code == 200
    assert votes(scene) == 1


@pytest.mark.parametrize("cookie", [None, "", "x", "A" * 32, "a" * 31, "a" * 33, "a" * 3000, "\u00e9" * 32])
def test_a_lost_or_mangled_cookie_is_a_stranger(scene: Scene, cookie: str | None) -> None:
    scene.ben.browser.delete_cookie("guest")
    if cookie is not None:
        scene.ben.browser.set_cookie("guest", cookie)
    answer = scene.ben.votes(scene.table, "5")
    assert (answer.status_code, says(answer, STRANGER)) == (404, True)
    assert regions(answer) == {"notice"}
    assert scene.ben.get(scene.table.path).location == f"{scene.table.path}/join"
    assert votes(scene) == 0


def test_the_public_member_id_is_no_secret(scene: Scene) -> None:
    scene.mallory.get("/sessions/new")
    scene.mallory.browser.set_cookie("guest", scene.ids["ada"])
    assert scene.mallory.get(f"{scene.table.path}/vote-table").status_code == 404


# --- sizes and shapes


def test_a_body_has_an_end(scene: Scene) -> None:
    for path in ("votes", f"tasks/{scene.task}", "members"):
        answer = scene.ada.post(f"{scene.table.path}/{path}", {"tasks": "x" * 70_000})
        assert (answer.status_code, says(answer, TOO_LONG)) == (413, True)
    many = scene.ada.post(f"{scene.table.path}/tasks", {f"field{number}": "x" for number in range(4000)})
    assert many.status_code == 413
    assert scene.ada.post(f"{scene.table.path}/tasks", {"tasks": "&" * 2_000}).status_code == 200
    webhook = scene.app.test_client().post("/realtime/webhooks", data=b"x" * 70_000)
    assert webhook.status_code in (403, 413)


@pytest.mark.parametrize(
    ("body", "mimetype"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"%ff%fe=%80", "application/x-www-form-urlencoded"),
        (b"round=%00&card=5", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
        (b"card=5", "application/x-www-form-urlencoded" + "; a=" * 100),
        (b"{" * 5000, "application/json"),
        (b"card=5", "text/plain"),
        (b"", "nonsense"),
    ],
)
def test_malformed_bodies(scene: Scene, body: bytes, mimetype: str) -> None:
    headers = {**FROM_OUR_PAGE, "Content-Type": mimetype}
    for path in ("votes", "me/role", "reveal", "tasks"):
        answer = scene.ben.browser.post(f"{scene.table.path}/{path}", data=body, headers=headers)
        assert 400 <= answer.status_code < 500, answer.status_code
    assert votes(scene) == 0


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/sessions/", "/sessions/a/b/c", "/static/../wsgi.py", "/static/nothing.css", "/j/", "/%00", "/%ff"],
)
def test_addresses_that_are_none(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code in (400, 404)
    assert "class SQLAlchemy" not in answer.text


def test_the_wrong_method(scene: Scene) -> None:
    for path, method in ((f"{scene.table.path}/votes", "GET"), (scene.table.path, "POST"), ("/", "DELETE")):
        answer = scene.ben.browser.open(path, method=method, headers=FROM_OUR_PAGE)
        assert (answer.status_code, says(answer, "This address does not answer that kind of request.")) == (405, True)


def test_a_fault_says_so_and_tells_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("secret inner workings")

    monkeypatch.setattr("poker_app.poker.round.voting.cast_vote", fails)
    scene.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = scene.ben.votes(scene.table, "5")
    assert (answer.status_code, says(answer, "Something broke on our side.")) == (500, True)
    assert "secret inner workings" not in answer.text
    assert "Content-Security-Policy" in answer.headers


# --- proxies


def test_an_address_given_by_nobody_we_know_is_not_believed(scene: Scene) -> None:
    """Without PROXIES a forwarded address is the sender's own invention."""
    for number in range(10):
        scene.mallory.get("/j/AAA-AAA", headers={"X-Forwarded-For": f"10.0.0.{number}"})
    answer = scene.mallory.get("/j/AAA-AAA", headers={"X-Forwarded-For": "10.0.0.99"})
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
