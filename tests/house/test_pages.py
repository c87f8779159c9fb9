"""Every answer carries the policy, and no page needs more than the policy gives."""

import re
from html.parser import HTMLParser

from tests.house.conftest import World
from tests.house.sources import PAGES, SCRIPTS, named
from tests.house.world_pages import pages

DIRECTIVES = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self' ws://localhost",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self' data:",
    "manifest-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class _Tags(HTMLParser):
    """What a page holds that the policy would refuse, or that runs code from an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "style" or (tag == "script" and not (named.get("src") or "").startswith("/static/")):
            self.wrong.append(tag)
        if tag in ("iframe", "object", "embed", "base"):
            self.wrong.append(tag)
        for name, value in attrs:
            text = (value or "").strip().lower()
            if (
                name == "style"
                or re.fullmatch(r"on[a-z]+", name)
                or name.startswith(("hx-on", "hx-vals-js", "hx-live"))
            ):
                self.wrong.append(f"{tag} {name}")
            if "javascript:" in text or (name.startswith("hx-") and text.startswith("js:")):
                self.wrong.append(f"{tag} {name}={text[:30]}")
            # A preview's address is told, not asked for.
            if tag == "link" and named.get("rel") == "alternate":
                continue
            elsewhere = name in ("src", "href", "action", "hx-get", "hx-post") and re.match(r"(https?:)?//", text)
            if elsewhere and (tag != "a" or "noopener" not in (named.get("rel") or "")):
                self.wrong.append(f"{tag} {name}={text[:40]}")

    handle_startendtag = handle_starttag


def wrong_in(html: str) -> list[str]:
    tags = _Tags()
    tags.feed(html)
    return tags.wrong


def test_every_answer_carries_the_policy(world: World) -> None:
    count = 0
    for path, answer in pages(world):
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy == DIRECTIVES, path
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
        assert "no-store" in answer.headers["Cache-Control"] or answer.headers["Cache-Control"] == "private, no-cache"
        assert "X-Request-Id" in answer.headers
        count += 1
    assert count > 150


def test_through_tls_browsers_are_told_to_stay_there(world: World) -> None:
    answer = world.people["stranger"].get("/", base_url="https://faceup.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "wss://faceup.example" in answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in world.people["stranger"].get("/").headers


def test_no_page_holds_script_style_or_handlers(world: World) -> None:
    found = {path: wrong_in(answer.text) for path, answer in pages(world) if "html" in answer.mimetype}
    assert len(found) > 150
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_no_template_holds_them_either() -> None:
    """Branches that no page above happens to take."""
    forbidden = re.compile(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\shx-on|\son[a-z]+=|javascript:|\bjs:|\|\s*safe\b")
    found = {named(path): forbidden.findall(path.read_text()) for path in PAGES}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_no_script_evaluates_text() -> None:
    forbidden = re.compile(
        r"\beval\(|new Function|\.innerHTML\b|insertAdjacentHTML|document\.write|\.style\.cssText|setTimeout\(['\"]"
    )
    found = {named(path): forbidden.findall(path.read_text()) for path in SCRIPTS}
    # A session's whole page, as this site answered it, in place of a frame's form to join.
    assert found.pop("static/js/framed.js") == ["document.write"]
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_ids_are_given_once(world: World) -> None:
    for path, answer in pages(world):
        if "html" in answer.mimetype:
            ids = re.findall(r'\sid="([^"]+)"', answer.text)
            assert len(ids) == len(set(ids)), f"{path}: {sorted(each for each in ids if ids.count(each) > 1)}"


def test_what_would_be_wrong_is_found() -> None:
    for html in (
        "<script>x</script>",
        '<script src="//cdn.example/x.js"></script>',
        "<style></style>",
        '<p style="color: red">',
        '<a onclick="x">',
        '<a hx-on:click="x">',
        '<a hx-vals="js:{}">',
        '<a href="JavaScript:x">',
        '<img src="https://elsewhere.example/x.png">',
        '<a href="https://elsewhere.example/">',
    ):
        assert wrong_in(html), html
    assert wrong_in('<script src="/static/js/room.js" defer></script><a href="/j">x</a>') == []
