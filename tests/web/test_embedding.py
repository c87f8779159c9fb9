"""Pages in a frame of another site: which are shown there, by which cookies, and by the token where there are none."""

import re

import pytest
from flask import Flask, session
from pydantic import ValidationError
from werkzeug.test import TestResponse

from poker_app import logs
from poker_app.settings import Settings
from poker_app.web.http.framing import FRAMED, FRAMED_PAGES
from poker_app.web.http.guest_cookie import FRAME_FIELD, FRAME_HEADER
from tests.cast import FROM_OUR_PAGE, Cast, Person
from tests.conftest import lent
from tests.house.sources import ROOT
from tests.web.route_checks import says
from tests.world.pages import Scene

WIKI = "https://wiki.example.com"
# What a browser says when it loads a frame, and when that frame's own page loads another one or sends a form.
LOADS = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
GOES_ON = {**FROM_OUR_PAGE, "Sec-Fetch-Dest": "iframe"}
SEAT = {"member_name": "Gus", "role": "voter"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"frame_ancestors": [WIKI, "https://*.cloud.microsoft"]})


def ancestors(answer: TestResponse) -> str:
    [found] = re.findall(r"frame-ancestors ([^;]*)", answer.headers["Content-Security-Policy"])
    assert "X-Frame-Options" not in answer.headers
    return found


# --- who may show what


def test_a_session_may_be_shown_where_the_settings_say(scene: Scene) -> None:
    path, allowed = scene.table.path, f"{WIKI} https://*.cloud.microsoft"
    for shown in (path, f"{path}/people", f"{path}/report", "/embed"):
        assert ancestors(scene.ada.get(shown)) == allowed, shown
    for shown in (f"{path}/join", f"{path}/report", "/j/AAA-AAA", "/sessions/none"):
        assert ancestors(scene.mallory.get(shown)) == allowed, shown


def test_nothing_else_may(scene: Scene) -> None:
    for path in ("/", "/sign-in", "/sessions/new", "/accounts", "/me", "/operator", "/nothing", "/health"):
        assert ancestors(scene.mallory.get(path)) == "'none'", path


def test_every_blueprint_in_the_table_is_a_session_s(app: Flask) -> None:
    """A name that is mistyped there would show nothing, and one of another blueprint's would show too much."""
    assert set(app.blueprints) >= FRAMED
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= FRAMED_PAGES
    places = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in FRAMED}
    assert {place for place in places if not place.startswith("/sessions/<session_id>")} == {"/embed", "/oembed"}


def test_by_default_nobody_may(settings: Settings) -> None:
    with lent(settings.model_copy(update={"frame_ancestors": []})) as app:
        scene = Scene(app, Cast(app))
        answer = scene.mallory.get(f"{scene.table.path}/join", headers=LOADS)
        assert ancestors(answer) == "'none'"
        assert "SameSite=Lax" in answer.headers["Set-Cookie"]
        assert "frame_token" not in answer.text
        assert scene.mallory.get("/sign-in", headers=LOADS).status_code == scene.mallory.get("/sign-in").status_code
        # The token opens nothing either.
        token = {"X-Frame-Token": scene.ada.browser.get_cookie("guest").value}
        assert scene.mallory.get(f"{scene.table.path}/vote-table", headers=token).status_code == 404


@pytest.mark.parametrize(
    "site", ["'self'", "https://a.b", "https://*.a.example:8443", "https://wiki", "http://localhost:8001"]
)
def test_sites_that_may_be_named(site: str) -> None:
    assert Settings(_env_file=None, frame_ancestors=[site]).frame_ancestors == [site]


@pytest.mark.parametrize(
    "site",
    [
        *("*", "https://*", "https://*.com", "https:", "http://wiki.example.com", "wiki.example.com", "self", "'none'"),
        *("https://a.b/", "https://a.b/c", "https://a.b; script-src *", "https://a.b https://c.d", "https://a.*.b", ""),
    ],
)
def test_sites_that_may_not(site: str) -> None:
    with pytest.raises(ValidationError, match="Each of FRAME_ANCESTORS is a site without a path"):
        Settings(_env_file=None, frame_ancestors=[site])


# --- pages that no frame shows


def test_other_pages_open_in_a_tab_of_their_own(scene: Scene) -> None:
    from_table = {**GOES_ON, "Referer": f"http://localhost{scene.table.path}"}
    answer = scene.ada.get("/sign-in?next=/me", headers=from_table)
    assert (answer.status_code, says(answer, "This opens in a tab of its own")) == (200, True)
    assert ancestors(answer) != "'none'"
    assert 'href="/sign-in?next=/me" target="_blank" rel="noopener"' in answer.text
    assert f'href="{scene.table.path}">Back to the table' in answer.text
    assert "Back to the table" not in scene.ada.get("/me", headers=LOADS).text


def test_the_front_page_of_a_frame_leads_to_the_tables(scene: Scene) -> None:
    assert scene.mallory.get("/", headers=GOES_ON).location == "/embed"
    page = scene.ada.get("/embed", headers=GOES_ON)
    assert scene.table.path in page.text
    assert scene.table.path not in scene.mallory.get("/embed", headers=LOADS).text


# --- cookies


def in_a_frame(person: Person, path: str, sent: dict[str, str] | None = None) -> TestResponse:
    """As the page of a frame goes on; with a form, if something is sent."""
    if sent is None:
        return person.get(path, headers=GOES_ON)
    return person.browser.post(path, data=sent, headers=GOES_ON)


def test_a_frame_has_cookies_of_its_own(scene: Scene) -> None:
    gus, path = scene.cast.gus, scene.table.path
    entrance = gus.get(f"{path}/join", headers=LOADS)
    cookie = entrance.headers["Set-Cookie"]
    assert cookie.startswith("guest-framed=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"):
        assert f"; {part}" in cookie, part
    answer = in_a_frame(gus, f"{path}/members", SEAT)
    assert (answer.status_code, answer.location) == (303, path)
    assert in_a_frame(gus, path).status_code == 200
    # A frame's scripts do not say that they are in one; its cookie does.
    assert gus.get(f"{path}/vote-table", headers=FROM_OUR_PAGE).status_code == 200


def test_with_tls_its_name_is_this_host_s(scene: Scene) -> None:
    answer = scene.mallory.get(f"{scene.table.path}/join", headers=LOADS, base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-guest-framed=")


def test_outside_of_frames_cookies_stay_strict(scene: Scene) -> None:
    answer = scene.mallory.get(f"{scene.table.path}/join", headers={"Sec-Fetch-Dest": "document"})
    assert answer.headers["Set-Cookie"].startswith("guest=")
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert "Partitioned" not in answer.headers["Set-Cookie"]
    # A browser that has the strict cookie goes on with it in a frame that is not another site's.
    assert "guest-framed" not in str(scene.ada.get(scene.table.path, headers=GOES_ON).headers)
    assert scene.ada.get(scene.table.path, headers=GOES_ON).status_code == 200


def test_what_another_site_embeds_besides_a_frame_is_a_stranger_s(scene: Scene) -> None:
    """A picture, a script, a fetch: a frame's cookie goes along with it, as no strict one would."""
    gus, path = scene.cast.gus, scene.table.path
    gus.get(f"{path}/join", headers=LOADS)
    in_a_frame(gus, f"{path}/members", SEAT)
    for site in ("cross-site", "same-site"):
        for dest in ("image", "script", "empty"):
            answer = gus.get(f"{path}/vote-table", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest})
            assert answer.status_code == 404, (site, dest)


@pytest.mark.parametrize("headers", [LOADS, {"Sec-Fetch-Site": "cross-site"}, {"Origin": WIKI}, {}])
def test_another_site_writes_nothing_by_a_frame_s_cookie(scene: Scene, headers: dict[str, str]) -> None:
    gus, path = scene.cast.gus, scene.table.path
    gus.get(f"{path}/join", headers=LOADS)
    in_a_frame(gus, f"{path}/members", SEAT)
    before = scene.rows()
    answer = gus.browser.post(f"{path}/votes", data={"card": "5"}, headers=headers)
    assert answer.status_code == 403
    assert scene.rows() == before


@pytest.mark.parametrize(
    ("path", "headers", "begins", "kept"),
    [
        ("/sessions/a", LOADS, "faceup-framed=", True),
        ("/sessions/a", {**FROM_OUR_PAGE, "Cookie": "guest-framed=x"}, "faceup-framed=", True),
        ("/sessions/a", {**FROM_OUR_PAGE, "Cookie": "guest-framed=x; guest=y"}, "faceup=", False),
        ("/sessions/a", {"Sec-Fetch-Site": "cross-site", "Cookie": "guest-framed=x"}, "faceup=", False),
        ("/sessions/a", FROM_OUR_PAGE, "faceup=", False),
        # No frame shows it: who signs in there is not known by the looser cookie.
        ("/sign-in", {**FROM_OUR_PAGE, "Cookie": "guest-framed=x"}, "faceup=", False),
    ],
)
def test_the_session_cookie_is_a_frame_s_own_too(
    app: Flask, path: str, headers: dict[str, str], begins: str, *, kept: bool
) -> None:
    with app.test_request_context(path, headers=headers):
        session["done"] = "A sentence"
        answer = app.make_response("")
        app.session_interface.save_session(app, session, answer)  # type: ignore[arg-type]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(begins)
    assert all(part in cookie for part in ("; Secure", "; SameSite=None", "; Partitioned")) is kept
    assert "; HttpOnly" in cookie
    assert ("; SameSite=Lax" in cookie) is not kept
    with app.test_request_context(path, headers={**headers, "Cookie": f"{headers.get('Cookie', '')}; {cookie}"}):
        assert session["done"] == "A sentence"


# --- without cookies


def token_of(scene: Scene, gus: Person) -> str:
    """Joins as a frame does whose browser stores no cookies."""
    path = scene.table.path
    entrance = gus.browser.get(f"{path}/join", headers=LOADS)
    [given] = re.findall(r'name="frame_token" value="([0-9a-f]{32})"', entrance.text)
    places = set()
    for _ in range(2):  # sent twice it adds one member
        gus.browser.delete_cookie("guest-framed")
        places.add(in_a_frame(gus, f"{path}/members", {**SEAT, "frame_token": given}).location)
        gus.browser.delete_cookie("guest-framed")
    assert places == {f"{path}#frame={given}"}
    return given


def test_the_token_is_the_member(scene: Scene) -> None:
    gus, path = scene.cast.gus, scene.table.path
    token = token_of(scene, gus)
    assert gus.seat(scene.table).votes  # the only one of that name
    # The page cannot know: what stands behind the # is not sent.
    for page in (path, f"{path}/report", f"{path}/people"):
        assert in_a_frame(gus, page).location == f"{path}/join", page
    sent = {**FROM_OUR_PAGE, "X-Frame-Token": token}
    assert gus.get(f"{path}/join", headers=sent).location == path
    assert gus.get(path, headers=sent).status_code == 200
    assert gus.get(f"{path}/vote-table", headers=sent).status_code == 200
    voted = gus.browser.post(f"{path}/votes", data={"round": scene.table.round, "card": "5"}, headers=sent)
    assert (voted.status_code, voted.location) == (303, path)
    assert gus.get(path, headers={"X-Frame-Token": "0" * 32}).status_code == 303


def test_the_token_is_not_logged(scene: Scene, settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings.model_copy(update={"log_level": "debug"}))
    token = token_of(scene, scene.cast.gus)
    scene.cast.gus.get(scene.table.path, headers={**FROM_OUR_PAGE, "X-Frame-Token": token})
    written = "".join(capfd.readouterr())
    assert "request" in written
    assert token not in written


def test_a_cookie_comes_before_the_token(scene: Scene) -> None:
    token = token_of(scene, scene.cast.gus)
    answer = scene.ada.get(f"{scene.table.path}/vote-table", headers={**FROM_OUR_PAGE, "X-Frame-Token": token})
    assert answer.headers["X-Member"] == scene.ids["ada"]


def test_the_scripts_send_the_header_that_is_read() -> None:
    assert f"'{FRAME_HEADER}'" in (ROOT / "static/js/frame-token.js").read_text()
    assert f'name="{FRAME_FIELD}"' in (ROOT / "templates/sessions/join.html").read_text()
