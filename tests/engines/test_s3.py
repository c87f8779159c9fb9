"""The store ``s3`` beyond the contract of all stores: its addresses, its check, and a table whose files lie there."""

import itertools
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from poker_app import files
from poker_app.files.engines import base
from poker_app.files.engines.base import SIGNED_FOR, StoreError
from poker_app.files.engines.s3 import S3, place
from poker_app.operations import doctor
from poker_app.settings import Settings
from tests.cast import FROM_OUR_PAGE, HTMX, Cast
from tests.external_engines import free_port
from tests.files import PDF, SVG, picture
from tests.s3_store import BLIND_KEY_ID, BUCKET, KEY_ID, REGION, SECRET, S3Server
from tests.world.pages import Scene

PLAIN = {**FROM_OUR_PAGE, **HTMX, "Accept": "text/plain"}
PAGE = "https://faceup.example"
FAILS = "The file could not be stored just now; everything else goes on. Please try again in a few minutes."


@pytest.fixture
def settings(settings: Settings, s3_store: S3Server) -> Settings:
    s3_store.empty()
    given = {name.lower(): value for name, value in s3_store.settings.items()}
    return settings.model_copy(update=given)


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return Scene(app, cast)


def store_at(server: S3Server, *, key_id: str = KEY_ID, page: str = "") -> S3:
    return S3(place(BUCKET, REGION, server.url), (key_id, SECRET), page=page)


# --- addresses


@pytest.mark.parametrize(
    ("bucket", "endpoint", "address"),
    [
        ("faceup-files", "", "https://faceup-files.s3.eu-central-1.amazonaws.com/new-k"),
        ("files.faceup.example", "", "https://s3.eu-central-1.amazonaws.com/files.faceup.example/new-k"),
        ("faceup-files", "http://127.0.0.1:9000", "http://127.0.0.1:9000/faceup-files/new-k"),
        ("faceup-files", "https://s3.example.com/", "https://s3.example.com/faceup-files/new-k"),
        ("faceup-files", "https://{bucket}.fra.example.com", "https://faceup-files.fra.example.com/new-k"),
    ],
)
def test_where_a_bucket_is(bucket: str, endpoint: str, address: str) -> None:
    store = S3(place(bucket, "eu-central-1", endpoint), (KEY_ID, SECRET))
    url = store.upload("new-k", 5, "").url
    assert url.partition("?")[0] == address
    assert store.origins == ("{}://{}".format(*urlsplit(url)[:2]),)


def test_a_browser_sends_as_nothing_but_bytes(s3_store: S3Server) -> None:
    upload = store_at(s3_store).upload("new-k", 5, "a.html")
    for headers in ({"Content-Type": "text/html"}, {}):
        assert requests.put(upload.url, data=b"hello", headers=headers, timeout=20).status_code == 403
    assert "new-k" not in s3_store.stored()


def test_without_keys_the_machine_s_own_are_taken(s3_store: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    with pytest.raises(StoreError) as raised:
        S3(place(BUCKET, REGION, s3_store.url), None).upload("new-k", 5, "")
    assert raised.value.advice == "Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    S3(place(BUCKET, REGION, s3_store.url), None).check()


# --- what the doctor says


@pytest.mark.parametrize(
    ("wrong", "found", "advice"),
    [
        ({"s3_bucket": "no-such-bucket"}, "NoSuchBucket", "Make the bucket."),
        ({"s3_region": "eu-west-1"}, "AuthorizationHeaderMalformed", "Correct S3_BUCKET, S3_REGION and S3_ENDPOINT."),
        ({"s3_access_key_id": "AKIAMALLORY"}, "InvalidAccessKeyId", "Correct S3_ACCESS_KEY_ID and"),
        ({"s3_secret_access_key": "a guess"}, "SignatureDoesNotMatch", "Correct S3_ACCESS_KEY_ID and"),
        ({"s3_access_key_id": BLIND_KEY_ID}, "AccessDenied", "Give the key s3:ListBucket on the bucket"),
        ({"public_url": "https://other.example"}, "pages of https://other.example may not send", "the CORS rule of"),
    ],
)
def test_what_is_wrong_with_a_bucket_is_said(
    settings: Settings, app: Flask, s3_store: S3Server, wrong: dict[str, str], found: str, advice: str
) -> None:
    s3_store.lets_pages_send(PAGE)
    right = settings.model_copy(update={"public_url": f"{PAGE}/"})
    try:
        with app.app_context():
            files.configure(right)
            assert doctor._files().level == "ok"
            files.configure(right.model_copy(update=wrong))
            said = doctor._files()
        assert (said.level, found in said.found, advice in said.advice) == ("fail", True, True), said
        assert s3_store.stored() == set()
    finally:
        s3_store.lets_pages_send("*")
        files.configure(settings)


# --- files that are too long, and come too slowly


def test_no_more_is_read_than_was_promised(s3_store: S3Server) -> None:
    store = store_at(s3_store)
    store.write("k", BytesIO(b"hello"), 5, "text/plain")
    with store.open("k", 3) as stream:
        assert stream.read() == b"hell"


def test_a_store_that_sends_too_slowly_is_not_waited_for(s3_store: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    store, large = store_at(s3_store), b"x" * 1_000_000
    store.write("k", BytesIO(large), len(large), "text/plain")
    monkeypatch.setattr(base, "time", SimpleNamespace(monotonic=itertools.count(0, 40).__next__))
    with pytest.raises(StoreError, match="too long"):
        store.open("k", len(large))


# --- a table whose files lie there


def begins(scene: Scene, name: str, size: int) -> TestResponse:
    address = f"{scene.table.path}/tasks/{scene.task}/files"
    return scene.ada.browser.post(address, data={"name": name, "size": str(size)}, headers=PLAIN)


def sent(scene: Scene, content: bytes, name: str) -> TestResponse:
    """The answer to the announcement."""
    begun = begins(scene, name, len(content)).json
    assert requests.put(begun["to"], data=content, headers=begun["headers"], timeout=20).ok
    return scene.ada.browser.post(begun["arrived"], headers=PLAIN)


def the_file(scene: Scene) -> str:
    """Address of the first file beside the task."""
    page = scene.ben.get(f"{scene.table.path}/tasks/{scene.task}/files", headers=HTMX).text
    return f"{scene.table.path}/files/{page.partition('id="file-')[2].partition('"')[0]}"


def test_files_go_past_the_application(scene: Scene, s3_store: S3Server) -> None:
    assert sent(scene, picture(), "Screen.png").status_code == 204
    path = the_file(scene)
    for address, kind in ((path, "image/png"), (f"{path}/thumbnail", "image/webp")):
        answer = scene.ben.get(address)
        assert (answer.status_code, answer.location.startswith(s3_store.url)) == (302, True)
        lasts = int(answer.headers["Cache-Control"].removeprefix("private, max-age="))
        assert 0 < lasts <= SIGNED_FOR / 2, "what a browser has in its cache leads to an address that is still good"
        got = requests.get(answer.location, timeout=20)
        assert (got.status_code, got.headers["Content-Type"]) == (200, kind)
        assert scene.mallory.get(address).status_code == 404
    file = path.rpartition("/")[2]
    assert s3_store.stored() == {file, f"{file}-small"}
    policy = dict(part.split(" ", 1) for part in scene.ben.get("/").headers["Content-Security-Policy"].split("; "))
    assert (s3_store.url in policy["connect-src"], policy["img-src"]) == (True, f"'self' data: {s3_store.url}")
    scene.ada.post(f"{scene.table.path}/members/{scene.ids['ben']}/removal")
    assert scene.ben.get(path).status_code == 404


def test_a_file_is_what_it_is_here_whatever_the_bucket_calls_it(s3_store: S3Server) -> None:
    s3_store.client.put_object(Bucket=BUCKET, Key="k", Body=PDF, ContentType="text/html")
    address = store_at(s3_store).address("k", "application/pdf", "spec.pdf")
    assert requests.get(str(address), timeout=20).headers["Content-Type"] == "application/pdf"


def test_a_document_is_saved_and_never_shown(scene: Scene) -> None:
    assert sent(scene, PDF, 'The "new" page.html').status_code == 204
    got = requests.get(scene.ben.get(the_file(scene)).location, timeout=20)
    assert (got.content, got.headers["Content-Type"]) == (PDF, "application/pdf")
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''The%20%22new%22%20page.html.pdf"


def test_what_is_refused_is_gone(scene: Scene, s3_store: S3Server) -> None:
    assert sent(scene, SVG, "evil.png").status_code == 422
    assert s3_store.stored() == set()
    begun = begins(scene, "a.txt", 5).json
    nothing = scene.ada.browser.post(begun["arrived"], headers=PLAIN)
    assert (nothing.status_code, nothing.text) == (409, "The file did not arrive whole. Please add it again.")
    # past the signature, as a store that does not count may let it happen
    waiting = urlsplit(begun["to"]).path.rpartition("/")[2]
    s3_store.client.put_object(Bucket=BUCKET, Key=waiting, Body=b"x" * 50_000)
    other = scene.ada.browser.post(begun["arrived"], headers=PLAIN)
    assert (other.status_code, other.text) == (422, "The file did not arrive whole. Please add it again.")
    assert s3_store.stored() == set()


def test_nothing_is_sent_through_the_application(scene: Scene) -> None:
    assert scene.ada.browser.put("/uploads/new-k-5.x.y", data=b"hello", headers=PLAIN).status_code == 404


def test_the_table_goes_on_without_the_store(scene: Scene, settings: Settings) -> None:
    sent(scene, PDF, "spec.pdf")
    path, begun = the_file(scene), begins(scene, "a.txt", 5).json
    down = settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{free_port()}"})
    try:
        files.configure(down)
        answer = scene.ada.browser.post(begun["arrived"], headers=PLAIN)
        assert (answer.status_code, answer.text) == (503, FAILS)
        assert scene.ben.votes(scene.table, "5").status_code == 200
    finally:
        files.configure(settings)
    assert requests.put(begun["to"], data=b"hello", headers=begun["headers"], timeout=20).ok
    assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == 204
    assert scene.ben.get(path).status_code == 302


def test_a_question_about_pages_that_fails_does_not_quote_its_signed_address() -> None:
    store = S3(place(BUCKET, REGION, ""), (KEY_ID, SECRET), page=PAGE)
    with pytest.raises(StoreError, match="did not answer as browsers ask") as refused:
        store._check_cors(f"http://127.0.0.1:{free_port()}/faceup?X-Amz-Signature=abc")
    assert "abc" not in repr(refused.value) + repr(refused.value.__cause__)
    assert "S3_ENDPOINT" in refused.value.advice
