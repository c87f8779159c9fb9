"""Which addresses a webhook may have."""

from urllib.parse import SplitResult, urlsplit

from poker_app import webhooks
from poker_app.errors import Invalid
from poker_app.webhooks.models import MAX_ADDRESS, MAX_HOST


def public_address(typed: str) -> tuple[str, str]:
    """The address and its host, which is in no private network as far as its name can be resolved now. It is asked
    again at each delivery.

    Raises:
        Invalid: (422) as ``checked_address``, or it is in a private network.
    """
    # Loads requests_hardened.
    from poker_app.outside import PrivateAddress, check_public

    address, parts = checked_address(typed, inside=webhooks.are_inside())
    if not webhooks.are_inside():
        try:
            check_public(parts.hostname or "", parts.port or 443)
        except PrivateAddress:
            raise Invalid(
                "This address is in a private network. Receivers there need the setting WEBHOOKS_INSIDE.", "address"
            ) from None
    return address, parts.netloc[:MAX_HOST]


def checked_address(typed: str, *, inside: bool) -> tuple[str, SplitResult]:
    """The address and its parts.

    Raises:
        Invalid: (422) it is no address of a server, is not encrypted, is too long, or has a password in it.
    """
    address = typed.strip()
    if len(address) > MAX_ADDRESS:
        raise Invalid(f"An address has at most {MAX_ADDRESS} characters.", "address")
    try:
        parts = urlsplit(address)
        server_is_sound = 0 < len(parts.hostname or "") <= MAX_HOST and (parts.port is None or parts.port > 0)
    except ValueError:
        raise Invalid("This is not an address, such as https://example.com/faceup.", "address") from None
    if parts.scheme not in (("https", "http") if inside else ("https",)) or not server_is_sound:
        raise Invalid("An address begins with https://, such as https://example.com/faceup.", "address")
    if parts.username is not None or parts.fragment or not address.isprintable() or " " in address:
        raise Invalid("An address has no password, no “#” and no space in it.", "address")
    return address, parts
