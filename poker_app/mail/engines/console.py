"""Mail on a laptop: printed, so that its links can be followed."""

import sys
from email.message import EmailMessage


def deliver(message: EmailMessage) -> None:
    """Print whom it is for, what it is about, and its text."""
    text = message.get_body(("plain",))
    said = text.get_content() if text else ""
    print(f"\n--- Mail to {message['To']}: {message['Subject']}\n\n{said}---", file=sys.stderr, flush=True)
