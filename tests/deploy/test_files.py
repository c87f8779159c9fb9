"""The files in deploy/, as far as they can be tried without containers and without being the first process."""

import json
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from poker_app.cli import poker
from poker_app.settings import ROOT, Settings
from tests.deploy.box import DEPLOY, SOCKETS, around, environment, without_tls, write_nginx
from tests.engine_nodes import variables
from tests.external_engines import free_port, wait_for
from tests.visitor import Address

# What gunicorn reads of the environment itself.
GUNICORNS = {"WEB_CONCURRENCY"}
BUILDERS = {"VERCEL_PYTHON_COMPILEALL"}
ENGINES = {"SOKETI_HOST", "SOKETI_DB_REDIS_HOST", "SOKETI_DB_REDIS_PASSWORD"}
SECRETS = {"POSTGRES_PASSWORD": "p", "SECRET_KEY": "s", "PUSHER_SECRET": "x", "FACEUP_HOST": "10.0.0.7"}


SEVERAL = {SOCKETS: "http://faceup_engines"}


@pytest.mark.parametrize(
    ("more", "others"),
    [({}, []), (SEVERAL, [(DEPLOY / "engines.conf").read_text()])],
    ids=["one engine", "several engines"],
)
def test_nginx_takes_its_file(nginx: str, tmp_path: Path, more: dict[str, str], others: list[str]) -> None:
    """With TLS as it is; only the places of the certificate and the release are this machine's."""
    certificate(tmp_path)
    shutil.copy(DEPLOY / "live.conf", tmp_path)
    letsencrypt = "/etc/letsencrypt/live/faceup.example"
    changes = {f"{letsencrypt}/fullchain.pem": f"{tmp_path}/cert.pem", f"{letsencrypt}/privkey.pem": f"{tmp_path}/key"}
    configuration = write_nginx(tmp_path, {**changes, **more}, *others)
    done = subprocess.run([nginx, "-t", "-c", configuration], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_location_of_nginx_that_sets_headers_says_who_asks() -> None:
    """It inherits none of the server's."""
    text = (DEPLOY / "nginx.conf").read_text()
    locations = re.findall(r"^    location (\S+) \{\n(.*?)^    \}", text, re.MULTILINE | re.DOTALL)
    of_the_server = set(re.findall(r"^    proxy_set_header (\S+ \S+);", text, re.MULTILINE))
    assert "X-Forwarded-For $remote_addr" in of_the_server
    own = {path: set(re.findall(r"^ +proxy_set_header (\S+ \S+);", body, re.MULTILINE)) for path, body in locations}
    assert own["/app/"]
    for path, headers in own.items():
        assert not headers or of_the_server <= headers, path


class Page(BaseHTTPRequestHandler):
    """What stands behind nginx: any page, and at one address one that takes its time."""

    slow = threading.Event()

    def do_GET(self) -> None:
        if self.path.endswith("/slow"):
            self.slow.wait(20)
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"a page")

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_about: object) -> None: ...


@pytest.fixture(scope="module")
def front(nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real nginx with the committed limits; only what would take long or need many is smaller."""
    folder = tmp_path_factory.mktemp("front")
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    behind.daemon_threads = True
    threading.Thread(target=behind.serve_forever, args=(0.05,), daemon=True).start()
    (folder / "live.conf").write_text(f"upstream faceup {{ server 127.0.0.1:{behind.server_port}; }}")
    port = free_port()
    smaller = {"header_timeout 10s": "header_timeout 1s", "body_timeout 20s": "body_timeout 1s"}
    smaller |= {"faceup_requests 1000": "faceup_requests 3", "faceup_sockets 1000": "faceup_sockets 3"}
    configuration = write_nginx(
        folder, {**without_tls(port), **smaller, "127.0.0.1:6001": f"127.0.0.1:{behind.server_port}"}
    )
    with subprocess.Popen([nginx, "-c", configuration, "-g", "daemon off;"]) as running:
        wait_for(port, running)
        yield port
        running.terminate()
    behind.shutdown()


def answer(port: int, request: bytes) -> bytes:
    """What nginx says until it ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(request)
        heard = b""
        with suppress(ConnectionResetError):
            while more := plain.recv(1 << 16):
                heard += more
        return heard


HEAD = b"GET %s HTTP/1.1\r\nHost: faceup.example\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HEAD % b"/" + b"\r\n", b"200"),
        (HEAD % b"/" + (b"X: " + b"y" * 15_000 + b"\r\n") * 3 + b"\r\n", b"200"),
        (HEAD % b"/" + (b"X: " + b"y" * 15_000 + b"\r\n") * 6 + b"\r\n", b"431"),
        (HEAD % (b"/" + b"a" * 17_000) + b"\r\n", b"414"),
        (HEAD.replace(b"GET", b"POST") % b"/" + b"Content-Length: 1100000\r\n\r\n", b"413"),
    ],
)
def test_nginx_reads_no_more_than_it_is_told(front: int, request_: bytes, status: bytes) -> None:
    assert answer(front, request_).split(b" ", 2)[1] == status


@pytest.mark.parametrize("begun", [HEAD % b"/", HEAD.replace(b"GET", b"POST") % b"/" + b"Content-Length: 9\r\n\r\nx"])
def test_nginx_waits_no_longer_than_it_is_told(front: int, begun: bytes) -> None:
    """Without an answer, or with one that says so; were it to wait, this would fail with a timeout of its own."""
    assert answer(front, begun).partition(b"\r\n")[0] in (b"", b"HTTP/1.1 408 Request Time-out")


@pytest.mark.parametrize("folder", [b"/", b"/app/"])
def test_nginx_bounds_what_one_address_does_at_once(front: int, folder: bytes) -> None:
    Page.slow.clear()
    asked = HEAD % (folder + b"slow") + b"\r\n"
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", front), timeout=10)) for _ in range(3)]
        for each in held:
            each.sendall(asked)
        until = time.monotonic() + 10
        while not answer(front, HEAD % folder + b"\r\n").startswith(b"HTTP/1.1 429 "):
            assert time.monotonic() < until, "a fourth is answered while three are under way"
        Page.slow.set()
        assert all(each.recv(1 << 16).startswith(b"HTTP/1.1 200") for each in held)
    until = time.monotonic() + 10
    while answer(front, HEAD % folder + b"\r\n").startswith(b"HTTP/1.1 429 "):
        assert time.monotonic() < until


@pytest.fixture(scope="module")
def counted_as(nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """What the committed file counts an address as, asked of a real nginx."""
    folder, port = tmp_path_factory.mktemp("network"), free_port()
    [networks] = re.findall(r"^map \$remote_addr .*?^}", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE | re.DOTALL)
    server = f"listen 127.0.0.1:{port}; set_real_ip_from 127.0.0.1; real_ip_header X-Address; return 200 $network;"
    site = f"{networks}\nserver {{ {server} }}"
    with subprocess.Popen([nginx, "-c", around(folder, site), "-g", "daemon off;"]) as running:
        wait_for(port, running)
        yield lambda address: answer(port, HEAD % b"/" + f"X-Address: {address}\r\n\r\n".encode()).decode().split()[-1]
        running.terminate()


@pytest.mark.parametrize("half", ["2001:db8:1:2:", "2001:db8:1:0:", "2001:db8:0:0:", "2001:db8:0:2:"])
def test_nginx_counts_ipv6_by_its_first_half(counted_as: Callable[[str], str], half: str) -> None:
    """However its zeros are shortened."""
    assert {counted_as(half + rest) for rest in ("a:b:c:d", "0:0:0:7", "0:b:0:0", "1:0:0:0")} == {half}


@pytest.mark.parametrize("address", ["192.0.2.1", "::ffff:192.0.2.1", "64:ff9b::c000:201"])
def test_nginx_counts_each_ipv4_by_itself(counted_as: Callable[[str], str], address: str) -> None:
    assert counted_as(address) == address


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "faceup.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key").write_bytes(key.private_bytes(*pem))


def test_gunicorn_keeps_no_connection_waiting_for_what_a_thread_does_after_its_answer() -> None:
    assert runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))["keepalive"] == 0


UNITS = sorted(path.name for path in DEPLOY.glob("*.service"))


@pytest.mark.parametrize("name", UNITS)
def test_units_start_what_there_is(name: str, tmp_path: Path) -> None:
    unit = (DEPLOY / name).read_text()
    commands = [shlex.split(command) for command in re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)]
    assert commands
    for program, *words in commands:
        if program.endswith("/python"):
            assert words[:2] == ["-m", "poker_app.cli"]
            assert words[2] in poker.commands
            assert len(commands) == 1, "after a failure the others would not be run"
        for word in words:
            assert not word.startswith("deploy/") or (ROOT / word).is_file()
    for file in re.findall(r"^EnvironmentFile=-?/etc/faceup/(\S+)$", unit, re.MULTILINE):
        assert (DEPLOY / file).is_file()
    if analyze := shutil.which("systemd-analyze"):
        # It wants to see the programs, and users that exist.
        here = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", unit, flags=re.MULTILINE)
        (tmp_path / name).write_text(here.replace("User=faceup\n", ""))
        told = subprocess.run([analyze, "verify", tmp_path / name], capture_output=True, text=True)
        assert name.partition("@")[0] not in told.stderr, told.stderr


def test_the_box_does_every_daily_job() -> None:
    assert "-m poker_app.cli daily\n" in (DEPLOY / "faceup-daily.service").read_text()


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+):\?\}", text)) == SECRETS.keys()
    for name, secret in SECRETS.items():
        text = text.replace(f"${{{name}:?}}", secret)
    return dict(yaml.safe_load(text)["services"])


class _Over(yaml.SafeLoader):
    """Reads files that stand over others."""


RESET = object()
_Over.add_constructor("!reset", lambda *_: RESET)


def compose_engines() -> dict[str, Any]:
    """Both files, merged as Compose does."""
    return merged(compose(), yaml.load((DEPLOY / "compose.engines.yaml").read_text(), _Over)["services"])


def merged(below: Any, over: Any) -> Any:
    if isinstance(below, list) and isinstance(over, list):
        return [*below, *over]
    if not (isinstance(below, dict) and isinstance(over, dict)):
        return over
    together = {**below, **{name: merged(below.get(name), each) for name, each in over.items()}}
    return {name: each for name, each in together.items() if each is not RESET}


@pytest.mark.parametrize("read", [compose, compose_engines])
def test_the_containers_know_one_another(read: Callable[[], dict[str, Any]]) -> None:
    services = read()
    told = services["web"]["environment"]
    assert told == services["migrate"]["environment"] == services["daily"]["environment"]
    assert {name.lower() for name in told.keys() - GUNICORNS} <= Settings.model_fields.keys()
    given = {**told, "TRUSTED_HOSTS": json.loads(told["TRUSTED_HOSTS"])}
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in given.items()})
    assert settings.database_url == "postgresql+psycopg://faceup:p@database/faceup"
    assert {settings.pusher_host, "database"} <= services.keys()
    engine = services["engine"]["environment"]
    own = (settings.pusher_app_id, settings.pusher_key, settings.pusher_secret)
    assert tuple(engine[f"SOKETI_DEFAULT_APP_{name}"] for name in ("ID", "KEY", "SECRET")) == own
    assert engine["SOKETI_DEFAULT_APP_USER_AUTHENTICATION"] == "1"
    [webhook] = json.loads(engine["SOKETI_DEFAULT_APP_WEBHOOKS"])
    assert webhook["url"] == "http://web:8000/realtime/webhooks"
    assert {"web", SECRETS["FACEUP_HOST"]} <= set(settings.trusted_hosts)
    assert services["web"]["ports"] == ["8000:8000"]
    assert services["web"]["command"][-1].endswith(":8000")
    assert int(told["WEB_CONCURRENCY"]) * int(told["DATABASE_POOL"]) * 2 < 100, "PostgreSQL's usual limit"
    for service in services.values():
        folder = service.get("build")
        if isinstance(folder, dict):
            assert (DEPLOY / folder["context"] / folder["dockerfile"]).is_file()
        elif folder:
            assert (DEPLOY / folder / "Dockerfile").is_file()
    migrating = services["migrate"]["command"]
    assert migrating[:3] == ["python", "-m", "poker_app.cli"]
    assert migrating[3] in poker.commands
    assert "python -m poker_app.cli daily;" in services["daily"]["command"][-1]


def test_the_containers_have_a_balancer_in_front_of_their_engines() -> None:
    services = compose_engines()
    [mounted] = services["balancer"]["volumes"]
    conf = (DEPLOY / mounted.split(":")[0]).read_text()
    assert set(re.findall(r"^    server (\w+):", conf, re.MULTILINE)) == {"engine"}
    given = services["web"]["environment"]
    published = [port.split(":") for port in services["balancer"]["ports"]]
    assert re.search(rf"listen {given['PUSHER_PORT']};[^}}]*location /apps/", conf)
    assert re.search(rf"listen {published[0][1]};[^}}]*location /app/", conf)
    assert [port for port, _ in published] == [given["PUSHER_CLIENT_PORT"]]
    assert "ports" not in services["engine"]
    assert services["engine"]["deploy"]["replicas"] == 2
    # The same as the box's.
    assert variables(DEPLOY / "redis.env").items() - services["engine"]["environment"].items() == {
        ("SOKETI_DB_REDIS_HOST", "127.0.0.1"),
        ("SOKETI_DB_REDIS_PORT", "6379"),
    }
    assert services["engine"]["environment"]["SOKETI_DB_REDIS_HOST"] in services
    passing_on = [re.findall(r"proxy_\w+ .+;", text.partition("/apps/")[2].partition("}")[0]) for text in (conf, box())]
    assert passing_on[0] == passing_on[1]


def box() -> str:
    return (DEPLOY / "engines.conf").read_text()


def test_the_engine_lets_members_sign_in() -> None:
    """Its default is not to, and then nobody's connection can be ended."""
    assert "SOKETI_DEFAULT_APP_USER_AUTHENTICATION=1" in (DEPLOY / "soketi.env").read_text().splitlines()


def test_the_engine_is_the_one_that_the_tests_run() -> None:
    ours, tested = (
        json.loads(path.read_text())
        for path in (DEPLOY / "soketi/package.json", Path(__file__).parent / "package.json")
    )
    assert ours["dependencies"].items() <= tested["dependencies"].items()
    assert ours["overrides"].items() <= tested["overrides"].items()


def is_ignored(path: str) -> bool:
    """Whether the image goes without it: `**/` is at any depth, and all else at the top."""
    parts = path.split("/")
    patterns = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    return any(
        any(fnmatch(part, pattern[3:]) for part in parts) if pattern.startswith("**/") else fnmatch(parts[0], pattern)
        for pattern in patterns
    )


def test_the_image_holds_no_secrets() -> None:
    """compose.yaml has them written into deploy/.env."""
    for path in (".env", "deploy/.env", "deploy/.env.production", "instance/secret_key"):
        assert is_ignored(path), path
    for path in ("deploy/env", "deploy/gunicorn.conf.py", "wsgi.py"):
        assert not is_ignored(path), path


def test_what_the_image_holds_runs(tmp_path: Path) -> None:
    """The committed files without the ignored ones, started as the Dockerfile says. Its packages are `make run`'s."""
    steps = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes --requirement requirements.txt" in steps
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "x", "-C", tmp_path], input=archive, check=True)
    for path in sorted(tmp_path.iterdir()):
        if is_ignored(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    told = dict(word.split("=") for word in re.findall(r"^ENV (.+)$", steps, re.MULTILINE)[0].split())
    assert {name.lower() for name in told} <= Settings.model_fields.keys()
    port = free_port()
    [command] = re.findall(r"^CMD (\[.+\])$", steps, re.MULTILINE)
    python, *words = json.loads(command)
    assert python == "python"
    server = subprocess.Popen(
        [sys.executable, *words],
        cwd=tmp_path,
        env=environment(**{**told, "PORT": str(port), "PYTHONPATH": "", "SECRET_KEY": ""}),
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server)
        assert Address(port).ask("GET", "/readyz")[0] == 200
    finally:
        server.terminate()
        server.wait(20)
    assert (tmp_path / "instance/faceup.db").is_file()
    assert (tmp_path / "instance/secret_key").is_file()


def test_what_the_guide_replaces_is_in_the_files() -> None:
    guide = (ROOT / "docs/deployment.md").read_text()
    replaced = re.findall(r"sed -i s([,/])(.+?)\1.+?\1 /etc/(?:faceup|nginx/conf\.d)/(\S+)", guide)
    assert len(replaced) >= 3
    for _, before, file in replaced:
        assert before in (DEPLOY / {"faceup.conf": "nginx.conf"}.get(file, file)).read_text(), before


def test_the_guide_names_only_what_there_is() -> None:
    guide = (ROOT / "docs/deployment.md").read_text()
    for command in re.findall(r"poker_app\.cli ([a-z-]+)", guide):
        assert command in poker.commands, command
    for file in re.findall(r"(?<![\w/.])(?:deploy|tests|bin)/[\w@./*-]*\w", guide):
        assert list(ROOT.glob(file)), file
    for setting in re.findall(r"`([A-Z_]{6,})(?:=[^`]*)?`", guide):
        others = {*GUNICORNS, *SECRETS, *BUILDERS, *ENGINES}
        assert setting.lower() in Settings.model_fields or setting in others, setting
    for file in DEPLOY.iterdir():
        if file.name == "__pycache__":
            continue
        assert file.suffix in (".service", ".timer", ".dockerignore") or f"deploy/{file.name}" in guide, (
            f"{file.name} is not explained"
        )
