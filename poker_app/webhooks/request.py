"""One request of a webhook: signed, to the address as it is checked then, and what the answer means."""

import time
from datetime import timedelta

from poker_app import clock, outside, webhooks
from poker_app.outside import NoAnswer, PrivateAddress
from poker_app.webhooks import Sealed, signing
from poker_app.webhooks.job import Job, Outcome
from poker_app.webhooks.models import MAX_ANSWER

SECONDS = 10.0
"""In which a receiver has to answer."""
LONGEST_ASKED = timedelta(days=1)
"""The longest pause that a receiver may ask for."""
PRIVATE = "The address is in a private network. Nothing was sent."
DOWN = (408, 429, 502, 503, 504)
"""Answers that are of a receiver, or of what stands before it, that is down, and not about the event."""


def send_once(job: Job) -> Outcome:
    """Sends one event to its address, signed, and says what became of it."""
    began = time.monotonic()

    def took() -> float:
        return time.monotonic() - began

    try:
        vault = webhooks.vault()
        address = vault.open(job.address_sealed)["address"]
        headers = signing.headers(
            [vault.open(each)["secret"] for each in job.secrets_sealed], job.key, clock.now(), job.body
        )
        reply = outside.send(
            "POST",
            address,
            headers,
            body=job.body.encode(),
            seconds=SECONDS,
            most=MAX_ANSWER,
            inside=webhooks.are_inside(),
        )
    except Sealed as sealed:
        return Outcome(took(), sealed.sentence, down=True)
    except PrivateAddress:
        return Outcome(took(), PRIVATE, down=True)
    except NoAnswer as problem:
        return Outcome(took(), f"There was no answer ({problem.kind}).", down=True)
    answer = reply.content.decode(errors="replace").replace("\0", "")
    if 200 <= reply.status < 300:
        return Outcome(took(), status=reply.status, answer=answer)
    asked = timedelta(seconds=min(outside.pause_of(reply.headers) or 0.0, LONGEST_ASKED.total_seconds()))
    return Outcome(
        took(), _sentence(reply.status), down=reply.status in DOWN, status=reply.status, answer=answer, asked=asked
    )


def _sentence(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver answers with another address ({status}), which is not followed."
    return f"The receiver answers with {status}."
