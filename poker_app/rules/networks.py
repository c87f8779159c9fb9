"""Networks: the address ranges that rate limits count as one place."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# A household has one IPv4 address, but a /64 of IPv6 ones, and a customer often a /56 or a /48. The wider a network,
# the more people share it: each step allows twice as much as the one before.
STEPS = ((64, 1), (56, 2), (48, 4))
# IPv4 clients as an IPv6-only server sees them behind NAT64 (RFC 6052).
_TRANSLATED = IPv6Network("64:ff9b::/96")


def networks_of(address: str) -> list[tuple[str, int]]:
    """Returns the networks that an address is counted in, the narrowest first, and how many times the limit each may
    reach.

    IPv4 is one network, also when written as IPv6 (``::ffff:192.0.2.1``). IPv6 is three: its /64, /56 and /48. A text
    that is no address is a network of its own. A port behind it, as some proxies write one, is dropped.
    """
    try:
        found = ip_address(_without_port(address))
    except ValueError:
        return [(address, 1)]
    if isinstance(found, IPv6Address):
        inside = _v4_in(found)
        if inside is None:
            return [(str(IPv6Network((int(found), length), strict=False)), times) for length, times in STEPS]
        found = inside
    return [(str(found), 1)]


def _without_port(address: str) -> str:
    """``192.0.2.1:443`` and ``[2001:db8::1]:443`` without the port; bare IPv6 has several colons and no brackets."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _v4_in(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
