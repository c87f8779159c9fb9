"""The double refuses what Stripe refuses: else a test against it would show nothing."""

import pytest
import stripe

from poker_app.billing.engines.stripe_engine.client import API_VERSION
from tests.stripe_double import StripeDouble


def client(double: StripeDouble, key: str = "", **more: str) -> stripe.StripeClient:
    return stripe.StripeClient(key or double.key, base_addresses={"api": double.url}, max_network_retries=0, **more)


def test_the_pinned_version_is_the_library_s() -> None:
    assert stripe.api_version == API_VERSION


def test_keys_versions_and_addresses(double: StripeDouble) -> None:
    with pytest.raises(stripe.AuthenticationError):
        client(double, "sk_test_other").v1.prices.list()
    with pytest.raises(stripe.InvalidRequestError, match="version"):
        client(double, stripe_version="2020-08-27").v1.prices.list()
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client(double).v1.payouts.list()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"colour": "red"}, "parameter_unknown"),
        ({"mode": "gift"}, "parameter_invalid"),
        ({"line_items": [{"price": "PACK", "quantity": "two"}]}, "parameter_invalid_integer"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "resource_missing"),
        ({"mode": "subscription"}, ""),
        ({"subscription_data": {"metadata": {"a": "b"}}}, "parameter_unknown"),
        ({"tax_id_collection": {"enabled": True}}, ""),
        ({"customer": "cus_none"}, "resource_missing"),
    ],
)
def test_a_checkout_with_something_wrong(double: StripeDouble, changed: dict[str, object], code: str) -> None:
    ask = client(double)
    pack = ask.v1.prices.list({"lookup_keys": ["faceup_pack_10_v1"]}).data[0].id
    fine = {"mode": "payment", "customer": ask.v1.customers.create().id, "success_url": "https://x.example"}
    fine["line_items"] = [{"price": pack, "quantity": 1}]  # type: ignore[assignment]
    assert ask.v1.checkout.sessions.create(fine).status == "open"  # type: ignore[arg-type]
    wrong = {**fine, **changed}
    for line in wrong["line_items"]:
        line["price"] = pack if line["price"] == "PACK" else line["price"]  # type: ignore[index]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        ask.v1.checkout.sessions.create(wrong)  # type: ignore[arg-type]
    assert (refused.value.code or "") == code


def test_a_key_is_one_request(double: StripeDouble) -> None:
    ask = client(double)
    first = ask.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    assert ask.v1.customers.create({"name": "A"}, {"idempotency_key": "k"}).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        ask.v1.customers.create({"name": "B"}, {"idempotency_key": "k"})
