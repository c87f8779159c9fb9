"""Which domains are one company's own."""

import pytest

from poker_app.rules.email_domains import domain_of, is_public


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "GMAIL.com", "web.de", "proton.me", "yahoo.co.jp", "yahoo.fr", "outlook.com.br", "gmx.eu", "com", ""],
)
def test_a_mail_service_is_nobody_s_own(domain: str) -> None:
    assert is_public(domain)


@pytest.mark.parametrize(
    "domain",
    ["nordbahn.example", "yahoo.nordbahn.example", "mygmail.com", "live.nordbahn.de", "mail.gmail.com.evil.org"],
)
def test_a_company_s_domain_is_its_own(domain: str) -> None:
    assert not is_public(domain)


def test_the_domain_of_an_address() -> None:
    assert domain_of("ada@Nordbahn.Example") == "nordbahn.example"
