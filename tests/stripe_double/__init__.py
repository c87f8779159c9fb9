"""A Stripe of our own for tests: strict, stateful, over real HTTP. README.md says what it can show and what not."""

from tests.stripe_double.double import StripeDouble

__all__ = ["StripeDouble"]
