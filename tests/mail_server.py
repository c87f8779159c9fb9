"""A mail server in process, and the letters that it was handed: what people find in their mailboxes."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Letter:
    """A message as its reader sees it."""

    def __init__(self, to: str, raw: bytes) -> None:
        self.to = to
        self.message: EmailMessage = message_from_bytes(raw, policy=policy.default)  # type: ignore[assignment]

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part, f"no {kind} part"
        return str(part.get_content())

    @property
    def links(self) -> list[str]:
        """Every address in the text, in order."""
        return re.findall(r"https?://\S+", self.text)

    @property
    def link(self) -> str:
        """The one thing to click, which text and HTML agree on."""
        link = self.links[0]
        assert link in unescape(self.html)
        return link


class _AnyPort(Controller):
    """On whatever port is free."""

    @property
    def bound(self) -> int:
        return int(self.server.sockets[0].getsockname()[1])  # type: ignore[union-attr]

    def _trigger_server(self) -> None:
        self.port = self.bound
        super()._trigger_server()


class Post:
    """The server. ``refuses`` is an answer to give instead of taking a letter, such as ``550 No such mailbox``, and
    ``unknown`` are addresses that it takes none for."""

    def __init__(self, **how: Any) -> None:
        self.empty()
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0, **how)
        self._controller.start()

    def empty(self) -> None:
        """As if nothing had ever been sent."""
        self.letters: list[Letter] = []
        self.refuses = ""
        self.unknown: set[str] = set()
        self._opened: set[int] = set()

    @property
    def port(self) -> int:
        return self._controller.bound

    def stop(self) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """What aiosmtpd calls for everybody whom a message is for."""
        if address in self.unknown:
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """What aiosmtpd calls for every message."""
        if self.refuses:
            return self.refuses
        content = envelope.original_content or b""
        self.letters += [Letter(to, content) for to in envelope.rcpt_tos]
        return "250 OK"

    def to(self, email: str) -> list[Letter]:
        """Everything that came for an address, in order."""
        return [letter for letter in self.letters if letter.to == email]

    def next_to(self, email: str) -> Letter:
        """The first letter to an address that was not taken out of the mailbox yet."""
        for number, letter in enumerate(self.letters):
            if letter.to == email and number not in self._opened:
                self._opened.add(number)
                return letter
        raise AssertionError(f"no new mail for {email}, only {[(each.to, each.subject) for each in self.letters]}")
