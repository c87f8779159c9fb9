"""Where the payment provider tells what happened."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from poker_app import billing
from poker_app.billing import webhooks
from poker_app.errors import NotFound

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@blueprint.post("/stripe")
def receive_stripe() -> ResponseReturnValue:
    """Signed by Stripe, or 400. Whatever goes wrong afterwards is no 2xx, so that it is sent again."""
    if not billing.is_on():
        raise NotFound("Nothing is sold here.")
    webhooks.handle_webhook(request.get_data(), request.headers.get("Stripe-Signature", ""))
    return "", 204
