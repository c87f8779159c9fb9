"""Mail through an SMTP server."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from poker_app.settings import Settings

TLS_FROM_THE_START = 465
SECONDS = 10


class Server:
    """The operator's mail server. Opens a connection for each message: functions that sleep in between cannot keep
    one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def deliver(self, message: EmailMessage) -> None:
        """Delivers one message. Raises OSError: refused, unreachable, slow, or without the TLS that is asked for."""
        with self._opened() as server:
            server.send_message(message)

    def check(self) -> None:
        """Connects and signs in as for a message, and sends none. Raises OSError as ``deliver`` does."""
        with self._opened() as server:
            server.noop()

    @contextmanager
    def _opened(self) -> Iterator[smtplib.SMTP]:
        given = self._settings
        with self._connected() as server:
            if given.smtp_tls and given.smtp_port != TLS_FROM_THE_START:
                server.starttls(context=ssl.create_default_context())
            if given.smtp_user:
                server.login(given.smtp_user, given.smtp_password)
            yield server

    def _connected(self) -> smtplib.SMTP:
        given = self._settings
        if given.smtp_tls and given.smtp_port == TLS_FROM_THE_START:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(given.smtp_host, given.smtp_port, timeout=SECONDS, context=context)
        return smtplib.SMTP(given.smtp_host, given.smtp_port, timeout=SECONDS)
