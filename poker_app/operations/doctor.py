"""Checks of a deployment: settings, database, disk, clock, jobs, realtime, mail, payments. Yields one finding per
check, with advice."""

import re
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from poker_app import billing, clock, files, mail, realtime, schema
from poker_app.billing import active_provider, webhooks
from poker_app.db import session
from poker_app.errors import Refusal
from poker_app.operations import job_runs
from poker_app.poker.models import Member
from poker_app.poker.round import task_files
from poker_app.settings import INSTANCE, ROOT, Settings

SHORTEST_KEY = 32
LITTLE_DISK, HARDLY_ANY_DISK = 1_000_000_000, 100_000_000
SLOW = 0.1  # seconds that a database on the same network does not take
AHEAD, FAR_AHEAD = timedelta(seconds=5), timedelta(minutes=1)
JOBS_EVERY = timedelta(hours=48)
OLDEST_POSTGRESQL = 13


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check: its level, what was checked and found, and advice where it is not well."""

    level: Literal["ok", "warn", "fail"]
    about: str
    found: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Runs all checks, within the application's context. Without a working database, the checks that need one are
    skipped."""
    yield from _addresses(settings)
    yield _secret_key(settings)
    yield _static_files()
    if settings.on_sqlite:
        yield _disk(settings)
    for look in (_database, _migrations):
        found = look()
        yield found
        if found.level == "fail":
            break
    else:
        yield _clock()
        if files.is_on():
            yield _files()
        yield _jobs(settings)
        if billing.is_on():
            yield _payment_events()
    yield _realtime(settings)
    yield _mail(settings)
    if billing.is_on():
        yield _payments(settings)


def _addresses(settings: Settings) -> Iterator[Finding]:
    public = urlsplit(settings.public_url)
    local = public.hostname in ("localhost", "127.0.0.1", "::1")
    if not settings.public_url:
        yield Finding("ok", "settings", "read; links lead to whatever address a request came to (no PUBLIC_URL)")
        return
    if public.scheme != "https" and not local:
        yield Finding(
            "warn",
            "settings",
            f"PUBLIC_URL={settings.public_url} is not encrypted",
            "Serve it through https://: cookies and cards travel in the clear.",
        )
    else:
        yield Finding("ok", "settings", f"read; links lead to {settings.public_url}")
    if settings.auth != "open" and not settings.trusted_hosts and not local:
        yield Finding(
            "warn",
            "host names",
            "any is answered to",
            f'Set TRUSTED_HOSTS=["{public.hostname}"], or let the proxy refuse others.',
        )


def _secret_key(settings: Settings) -> Finding:
    if not settings.secret_key:
        kept = INSTANCE / "secret_key"
        settings.signing_key  # noqa: B018 (makes the file, if it is not there)
        if kept.lstat().st_mode & 0o077:
            return Finding("warn", "secret key", f"others may read {kept}", f"chmod 600 {kept}")
        return Finding("ok", "secret key", f"kept in {kept}: back it up with the database")
    if len(settings.secret_key) < SHORTEST_KEY:
        return Finding(
            "warn",
            "secret key",
            f"SECRET_KEY has only {len(settings.secret_key)} characters",
            "python -c 'import secrets; print(secrets.token_hex(32))' makes a good one; everybody has to sign in anew.",
        )
    return Finding("ok", "secret key", "set")


def _static_files() -> Finding:
    named = {
        path
        for page in (ROOT / "templates").rglob("*.html")
        for path in re.findall(r"asset\('([^'{}]+)'\)", page.read_text())
    }
    missing = sorted(path for path in named if not (ROOT / "static" / path).is_file())
    if missing:
        return Finding("fail", "static files", f"missing: {', '.join(missing)}", "Install the release again, whole.")
    return Finding("ok", "static files", f"all {len(named)} that the pages name are there")


def _disk(settings: Settings) -> Finding:
    folder = Path(settings.database_url.removeprefix("sqlite:///")).resolve().parent
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB free in {folder}"
    if free < HARDLY_ANY_DISK:
        return Finding("fail", "disk space", told, "Free some now: without any, every vote is refused.")
    if free < LITTLE_DISK:
        return Finding("warn", "disk space", told, "Free some before it runs out.")
    return Finding("ok", "disk space", told)


def _files() -> Finding:
    try:
        files.store().check()
    except OSError as problem:
        advice = getattr(problem, "advice", "") or "Correct FILES_FOLDER, or set FILES=off."
        return Finding("fail", "files", f"cannot be stored: {problem}", advice)
    waiting = task_files.left_over()
    if waiting > 0:
        told = f"{waiting} {'waits' if waiting == 1 else 'wait'} to be deleted"
        return Finding("warn", "files", told, "The daily job deletes them; its log says what the store answered.")
    return Finding("ok", "files", "can be stored, and none waits to be deleted")


def _database() -> Finding:
    try:
        session.scalar(text("SELECT 1"))
        began = time.perf_counter()
        session.scalar(text("SELECT 1"))
        took = time.perf_counter() - began
        return _database_that_answers(took)
    except SQLAlchemyError as problem:
        told = str(problem.__cause__ or problem).strip().splitlines()[0]
        return Finding("fail", "database", f"does not answer: {told}", "Start it, or correct DATABASE_URL.")


def _database_that_answers(took: float) -> Finding:
    told = f"answers in {took * 1000:.1f} ms"
    if session.get_bind().dialect.name == "sqlite":
        if (wrong := session.scalar(text("PRAGMA quick_check(1)"))) != "ok":
            return Finding("fail", "database", f"is damaged: {wrong}", "Stop the server and restore the last backup.")
        return Finding("ok", "database", f"SQLite {session.scalar(text('SELECT sqlite_version()'))} {told}")
    version = str(session.scalar(text("SHOW server_version"))).split()[0]
    if int(version.split(".")[0]) < OLDEST_POSTGRESQL:
        return Finding("warn", "database", f"PostgreSQL {version} {told}", "It gets no more fixes: upgrade it.")
    if took > SLOW:
        return Finding("warn", "database", f"PostgreSQL {version} {told}", "Run the service closer to its database.")
    return Finding("ok", "database", f"PostgreSQL {version} {told}")


def _migrations() -> Finding:
    if schema.is_current():
        return Finding("ok", "migrations", "all applied")
    return Finding("fail", "migrations", "some are missing", "python -m poker_app.cli migrate")


def _clock() -> Finding:
    now = clock.now()
    if session.get_bind().dialect.name != "sqlite":
        theirs = session.scalar(select(func.now()))
        assert isinstance(theirs, datetime)
        if (off := abs(theirs - now)) > AHEAD:
            level: Literal["warn", "fail"] = "fail" if off > FAR_AHEAD else "warn"
            told = f"{off.total_seconds():.0f} s away from the database's"
            return Finding(level, "clock", told, "Let both machines follow a time server (NTP).")
    newest = session.scalar(select(func.max(Member.seen_at, type_=Member.seen_at.type)))
    if newest is not None and newest - now > FAR_AHEAD:
        told = f"somebody was here at {newest:%Y-%m-%d %H:%M} UTC, which is still to come"
        return Finding("fail", "clock", told, "It has gone back: let the machine follow a time server (NTP).")
    return Finding("ok", "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _jobs(settings: Settings) -> Finding:
    last = job_runs.last_of_each()
    done = [run for job, run in last.items() if job in ("daily", "purge")]
    latest = max((run.started_at for run in done), default=None)
    how = "Let the clock run `python -m poker_app.cli daily` once a day, or call /jobs/daily with CRON_SECRET."
    if latest is None or clock.now() - latest > JOBS_EVERY:
        told = "the daily job has not run in two days"
        if settings.vercel and not settings.cron_secret:
            how = "Set CRON_SECRET: without it the platform's clock is refused."
        return Finding("warn", "jobs", told, how)
    if failed := sorted(job for job, run in last.items() if run.failed):
        return Finding("warn", "jobs", f"failed at their last run: {', '.join(failed)}", "The log says why.")
    return Finding("ok", "jobs", f"the daily one ran last at {latest:%Y-%m-%d %H:%M} UTC")


def _realtime(settings: Settings) -> Finding:
    about = "realtime engine"
    if settings.realtime == "none":
        return Finding("ok", about, "none: browsers ask every few seconds")
    if settings.realtime == "embedded":
        try:
            socket.create_connection((settings.host, settings.port), timeout=1).close()
        except OSError:
            told = f"embedded, and nothing listens on {settings.host}:{settings.port}"
            return Finding("warn", about, told, "Start the server: make run.")
        return Finding("ok", about, f"embedded, in the server on {settings.host}:{settings.port}")
    if settings.realtime == "fanout":
        # It reports no subscribers. Asking it to end the connections of a user without any is a harmless call.
        answers, told_by = realtime.end_connections("doctor"), "GRIP_URL"
    else:
        answers, told_by = realtime.present(realtime.presence_channel("doctor")) is not None, "PUSHER_…"
    if answers:
        return Finding("ok", about, f"{settings.realtime} answers, and takes the keys")
    where = settings.pusher_host or settings.realtime
    return Finding("fail", about, f"{where} does not answer as it should", f"Check {told_by}; the log line says more.")


def _mail(settings: Settings) -> Finding:
    if settings.mail == "console":
        if settings.auth == "open":
            return Finding("ok", "mail", "none is sent where nobody signs in")
        return Finding("warn", "mail", "letters are only printed", "Set MAIL=smtp and SMTP_HOST.")
    try:
        mail.check()
    except OSError as problem:
        told = f"{settings.smtp_host}:{settings.smtp_port} does not take mail ({type(problem).__name__}: {problem})"
        return Finding("fail", "mail", told, "Check SMTP_HOST, SMTP_PORT, SMTP_TLS, SMTP_USER and SMTP_PASSWORD.")
    return Finding("ok", "mail", f"{settings.smtp_host}:{settings.smtp_port} would take it")


def _payments(settings: Settings) -> Finding:
    if settings.billing == "fake":
        return Finding("warn", "payments", "BILLING=fake takes no money", "Set BILLING=stripe to sell for real.")
    offer = billing.offer()
    prices = [plan.price for plan in offer.plans if plan.price] + [pack.price for pack in offer.packs]
    try:
        missing = active_provider.engine().missing_prices(prices)
    except Refusal as refusal:
        return Finding("fail", "payments", refusal.sentence, "Check STRIPE_SECRET_KEY.")
    if missing:
        told = f"no active price has the lookup key {', '.join(missing)}"
        return Finding("fail", "payments", told, "Make it at the provider, or take it out of PLANS_FILE.")
    return Finding("ok", "payments", f"all {len(prices)} prices are there")


def _payment_events() -> Finding:
    if count := webhooks.count_failed():
        how = "python -m poker_app.cli replay-webhooks, or the operator's page."
        return Finding("warn", "payment events", f"{count} could not be processed yet", how)
    return Finding("ok", "payment events", "all processed")
