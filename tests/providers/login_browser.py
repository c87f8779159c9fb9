"""Somebody with a browser who goes to a provider and comes back, without a screen: links and forms are followed."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
from flask import Flask
from werkzeug.test import TestResponse

from tests.cast import Person

HOME = "http://localhost/"


class Traveller(Person):
    """A person whose cookies at the provider are their own too."""

    def __init__(self, app: Flask, name: str) -> None:
        super().__init__(app, name)
        self.elsewhere = requests.Session()

    def sets_out(self, provider: str, onward: str = "/sessions/new") -> str:
        """Press the button; answers with the provider's address that it leads to."""
        page = self.post(f"/sign-in/with/{provider}", {"next": onward}, htmx=False)
        return leads_to(page)

    def signs_in_there(self, address: str, login: str, *, refuses: bool = False) -> str:
        """Fill in the provider's forms; answers with our address that it sends the browser back to."""
        answer = self.elsewhere.get(address, allow_redirects=False, timeout=20)
        for _ in range(12):
            if "Location" in answer.headers:
                address = urljoin(address, answer.headers["Location"])
                if address.startswith(HOME):
                    return address.removeprefix(HOME.rstrip("/"))
                answer = self.elsewhere.get(address, allow_redirects=False, timeout=20)
                continue
            assert answer.status_code == 200, answer.text
            address, form = _form(address, answer.text, login, refuses)
            answer = self.elsewhere.request("POST" if form else "GET", address, data=form, allow_redirects=False)
        raise AssertionError(f"no way back from {address}")

    def goes(self, provider: str, login: str, onward: str = "/sessions/new") -> TestResponse:
        """All the way there and back."""
        return self.get(self.signs_in_there(self.sets_out(provider, onward), login))

    def connects(self, provider: str, login: str) -> TestResponse:
        """The same, while signed in, and as somebody whom the provider does not know yet in this browser."""
        self.elsewhere.cookies.clear()
        page = self.post(f"/me/logins/{provider}", htmx=False)
        return self.get(self.signs_in_there(leads_to(page), login))

    @property
    def is_signed_in(self) -> bool:
        return self.browser.get("/sessions/new").status_code == 200


def leads_to(page: TestResponse) -> str:
    """The address behind the one link of the page on the way."""
    assert page.status_code == 200, page.text
    found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page.text)
    assert found, page.text
    return unescape(found[1])


def changed(address: str, **fields: str | None) -> str:
    """An address with some of its parameters changed, or (None) left out."""
    base, _, query = address.partition("?")
    now = {name: values[0] for name, values in parse_qs(query).items()} | fields
    return f"{base}?{urlencode({name: value for name, value in now.items() if value is not None})}"


def parameter(address: str, name: str) -> str:
    return parse_qs(urlsplit(address).query)[name][0]


def _form(address: str, page: str, login: str, refuses: bool) -> tuple[str, dict[str, str]]:
    """Where the page's form goes, filled in: the mock's has a subject, the other one first a login, then a consent."""
    if 'name="sub"' in page:
        return address, {"action": "deny"} if refuses else {"sub": login}
    if refuses:
        return urljoin(address, re.search(r'href="([^"]*/abort)"', page)[1]), {}  # type: ignore[index]
    action = re.search(r'<form[^>]* action="([^"]+)"', page)
    assert action, page
    prompt = "login" if 'name="login"' in page else "consent"
    return urljoin(address, unescape(action[1])), {"prompt": prompt, "login": login, "password": "any"}
