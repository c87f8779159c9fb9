"""The files in deploy/, as far as they can be tried without containers and without being the first process."""

import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from poker_app.cli import poker
from poker_app.settings import ROOT, Settings
from tests.deploy.box import DEPLOY, environment, write_nginx
from tests.outside import free_port, wait_for
from tests.visitor import Address

# What gunicorn reads of the environment itself.
GUNICORNS = {"WEB_CONCURRENCY"}
BUILDERS = {"VERCEL_PYTHON_COMPILEALL"}
SECRETS = {"POSTGRES_PASSWORD": "p", "SECRET_KEY": "s", "PUSHER_SECRET": "x", "FACEUP_HOST": "10.0.0.7"}


def test_nginx_takes_its_file(nginx: str, tmp_path: Path) -> None:
    """With TLS as it is; only the places of the certificate and the release are this machine's."""
    certificate(tmp_path)
    shutil.copy(DEPLOY / "live.conf", tmp_path)
    letsencrypt = "/etc/letsencrypt/live/faceup.example"
    changes = {f"{letsencrypt}/fullchain.pem": f"{tmp_path}/cert.pem", f"{letsencrypt}/privkey.pem": f"{tmp_path}/key"}
    configuration = write_nginx(tmp_path, changes)
    done = subprocess.run([nginx, "-t", "-c", configuration], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


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
    for file in re.findall(r"^EnvironmentFile=/etc/faceup/(\S+)$", unit, re.MULTILINE):
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


def test_the_containers_know_one_another() -> None:
    services = compose()
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


def test_the_guide_names_only_what_there_is() -> None:
    guide = (ROOT / "docs/deployment.md").read_text()
    for command in re.findall(r"poker_app\.cli ([a-z-]+)", guide):
        assert command in poker.commands, command
    for file in re.findall(r"(?<![\w/.])(?:deploy|tests|bin)/[\w@./*-]*\w", guide):
        assert list(ROOT.glob(file)), file
    for setting in re.findall(r"`([A-Z_]{6,})(?:=[^`]*)?`", guide):
        assert setting.lower() in Settings.model_fields or setting in {*GUNICORNS, *SECRETS, *BUILDERS}, setting
    for file in DEPLOY.iterdir():
        assert file.suffix in (".service", ".timer", ".dockerignore") or f"deploy/{file.name}" in guide, (
            f"{file.name} is not explained"
        )
