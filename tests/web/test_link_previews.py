"""What chats and wikis show of a link: the same for every session, without a name, a task, or whether there is one."""

import re
from html.parser import HTMLParser

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from poker_app.settings import Settings
from poker_app.web.home.embedding import PICTURE_HEIGHT, PICTURE_WIDTH
from tests.cast import Cast
from tests.conftest import lent
from tests.house.sources import ROOT
from tests.world.pages import Scene

# As a chat's program asks for a link that somebody sent: no cookie, and no word of what it is for.
CRAWLER = {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}
ANSWER = {
    "version": "1.0",
    "type": "link",
    "title": "Planning poker on Faceup",
    "provider_name": "Faceup",
    "provider_url": "http://localhost",
    "thumbnail_url": "http://localhost/static/icons/preview.png",
    "thumbnail_width": 1200,
    "thumbnail_height": 630,
}


class _Head(HTMLParser):
    """The tags of a page's head that previews are made from, and its title."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: dict[str, str] = {}
        self.oembed = ""
        self.feed(html.partition("</head>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "meta" and "property" in named:
            self.tags[named["property"]] = named["content"]
        elif named.get("type") == "application/json+oembed":
            self.oembed = named["href"]


def crawled(scene: Scene, path: str) -> TestResponse:
    return scene.app.test_client().get(path, headers=CRAWLER, follow_redirects=True)


def head_of(answer: TestResponse) -> str:
    return answer.text.partition("</head>")[0]


def test_a_join_link_has_a_preview(scene: Scene) -> None:
    for path in (scene.table.path, f"{scene.table.path}/join", f"/j/{scene.table.row.code}", "/"):
        answer = crawled(scene, path)
        assert answer.status_code == 200, path
        found = _Head(answer.text).tags
        assert (found["og:title"], found["og:type"]) == ("Planning poker on Faceup", "website"), path
        assert found["og:description"].startswith("Everyone picks a card in private"), path
        assert re.fullmatch(r"http://localhost/static/v-\w{10}/icons/preview\.png", found["og:image"]), path
        picture = scene.app.test_client().get(found["og:image"])
        assert (picture.status_code, picture.mimetype) == (200, "image/png")


def test_the_picture_has_the_size_that_is_told(scene: Scene) -> None:
    with Image.open(ROOT / "static/icons/preview.png") as picture:
        assert picture.size == (PICTURE_WIDTH, PICTURE_HEIGHT)
    found = _Head(crawled(scene, "/").text).tags
    assert (found["og:image:width"], found["og:image:height"]) == (str(PICTURE_WIDTH), str(PICTURE_HEIGHT))


def test_two_sessions_look_the_same(scene: Scene) -> None:
    """A session with other people, another name and other tasks: not a byte differs but the address."""
    other = scene.cast.gus.opens("Secret reorganisation", form_key="other")
    scene.cast.gus.adds(other, "Let people go")
    scene.ada.votes(scene.table, "5")
    heads = {head_of(crawled(scene, each.path)).replace(each.id, "ID") for each in (scene.table, other)}
    assert len(heads) == 1
    found = {crawled(scene, f"/oembed?url=http://localhost{each.path}").text for each in (scene.table, other)}
    assert len(found) == 1


def test_the_page_names_its_oembed_answer(scene: Scene) -> None:
    found = _Head(crawled(scene, scene.table.path).text).oembed
    assert found.startswith("http://localhost/oembed?")
    assert scene.app.test_client().get(found).get_json() == ANSWER


def test_members_pages_have_none(scene: Scene) -> None:
    assert "og:title" not in scene.ada.get(scene.table.path).text
    assert "og:title" not in scene.ada.get("/sessions/new").text


# --- oEmbed


def test_whether_there_is_a_session_is_not_told(scene: Scene) -> None:
    for path in (scene.table.path, "/sessions/none", "/j/AAA-AAA", f"/j/{scene.table.row.code}", "/"):
        answer = scene.mallory.get("/oembed", query_string={"url": f"http://localhost{path}"})
        assert answer.get_json() == ANSWER, path


@pytest.mark.parametrize(
    "address",
    [
        *("", "/", "https://faceup.example/", "http://localhost.evil.example/", "http://localhost/sign-in", "http://["),
        *("http://localhost/static/x", "http://localhost/sessions/x/people", "javascript:alert(1)", "//localhost/"),
    ],
)
def test_other_addresses_are_none(cast: Cast, address: str) -> None:
    assert cast.mallory.get("/oembed", query_string={"url": address}).status_code == 404


def test_only_json_is_answered(cast: Cast) -> None:
    for found, status in (("json", 200), ("xml", 501)):
        answer = cast.mallory.get("/oembed", query_string={"url": "http://localhost/", "format": found})
        assert answer.status_code == status


def test_where_frames_are_allowed_the_answer_has_one(settings: Settings) -> None:
    with lent(settings.model_copy(update={"frame_ancestors": ["https://wiki.example.com"]})) as app:
        scene = Scene(app, Cast(app))
        found = {"url": f"http://localhost{scene.table.path}", "maxwidth": "400", "maxheight": "9999"}
        answer = scene.mallory.get("/oembed", query_string=found).get_json()
        assert (answer["type"], answer["width"], answer["height"]) == ("rich", 400, 720)
        assert answer["html"] == (
            f'<iframe src="http://localhost{scene.table.path}" width="400" height="720" '
            'title="Planning poker on Faceup" allow="clipboard-write; screen-wake-lock"></iframe>'
        )
        # A code is looked up for those who type or follow it, not for a frame.
        for path in ("/j/AAA-AAA", "/"):
            found = {"url": f"http://localhost{path}"}
            assert scene.mallory.get("/oembed", query_string=found).get_json() == ANSWER
