"""Amounts of money, as people write them."""

SIGNS = {"eur": "€", "usd": "$", "gbp": "£"}


def amount(cents: int, currency: str) -> str:
    """Cents as ``€9``, ``€0.78`` or ``CHF 12.50``: without decimals where there are none."""
    whole, rest = divmod(abs(cents), 100)
    figure = f"{whole:,}" + (f".{rest:02}" if rest else "")
    sign = SIGNS.get(currency.lower())
    return ("−" if cents < 0 else "") + (f"{sign}{figure}" if sign else f"{currency.upper()} {figure}")
