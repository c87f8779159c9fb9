"""The store at UploadThing, against a double of the service that refuses what the service refuses."""

import base64
import itertools
import json
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3
from flask import Flask

from poker_app.files.engines import base, uploadthing
from poker_app.files.engines.base import ALLOWED_FOR, OCTETS, PIECE, SIGNED_FOR, StoreError
from poker_app.files.engines.uploadthing import UploadThing
from poker_app.settings import Settings
from poker_app.uploadthing_token import MALFORMED, OLD, read_token
from tests.cast import FROM_OUR_PAGE, HTMX, Cast
from tests.file_stores import answering, uploadthing_at
from tests.files import SVG, picture
from tests.uploadthing.double import UploadThingDouble
from tests.world.pages import Scene

PLAIN = {**FROM_OUR_PAGE, **HTMX, "Accept": "text/plain"}
PNG, PDF = "image/png", "application/pdf"


@pytest.fixture
def double(uploadthing_double: UploadThingDouble, monkeypatch: pytest.MonkeyPatch) -> UploadThingDouble:
    """The service with nothing stored."""
    monkeypatch.setattr(uploadthing, "LATE", 0.01)
    uploadthing_double.reset()
    return uploadthing_double


@pytest.fixture
def settings(settings: Settings, double: UploadThingDouble) -> Settings:
    return settings.model_copy(update={name.lower(): value for name, value in double.settings.items()})


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return Scene(app, cast)


@pytest.fixture
def store(double: UploadThingDouble) -> UploadThing:
    return UploadThing(read_token(double.token), double.url)


def uploads(
    store: UploadThing,
    content: bytes = b"hello",
    *,
    name: str = "a.txt",
    size: int = 5,
    kind: str = OCTETS,
    change: tuple[str, str] = ("", ""),
) -> tuple[int, Any]:
    """A browser's upload of a file: the answer's status, and what it says. ``change`` is made in the address."""
    to, headers, field = store.upload("new-one", size, name)
    fields = {field: ("blob", content, kind)}
    # Not by `requests`, which changes an address before it sends it.
    answer = urllib3.request("PUT", to.replace(*change), fields=fields, headers=headers, retries=False)
    return answer.status, answer.json()


def test_a_browser_uploads_once_what_was_signed(store: UploadThing, double: UploadThingDouble) -> None:
    name = 'a "b"~ é(1)*!’ 🎉 100%+&=?#.png'
    status, said = uploads(store, name=name)
    assert (status, said["serverData"]) == (200, None)
    (stored,) = double.stored.values()
    assert stored == (name, "application/octet-stream", "attachment", "private", b"hello")
    with store.open("new-one", 5) as found:
        assert found.read() == b"hello"
    assert uploads(store, b"other") == (409, {"error": "This file is stored already"})


def test_an_upload_of_another_length_or_type_is_refused(store: UploadThing, double: UploadThingDouble) -> None:
    for content, kind in [(b"hell", OCTETS), (b"hello!", OCTETS), (b"hello", PNG)]:
        status, _ = uploads(store, content, kind=kind)
        assert status == 400
    to = store.upload("new-one", 5, "a.txt").url
    assert requests.put(to, data=b"hello", timeout=10).status_code == 400
    assert requests.put(to, files={"other": b"hello"}, timeout=10).status_code == 400
    assert not double.stored


@pytest.mark.parametrize(
    ("old", "new"), [("size=5", "size=6"), ("private", "public-read"), ("a.txt", "a.html"), ("sha256%3D", "sha256%3D0")]
)
def test_nothing_that_is_signed_can_be_changed(
    store: UploadThing, double: UploadThingDouble, old: str, new: str
) -> None:
    assert uploads(store, change=(old, new)) == (400, {"error": "Invalid signature"})
    assert not double.stored


def test_signed_addresses_end(store: UploadThing, double: UploadThingDouble) -> None:
    store.write("one", BytesIO(b"hello"), 5, PNG)
    address = store.address("one", PNG, None) or ""
    double.ahead = SIGNED_FOR - 60
    assert requests.get(address, timeout=10).content == b"hello"
    double.ahead = SIGNED_FOR + 1
    assert requests.get(address, timeout=10).json() == {"error": "This address has expired"}
    double.ahead = ALLOWED_FOR + 1
    assert uploads(store) == (400, {"error": "This address has expired"})


def test_a_picture_is_shown_and_a_document_is_saved(store: UploadThing) -> None:
    store.write("one", BytesIO(b"hello"), 5, PNG)
    store.write("two", BytesIO(b"hello"), 5, PDF, "Plan ~(1).pdf")
    sent = [requests.get(store.address(key, "", None) or "", timeout=10).headers for key in ("one", "two")]
    assert [each["Content-Type"] for each in sent] == [PNG, PDF]
    assert [each["Content-Disposition"] for each in sent] == [
        "inline; filename=one.png",
        'attachment; filename="Plan ~(1).pdf"',
    ]


def test_no_file_is_given_without_a_signature(store: UploadThing, double: UploadThingDouble) -> None:
    store.write("one", BytesIO(b"hello"), 5, PNG)
    store.write("two", BytesIO(b"other"), 5, PNG)
    one, two = (store.address(key, PNG, None) or "" for key in ("one", "two"))
    tried = [one.partition("?")[0], one.replace(one.partition("?")[0], two.partition("?")[0])]
    assert [requests.get(address, timeout=10).status_code for address in tried] == [403, 403]


def test_a_stream_of_another_length_is_not_stored(store: UploadThing, double: UploadThingDouble) -> None:
    assert store.write("one", BytesIO(b"hell"), 5, PNG) == 4
    endless = BytesIO(b"hello, and more")
    assert store.write("one", endless, 5, PNG) == 6
    assert endless.tell() == 6
    assert not double.asked


def test_what_is_stored_is_not_stored_again(store: UploadThing, double: UploadThingDouble) -> None:
    """An announcement is repeated after the service failed in the middle; what is there already is no obstacle."""
    large = bytes(5 * PIECE)
    for _ in range(2):
        assert store.write("one", BytesIO(large), len(large), PNG) == len(large)
    assert [each.method for each in double.asked] == ["PUT", "GET"]
    for other in (b"x" + large[1:], large[1:], large[:-PIECE], large + b"x"):
        with pytest.raises(StoreError, match="409"):
            store.write("one", BytesIO(other), len(other), PNG)


def test_no_more_is_read_than_is_asked_for(store: UploadThing) -> None:
    store.write("one", BytesIO(bytes(1_000_000)), 1_000_000, PNG)
    with store.open("one", 1000) as found:
        assert len(found.read()) == 1001


def test_a_service_that_takes_too_long_is_not_waited_for(store: UploadThing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither while it sends nor while it is sent to."""
    large = bytes(1_000_000)
    store.write("one", BytesIO(large), len(large), PNG)
    monkeypatch.setattr(base, "time", SimpleNamespace(monotonic=itertools.count(0, 40).__next__))
    with pytest.raises(StoreError, match="too long"):
        store.open("one", len(large))
    with pytest.raises(StoreError):
        store.write("two", BytesIO(large), len(large), PNG)


@pytest.mark.parametrize("said", [{"success": False, "deletedCount": 0}, {"error": "Disk full"}, {}, [], "no JSON"])
def test_an_answer_that_says_no_is_no_success(said: object) -> None:
    body = said if isinstance(said, str) else json.dumps(said)
    raw = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    with answering(raw) as url, pytest.raises(StoreError, match="did not delete"):
        uploadthing_at(url).delete("one")


def test_an_upload_that_failed_after_all_is_no_success() -> None:
    """As the official package has it: an answer of 200 may say what went wrong."""
    raw = b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{"error":"Disk full"}'
    with answering(raw) as url, pytest.raises(StoreError, match="Disk full"):
        uploadthing_at(url).write("one", BytesIO(b"hello"), 5, PNG)


def test_what_is_late_is_found(store: UploadThing, double: UploadThingDouble) -> None:
    store.write("one", BytesIO(b"hello"), 5, PNG)
    double.late = 1
    with store.open("one", 5) as found:
        assert found.read() == b"hello"
    with pytest.raises(FileNotFoundError):
        store.open("two", 5)


def test_deleting(store: UploadThing, double: UploadThingDouble) -> None:
    store.write("one", BytesIO(b"hello"), 5, PNG)
    store.delete("one")
    store.delete("one")
    assert not double.stored


def test_a_service_that_fails_is_an_error_without_the_address(store: UploadThing, double: UploadThingDouble) -> None:
    def fails(of: UploadThing, said: str) -> None:
        for act in (
            lambda: of.write("one", BytesIO(b"hello"), 5, PNG),
            lambda: of.open("one", 5),
            lambda: of.delete("one"),
            of.check,
        ):
            with pytest.raises(StoreError, match=said) as raised:
                act()
            assert "signature" not in str(raised.value)

    double.down = True
    fails(store, "503 Service unavailable")
    fails(UploadThing(read_token(double.token), "http://127.0.0.1:9"), "did not answer: ConnectionError")


def test_the_doctor_stores_reads_and_deletes(store: UploadThing, double: UploadThingDouble) -> None:
    store.check()
    assert [each.method for each in double.asked] == ["PUT", "GET", "POST"]
    assert not double.stored
    double.everybody_reads = True
    with pytest.raises(StoreError, match="private file to everybody") as raised:
        store.check()
    assert raised.value.advice == uploadthing.SET_UP
    assert not double.stored
    double.overridable = False
    with pytest.raises(StoreError, match="403 This app") as raised:
        store.check()
    assert raised.value.advice == uploadthing.SET_UP


def test_pages_may_send_to_the_service_and_show_its_pictures(store: UploadThing, double: UploadThingDouble) -> None:
    assert store.origins == (double.url,)
    real = UploadThing(read_token(double.token), "")
    assert real.origins == ("https://sea1.ingest.uploadthing.com", "https://faceupdouble.ufs.sh")


def encoded(**changed: object) -> str:
    about = {"apiKey": "sk_live_x", "appId": "abc12", "regions": ["fra1"], **changed}
    return base64.b64encode(json.dumps({key: value for key, value in about.items() if value}).encode()).decode()


def test_a_token() -> None:
    token = read_token(encoded(more="fields"))
    assert (token.api_key, token.app_id, token.regions) == ("sk_live_x", "abc12", ["fra1"])
    assert token.ingest_host == "ingest.uploadthing.com"
    assert read_token(encoded(ingestHost="in.example.com")).ingest_host == "in.example.com"
    assert "sk_live_x" not in repr(token)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sk_live_x", OLD),
        ("", "FILES=uploadthing also needs UPLOADTHING_TOKEN."),
        (encoded()[:-5], MALFORMED),
        (f"'{encoded()}'", MALFORMED),
        (base64.b64encode(b"[]").decode(), MALFORMED),
        (base64.b64encode(b"[" * 100_000).decode(), MALFORMED),
        (base64.b64encode(b"\xff").decode(), MALFORMED),
        *(
            (encoded(**changed), MALFORMED)
            for changed in (
                {"apiKey": None},
                {"apiKey": "pk_x"},
                {"apiKey": 1},
                {"appId": 1},
                {"appId": "a/b"},
                {"regions": []},
                {"regions": "fra1"},
                {"regions": [None]},
                {"regions": {"a": 1}},
                {"ingestHost": "a b"},
            )
        ),
    ],
)
def test_a_token_that_is_none_is_refused_and_not_quoted(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as raised:
        Settings(_env_file=None, files="uploadthing", uploadthing_token=text)
    assert sentence in str(raised.value)
    assert not text or text not in str(raised.value)


def test_a_live_key_signs_for_no_double() -> None:
    with pytest.raises(ValueError, match="UPLOADTHING_BASE is for tests"):
        Settings(
            _env_file=None, files="uploadthing", uploadthing_token=encoded(), uploadthing_base="http://127.0.0.1:9"
        )


def test_functions_may_have_files_there() -> None:
    functions = {"vercel": True, "database_url": "postgresql://x/y", "realtime": "none", "secret_key": "x"}
    assert Settings(_env_file=None, files="uploadthing", uploadthing_token=encoded(), **functions).stores_files


# --- a table whose files lie there


def begins(scene: Scene, content: bytes, name: str) -> Any:
    """A browser's upload, up to the moment at which it is announced. Returns what the application said of it."""
    address = f"{scene.table.path}/tasks/{scene.task}/files"
    begun = scene.ada.browser.post(address, data={"name": name, "size": str(len(content))}, headers=PLAIN).json
    fields = {begun["field"]: ("blob", content, OCTETS)}
    assert urllib3.request("PUT", begun["to"], fields=fields, headers=begun["headers"]).status == 200
    return begun


def test_a_document_is_saved_under_its_name_and_never_as_a_page(scene: Scene, double: UploadThingDouble) -> None:
    begun = begins(scene, b"# Plan", "~ Plan <b>.html")
    (waiting,) = double.stored.values()
    assert (waiting.kind, waiting.disposition, waiting.acl) == (OCTETS, "attachment", "private")
    assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == 204
    (stored,) = double.stored.values()
    assert stored == ("~ Plan <b>.html.txt", "text/plain", "attachment", "private", b"# Plan")
    file = begun["arrived"].split("/")[-2]
    sent = scene.ben.get(f"{scene.table.path}/files/{file}")
    assert sent.status_code == 302
    assert urllib3.request("GET", sent.location).data == b"# Plan"


def test_answers_that_are_lost_double_and_lose_nothing(scene: Scene, double: UploadThingDouble) -> None:
    """Those of both uploads; and that of the deletion of what was sent, after which the announcement is repeated."""
    files = []
    for failing, statuses in (("PUT", [204, 204]), ("POST", [503, 204])):
        begun = begins(scene, picture(), "screen.png")
        files.append(begun["arrived"].split("/")[-2])
        for double.fails_after, status in zip((failing, ""), statuses, strict=True):
            assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == status
    assert set(double.stored) == {double.prefix + each + end for each in files for end in ("", "-small")}
    assert {each.kind for each in double.stored.values()} == {PNG, "image/webp"}


def test_what_was_sent_is_gone_once_it_is_refused(scene: Scene, double: UploadThingDouble) -> None:
    begun = begins(scene, SVG, "drawing.png")
    assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == 422
    assert not double.stored
