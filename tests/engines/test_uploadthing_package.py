"""The engine's keys, addresses and requests are those of UploadThing's official package, for the same inputs."""

import json
import random
import subprocess
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests

from poker_app.files.engines import uploadthing
from poker_app.files.engines.base import OCTETS, SIGNED_FOR
from poker_app.files.engines.uploadthing import UploadThing
from poker_app.files.engines.uploadthing_addresses import file_key, signed_address
from poker_app.files.kinds import TEXT
from poker_app.uploadthing_token import read_token
from tests.external_engines import npm_install
from tests.uploadthing.double import Asked, UploadThingDouble, token_for

HERE = Path(__file__).parent.parent / "uploadthing"
NOW = 1_795_966_000_123  # milliseconds
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
APPS = ["a", "abc12", "Mixed-Case-9", "faceupdouble", "x" * 63]
FILES = ["k7qm3fdw9rtz5bnh", "k7qm3fdw9rtz5bnh-small", "new-k7qm3fdw9rtz5bnh", "0"]
NAMES = [
    "plan.pdf",
    "~ tilde~.txt",
    'it\'s "quoted" (1)*!.png',
    "a b\tc\u00a0d.txt",
    "100%25 + & = ? # / \\ ; , : @ $ | ^ ` { } [ ] < >.txt",
    "été – ’Übersicht’.docx",
    "👩🏽‍💻🎉" * 20,
    "表計算.xlsx",
    "".join(map(chr, range(1, 128))),
]
KINDS = [("image/png", "inline"), ("application/pdf", "attachment"), (OCTETS, "attachment")]


def package(calls: list[list[object]], now: int | None = NOW, **options: object) -> dict[str, Any]:
    """What the package makes of calls of ``sdk.mjs``."""
    asked = json.dumps({"now": now, "calls": calls, "options": options})
    done = subprocess.run(["node", "sdk.mjs"], cwd=HERE, input=asked, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    npm_install(HERE, "uploadthing/package.json")


def test_the_version_is_the_package_s() -> None:
    assert json.loads((HERE / "node_modules/uploadthing/package.json").read_text())["version"] == uploadthing.VERSION
    assert json.loads((HERE / "package.json").read_text())["dependencies"]["uploadthing"] == uploadthing.VERSION


def test_keys() -> None:
    chance = random.Random(15)
    apps = [*APPS, *("".join(chance.choices(LETTERS, k=chance.randint(1, 20))) for _ in range(100))]
    keys = [(file_key(app, key), app) for app in apps for key in FILES]
    prefixes = package([["prefix", app] for app in apps])["results"]
    assert [file_key(app, "any")[:12] for app in apps] == prefixes
    assert package([["isKey", *each] for each in keys])["results"] == [True] * len(keys)
    assert UploadThingDouble.prefix == file_key(UploadThingDouble.app_id, "any")[:12]


def test_addresses() -> None:
    calls: list[list[object]] = []
    ours = []
    for seconds, name in enumerate(NAMES, 60):
        for api_key, address in [
            ("sk_live_x", "https://fra1.ingest.uploadthing.com/k_-9"),
            ("sk_~é", "http://[::1]:9/k"),
        ]:
            data = {"x-ut-file-name": name, "x-ut-file-size": seconds, "x-ut-custom-id": "", "x-ut-acl": "private"}
            calls.append(["address", address, api_key, seconds, data])
            ours.append(signed_address(address, api_key, NOW + seconds * 1000, data))
    assert ours == package(calls)["results"]


@pytest.mark.parametrize("app_id", ["abc12", "Mixed-Case-9"])
def test_addresses_of_an_app(app_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of files that are given and uploaded, with the hosts that they are at."""
    token = token_for(app_id, "sk_live_x")
    store = UploadThing(read_token(token), "")
    monkeypatch.setattr(uploadthing, "_in_milliseconds", lambda seconds: NOW + seconds * 1000)
    calls: list[list[object]] = [["file", file_key(app_id, "one"), SIGNED_FOR]]
    calls += [["upload", "hello", name, kind, how] for name in NAMES for kind, how in KINDS]
    made = package(calls, token=token)
    assert made["results"][0] == store.address("one", "", None)
    uploads = iter(zip(made["results"][1:], made["sent"], strict=True))
    for name in NAMES:
        for kind, _ in KINDS:
            theirs, sent = next(uploads)
            # Its key is another: the package draws one, and this engine makes one of the file's.
            monkeypatch.setattr(store, "_key", lambda _, key=theirs["data"]["key"]: key)
            assert sent["url"] == store._upload_address("one", 5, name, kind)


def test_requests(uploadthing_double: UploadThingDouble) -> None:
    """Storing, giving and deleting at the same server: what it was sent, but for keys, moments and signatures."""
    double = uploadthing_double
    double.reset()
    store = UploadThing(read_token(double.token), double.url)
    store.write("one", BytesIO(b"hello"), 5, TEXT, "~ é.txt")
    store.open("one", 5).close()
    store.delete("one")
    ours = [_without_keys(each) for each in double.asked]
    double.asked.clear()
    host = double.url.replace("http://127.0.0.1", "localhost")
    at_double = {"token": double.token, "apiUrl": double.url, "ingestUrl": double.url, "ufsHost": host}
    call = partial(package, now=None, ufsAppIdLocation="path", **at_double)
    (stored,) = call([["upload", "hello", "~ é.txt", TEXT, "attachment"]])["results"]
    assert stored["error"] is None
    key = stored["data"]["key"]
    (address,) = call([["file", key, 300]])["results"]
    assert requests.get(address, timeout=10).content == b"hello"
    assert call([["remove", [key]]])["results"] == [{"success": True, "deletedCount": 1}]
    assert [_without_keys(each) for each in double.asked] == ours


def _without_keys(asked: Asked) -> Asked:
    body = {"fileKeys": len(asked.body["fileKeys"])} if isinstance(asked.body, dict) else asked.body
    path = asked.path if asked.path.startswith("/v6/") else asked.path[: asked.path.index(UploadThingDouble.prefix)]
    return asked._replace(path=path, query={**asked.query, "expires": ""}, body=body)
