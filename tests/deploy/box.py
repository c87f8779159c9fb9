"""One box as deploy/ sets it up: gunicorn behind a real nginx, an engine beside it, and two releases side by side."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from poker_app.settings import ROOT, Settings
from tests.engine_nodes import Nodes
from tests.external_engines import Soketi, free_port, wait_for
from tests.visitor import Answer, exchange

DEPLOY = ROOT / "deploy"
WORKERS = 3
SOCKETS = "http://127.0.0.1:6001"  # where the committed file of nginx passes sockets on to
PATIENCE = 60  # seconds until a release is ready, or has ended

AROUND = """\
{user}pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/sites/*.conf;
}}
"""


def environment(**settings: str) -> dict[str, str]:
    """This process's own without any setting of the product's in it, and the ones that are given."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    return {**kept, "PYTHONPATH": str(ROOT), "SECRET_KEY": "for tests only", "LOG_LEVEL": "warning", **settings}


def write_nginx(folder: Path, changes: dict[str, str], *others: str) -> Path:
    """The committed file with a machine's own places in it, ``others`` beside it, and what Debian has around them.
    Every change has to fit."""
    site = (DEPLOY / "nginx.conf").read_text()
    for before, after in {"/etc/faceup/live.conf": f"{folder}/live.conf", **changes}.items():
        assert before in site, before
        site = site.replace(before, after)
    # A server that names no port takes port 80 from whoever else has it.
    assert site.count("server {") == site.count("    listen "), site
    return around(folder, site, *others)


def around(folder: Path, *sites: str) -> Path:
    """What Debian has around its sites."""
    (folder / "sites").mkdir()
    for number, site in enumerate(sites):
        (folder / f"sites/{number}.conf").write_text(site)
    # As root nginx would give its workers away to somebody who may not reach into this folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(user=user, folder=folder))
    return folder / "nginx.conf"


def without_tls(port: int) -> dict[str, str]:
    """The committed file's changes for a machine without a certificate."""
    return {
        "server {\n    listen 80;\n    server_name faceup.example;\n    return 301 https://$host$request_uri;\n}\n": "",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
        "    ssl_certificate /etc/letsencrypt/live/faceup.example/fullchain.pem;\n": "",
        "    ssl_certificate_key /etc/letsencrypt/live/faceup.example/privkey.pem;\n": "",
    }


class Release:
    """One release's gunicorn, on a socket of its own."""

    origin = "http://localhost"

    def __init__(self, name: str, folder: Path, settings: dict[str, str]) -> None:
        self.socket = folder / f"faceup-{name}/web.sock"
        self.socket.parent.mkdir(exist_ok=True)
        self._log = folder / f"{name}.log"
        command = [sys.executable, "-m", "gunicorn", "--config", DEPLOY / "gunicorn.conf.py"]
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [*command, "--bind", f"unix:{self.socket}"],
                cwd=folder,
                env=environment(**settings),
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while self.ready() != 200:
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)  # until the other process listens

    def ready(self) -> int | None:
        """The status of /readyz, or None while nobody listens."""
        try:
            return self.ask("GET", "/readyz")[0]
        except OSError:
            return None

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        """Past nginx."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        try:
            connection.sock.connect(str(self.socket))
        except OSError:
            connection.close()
            raise
        return exchange(connection, method, path, body, headers)

    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        """As systemd does: nicely, and it has to end by itself."""
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0, self.log()


class Box:
    """nginx, the releases and the engine, as one machine that goes away and comes back. The engine is not started yet:
    here its webhooks are to come in through nginx."""

    def __init__(self, folder: Path, nginx: str, database_url: str, engine: Soketi | Nodes, **settings: str) -> None:
        self.folder, self.engine, self._nginx = folder, engine, nginx
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "DATABASE_URL": database_url,
            "DATABASE_POOL": "2",
            "WEB_CONCURRENCY": str(WORKERS),
            "PROXIES": "1",
            **engine.settings,
            "PUSHER_CLIENT_HOST": "127.0.0.1",
            "PUSHER_CLIENT_PORT": str(self.port),
            **settings,
        }
        changes = {
            **without_tls(self.port),
            "Host $host;": "Host $http_host;",  # with its port, which on the real one is the usual
            SOCKETS: f"http://127.0.0.1:{engine.port}" if isinstance(engine, Soketi) else "http://faceup_engines",
        }
        others = [] if isinstance(engine, Soketi) else [engine.engines_conf()]
        self._configuration = write_nginx(folder, changes, *others)
        self.live = "a"
        self.comes_back()

    def comes_back(self) -> None:
        self.engine.start(self.port)
        self.releases = {self.live: self.release(self.live)}
        self._write_live()
        self._proxy = subprocess.Popen([self._nginx, "-c", self._configuration, "-g", "daemon off;"])
        wait_for(self.port, self._proxy)

    def goes_away(self) -> None:
        self._proxy.send_signal(signal.SIGTERM)
        self._proxy.wait(PATIENCE)
        for each in self.releases.values():
            each.stop()
        self.engine.stop()

    def release(self, name: str) -> Release:
        return Release(name, self.folder, self.settings)

    def _write_live(self) -> None:
        upstream = (DEPLOY / "live.conf").read_text().replace("/run/faceup-a/", f"{self.folder}/faceup-{self.live}/")
        (self.folder / "live.conf").write_text(upstream)

    def deploy(self) -> None:
        """The other release comes up beside this one, nginx asks it from now on, and this one ends."""
        before, self.live = self.live, "b" if self.live == "a" else "a"
        self.releases[self.live] = self.release(self.live)
        self._write_live()
        self._proxy.send_signal(signal.SIGHUP)
        time.sleep(2)  # as docs/deployment.md has it: nginx's old workers finish what they have begun
        self.releases.pop(before).stop()

    def log(self) -> str:
        """What went wrong by the releases' and nginx's own account."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))
