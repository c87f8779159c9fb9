"""Mail on a laptop: prints each message, so that its links can be followed."""

import sys
from email.message import EmailMessage


def deliver(message: EmailMessage) -> None:
    """Prints a message's recipient, subject and text."""
    text = message.get_body(("plain",))
    said = text.get_content() if text else ""
    print(f"\n--- Mail to {message['To']}: {message['Subject']}\n\n{said}---", file=sys.stderr, flush=True)
