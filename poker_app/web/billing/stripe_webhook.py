"""The payment provider's webhook."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from poker_app import billing
from poker_app.billing import webhooks
from poker_app.errors import NotFound

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@blueprint.post("/stripe")
def receive_stripe() -> ResponseReturnValue:
    """Handles an event of Stripe's. Any failure once it is read is answered without 2xx, so that Stripe sends it again.

    Raises:
        NotFound: (404) payments are off.
        Forged: (400) it is not signed by Stripe.
    """
    if not billing.is_on():
        raise NotFound("Nothing is sold here.")
    webhooks.handle_webhook(request.get_data(), request.headers.get("Stripe-Signature", ""))
    return "", 204
