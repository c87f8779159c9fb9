"""Which addresses are counted together."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.networks import networks_of


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("192.0.2.1", [("192.0.2.1", 1)]),
        ("::ffff:192.0.2.1", [("192.0.2.1", 1)]),
        ("::FFFF:C000:201", [("192.0.2.1", 1)]),
        ("64:ff9b::192.0.2.1", [("192.0.2.1", 1)]),
        (
            "2001:db8:1:2fe:3::4",
            [("2001:db8:1:2fe::/64", 1), ("2001:db8:1:200::/56", 2), ("2001:db8:1::/48", 4)],
        ),
        ("fe80::1%eth0", [("fe80::/64", 1), ("fe80::/56", 2), ("fe80::/48", 4)]),
        ("192.0.2.1:54321", [("192.0.2.1", 1)]),
        (
            "[2001:db8:1:2fe:3::4]:54321",
            [("2001:db8:1:2fe::/64", 1), ("2001:db8:1:200::/56", 2), ("2001:db8:1::/48", 4)],
        ),
        ("", [("", 1)]),
        ("unix:", [("unix:", 1)]),
    ],
)
def test_what_an_address_is_counted_in(address: str, networks: list[tuple[str, int]]) -> None:
    assert networks_of(address) == networks


@given(st.ip_addresses(v=4))
def test_ipv4_written_as_ipv6_is_the_same_place(address: IPv4Address) -> None:
    assert networks_of(f"::ffff:{address}") == networks_of(str(address)) == [(str(address), 1)]


@given(st.ip_addresses(v=6, network="2001:db8::/32"), st.integers(0, 127))
def test_neighbours_share_exactly_the_networks_that_hold_both(one: IPv6Address, bit: int) -> None:
    """``bit`` is the one in which their addresses differ, counted from the left."""
    here, there = (dict(networks_of(str(each))) for each in (one, IPv6Address(int(one) ^ 1 << 127 - bit)))
    assert {name.rpartition("/")[2] for name in here.keys() & there.keys()} == {
        length for length in ("64", "56", "48") if int(length) <= bit
    }
