"""Faceup: planning poker. ``create_app`` puts the rooms together."""

import gc

# What is imported stays. Looking for garbage among it, again and again, is a quarter of a start.
gc.disable()

from flask import Flask
from sqlalchemy import NullPool, make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from poker_app import accounts, billing, encryption, files, logs, mail, metrics, realtime, tracing, trackers, webhooks
from poker_app.accounts import providers, webhook_endpoints
from poker_app.accounts.signin import clerk_webhooks, login_sessions
from poker_app.billing import active_provider
from poker_app.db import db, release_session
from poker_app.poker.members import lost_access
from poker_app.settings import ROOT, Settings

gc.freeze()
gc.enable()

# A body that is not a file has no business being longer.
MAX_BODY = 64 * 1024
# What a database host that vanished without a word may cost: seconds to connect, milliseconds until what was sent is
# known to be lost, and seconds of silence after which it is asked whether it is still there.
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 30}


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application, for any server. Settings come from the environment unless given."""
    settings = settings or Settings()
    configure(settings)
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.signing_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        TRUSTED_HOSTS=settings.trusted_hosts or None,
        SESSION_COOKIE_NAME="faceup",
        SESSION_COOKIE_HTTPONLY=True,
        PERMANENT_SESSION_LIFETIME=login_sessions.IDLE_FOR,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    settings.make_database_folder()
    db.init_app(app)
    app.teardown_appcontext(release_session)
    if tracing.is_on():
        with app.app_context():
            tracing.watch(db.engine)

    from poker_app import api, web

    web.install(app)
    api.install(app)
    return app


def configure(settings: Settings) -> None:
    """Configures every package from the settings: once a process, and again for another application in the same one."""
    logs.configure(settings)
    metrics.configure(settings)
    tracing.configure(settings)
    accounts.configure(settings)
    billing.configure(settings)
    active_provider.configure(settings)
    providers.configure(settings)
    clerk_webhooks.configure(settings)
    mail.configure(settings)
    files.configure(settings)
    encryption.configure(settings)
    trackers.configure(settings)
    webhooks.configure(settings)
    realtime.configure(settings)
    lost_access.configure()
    webhook_endpoints.configure()


def _engine_options(settings: Settings) -> dict[str, object]:
    # An error's text would else carry the values of its statement, a hidden card or a secret's digest, into the log.
    options: dict[str, object] = {"hide_parameters": True}
    if settings.on_sqlite:
        return options
    given = make_url(settings.database_url).query
    patience = {name: figure for name, figure in PATIENCE.items() if name not in given}
    # Behind a transaction pooler a prepared statement may meet another connection.
    options |= {"connect_args": {"prepare_threshold": None, **patience}}
    if settings.database_pool == 0:
        return options | {"poolclass": NullPool}
    # None beyond the pool: PostgreSQL takes a moment to forget one that was closed, and would count it with the next.
    return options | {"pool_pre_ping": True, "pool_size": settings.database_pool, "max_overflow": 0}
