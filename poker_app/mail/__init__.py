"""The mail port: sends one letter to one address, as text and as HTML.

A letter is a pair of templates, ``emails/<letter>.txt`` and ``.html``; the first line of the text is its subject. It is
sent after the commit of the transaction that it describes, and before the request is answered: on serverless functions
nothing runs later.
"""

from collections.abc import Callable
from email.message import EmailMessage

import structlog

from poker_app.errors import Refusal
from poker_app.mail import rendering
from poker_app.settings import Settings

log = structlog.get_logger("mail")

_settings: Settings | None = None
_deliver: Callable[[EmailMessage], None] | None = None


class Undelivered(Refusal):
    """The mail server did not take a letter. The change that it described is committed; the person may ask for the
    letter again."""

    status = 503


def configure(settings: Settings) -> None:
    """Creates the engine, once a process, before anything is sent."""
    from poker_app.mail.engines import console, smtp

    global _settings, _deliver
    _settings = settings
    engine = smtp.Server(settings).deliver if settings.mail == "smtp" else console.deliver
    _deliver = engine


def send(letter: str, to: str, **about: object) -> None:
    """Sends a letter to an address, waiting 10 seconds at most.

    Links in it are made with ``link('signing_in.page')``, an endpoint and its values, from ``PUBLIC_URL``.

    Raises:
        Undelivered: (503) the server does not take it.
    """
    if _settings is None or _deliver is None:
        raise RuntimeError("mail.configure(settings) comes first")
    message = rendering.write(letter, public_url=_settings.public_url, **about)
    message["From"], message["To"] = _settings.mail_from, to
    try:
        _deliver(message)
    except OSError as problem:  # smtplib's errors are OSErrors too
        raise Undelivered("The mail could not be sent just now. Please try again in a few minutes.") from problem


def check() -> None:
    """Asks the mail server whether it would take a letter. Raises OSError where it would not."""
    from poker_app.mail.engines import smtp

    if _settings is not None and _settings.mail == "smtp":
        smtp.Server(_settings).check()


def notify(letter: str, to: str, **about: object) -> None:
    """Sends a notice of a change that is committed. A failure is logged only."""
    try:
        send(letter, to, **about)
    except Undelivered as problem:
        log.warning("undelivered", letter=letter, problem=repr(problem.__cause__))
