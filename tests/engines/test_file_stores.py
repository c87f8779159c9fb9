"""What every store of files promises. FILES and its settings name another one for ``make contract-files``."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from urllib.parse import urlsplit

import pytest
import requests
from werkzeug.http import parse_options_header

from poker_app import ids
from poker_app.files.engines.base import ALLOWED_FOR, SIGNED_FOR, Store, StoreError
from tests.file_stores import Stand, answering, at_uploadthing, disk, outside, s3, s3_at, uploadthing_at

STORES = ["outside"] if os.environ.get("CONTRACT_FILES") else ["disk", "s3", "uploadthing"]
HELLO = b"hello, \x00 \xff"
PNG = "image/png"
NAMES = ["spec.pdf", 'The "new" dialog’s 🂡 Größe; v2 %41 \\ a/b.pdf', "x" * 200, "☕" * 200]


@pytest.fixture(scope="module", params=STORES)
def at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    stands = {
        "disk": lambda: disk(tmp_path_factory.mktemp("store")),
        "s3": lambda: s3(request.getfixturevalue("s3_store")),
        "uploadthing": lambda: at_uploadthing(request.getfixturevalue("uploadthing_double")),
        "outside": outside,
    }
    with stands[request.param]() as made:
        yield made


@pytest.fixture
def key(at: Stand) -> Iterator[str]:
    """A key under which nothing is, before and after."""
    made = ids.new_id()
    yield made
    for each in (made, f"new-{made}"):
        at.store.delete(each)


def content_of(at: Stand, key: str) -> bytes | None:
    try:
        with at.store.open(key, 100_000_000) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def test_what_is_written_is_opened_replaced_and_deleted(at: Stand, key: str) -> None:
    assert content_of(at, key) is None
    large = bytes(range(256)) * 12_000  # more than is read at once, and more than is held in memory
    for content in (HELLO, large) if at.replaces else (large,):
        assert at.store.write(key, BytesIO(content), len(content), PNG) == len(content)
        assert content_of(at, key) == content
    with at.store.open(key, len(large)) as stream:
        assert stream.seek(0, os.SEEK_END) == len(large)
        stream.seek(256)
        assert stream.read(3) == b"\x00\x01\x02"
    at.store.delete(key)
    assert content_of(at, key) is None
    at.store.delete(key)


@pytest.mark.parametrize("promised", [1, len(HELLO) - 1, len(HELLO) + 1, 1_000_000])
def test_another_length_than_was_promised_stores_nothing(at: Stand, key: str, promised: int) -> None:
    at.store.write(key, BytesIO(b"before"), 6, PNG)
    stream = BytesIO(HELLO * 100_000) if promised < len(HELLO) else BytesIO(HELLO)
    assert at.store.write(key, stream, promised, PNG) == min(promised + 1, len(stream.getvalue()))
    assert stream.tell() <= promised + 1
    assert content_of(at, key) == b"before"


def test_a_file_that_is_too_long_is_detected_without_all_of_it(at: Stand, key: str) -> None:
    at.store.write(key, BytesIO(HELLO), len(HELLO), PNG)
    with at.store.open(key, 3) as stream:
        assert stream.read()[:4] == HELLO[:4]


def test_a_browser_sends_what_was_allowed(at: Stand, key: str) -> None:
    upload = at.store.upload(f"new-{key}", len(HELLO), NAMES[1])
    assert at.send(upload, HELLO)
    assert content_of(at, f"new-{key}") == HELLO
    assert at.send(upload, HELLO) == at.replaces, "a retry of a request whose answer was lost"
    assert content_of(at, f"new-{key}") == HELLO
    assert {origin_of(upload.url)} <= {*at.store.origins, ""}


def test_a_browser_sends_nothing_else(at: Stand, key: str) -> None:
    upload = at.store.upload(f"new-{key}", len(HELLO), "a.txt")
    assert not at.send(upload, HELLO + b"!")
    assert not at.send(upload, HELLO[:-1])
    assert not at.send(upload._replace(url=forged(upload.url)), HELLO)
    assert not at.send(upload._replace(url=upload.url.replace(f"new-{key}", key)), HELLO)
    with at.signed(ALLOWED_FOR + 60):
        late = at.store.upload(f"new-{key}", len(HELLO), "a.txt")
    assert not at.send(late, HELLO)
    assert (content_of(at, key), content_of(at, f"new-{key}")) == (None, None)


@pytest.mark.parametrize("name", NAMES, ids=["plain", "quotes", "long", "cups"])
def test_a_browser_saves_a_document_under_its_name(at: Stand, key: str, name: str) -> None:
    at.store.write(key, BytesIO(HELLO), len(HELLO), "application/pdf", name)
    address = at.store.address(key, "application/pdf", name)
    if address is None:
        assert at.store.origins == (), "the application sends them"
        return
    answer = requests.get(address, timeout=20)
    disposition = parse_options_header(answer.headers["Content-Disposition"])
    assert disposition == ("attachment", {"filename": name})
    assert (answer.content, answer.headers["Content-Type"]) == (HELLO, "application/pdf")
    assert origin_of(address) in at.store.origins


def test_a_browser_shows_a_picture_for_minutes(at: Stand, key: str) -> None:
    at.store.write(key, BytesIO(HELLO), len(HELLO), PNG)
    address = at.store.address(key, PNG, None)
    if address is None:
        return
    answer = requests.get(address, timeout=20)
    assert (answer.content, answer.headers["Content-Type"]) == (HELLO, PNG)
    assert not answer.headers.get("Content-Disposition", "").startswith("attachment")
    assert answer.headers.get("Cache-Control", "").startswith("private") or not at.is_cached_privately
    other = ids.new_id()
    at.store.write(other, BytesIO(b"secret"), 6, PNG)
    for wrong in (forged(address), address.replace(key, other), address.partition("?")[0]):
        assert requests.get(wrong, timeout=20).status_code in (400, 401, 403)
    at.store.delete(other)
    with at.signed(SIGNED_FOR + 60):
        late = at.store.address(key, PNG, None)
    assert requests.get(str(late), timeout=20).status_code in (400, 401, 403)


def test_a_store_that_works_passes_its_check(at: Stand) -> None:
    at.store.check()


def test_a_store_that_does_not_says_so(at: Stand, key: str) -> None:
    """As OSError, which becomes one sentence, and never as a file that is not there."""
    for fault, store in at.faults.items():
        for call in (
            partial(store.write, key, BytesIO(HELLO), len(HELLO), PNG),
            partial(store.open, key, 10),
            partial(store.delete, key),
            store.check,
        ):
            with pytest.raises(OSError) as raised:
                call()
            assert not isinstance(raised.value, FileNotFoundError), (fault, call)


@pytest.mark.parametrize("store_at", [s3_at, uploadthing_at])
@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<h1>Bad Gateway</h1>",
        b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<h1>N",
        b"nothing of HTTP\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_is_none_is_a_store_that_fails(raw: bytes, store_at: Callable[[str], Store]) -> None:
    with answering(raw) as url, pytest.raises(StoreError):
        store_at(url).open("k", 10_000)


def forged(url: str) -> str:
    """With another signature."""
    return url[:-9] + ("0" if url[-9] != "0" else "1") + url[-8:]


def origin_of(url: str) -> str:
    scheme, host = urlsplit(url)[:2]
    return f"{scheme}://{host}" if host else ""
