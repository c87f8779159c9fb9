"""Signing in through two real OpenID servers, at another site than ours, as people do it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import oidc_provider_mock
import pytest
from playwright.sync_api import expect

from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.external_engines import free_port
from tests.providers import servers

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(build: Callable[..., House]) -> Iterator[House]:
    """A house with both servers as ways in. To a browser 127.0.0.1 and localhost are two sites."""
    with ExitStack() as stack:
        users = [oidc_provider_mock.User(sub=login, claims=claims) for login, claims in servers.PEOPLE.items()]
        mock = stack.enter_context(servers.served(oidc_provider_mock.app(require_nonce=True, user_claims=users)))
        port = free_port()
        issuers = {"mock": mock.replace("127.0.0.1", "localhost"), "npm": f"http://localhost:{port}"}
        labels = {"mock": "Acme", "npm": "Zeta"}
        about = {"preset": "oidc", "client_id": "faceup", "client_secret": "secret"}
        ways = [{"name": name, "label": labels[name], "issuer": url, **about} for name, url in issuers.items()]
        house = build(AUTH="accounts", PROVIDERS=json.dumps(ways))
        callback = f"{house.url}/sign-in/with/npm/callback"
        stack.enter_context(servers.npm(issuers["npm"], callback, port=port))
        yield house


@pytest.fixture
def somebody(person: Callable[..., Person]) -> Callable[..., Person]:
    """People who do not mind that the providers' own pages lack an icon, and style sheets from far away."""

    def make(name: str, **how: object) -> Person:
        made = person(name, **how)
        made.expects("404")
        made.context.route(re.compile("https://"), lambda asked: asked.fulfill(content_type="text/css", body=""))
        return made

    return make


def goes_to_acme(somebody: Person, login: str) -> None:
    """The mock: one press on a name."""
    somebody.page.get_by_role("button", name="Continue with Acme").click()
    somebody.page.get_by_role("button", name=f"Authorize as {login}", exact=True).click()


def goes_to_zeta(somebody: Person, login: str) -> None:
    """The other one: a login, any password, and a consent."""
    page = somebody.page
    page.get_by_role("button", name="Continue with Zeta").click()
    page.get_by_placeholder("Enter any login").fill(login)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_somebody_new_opens_a_session(somebody: Callable[..., Person]) -> None:
    ada = somebody("Ada")
    ada.page.goto("/sessions/new")
    ada.sees("Continue with Acme")
    is_sound(ada.page)
    goes_to_acme(ada, "ada")
    ada.page.wait_for_url("**/sessions/new")
    table = ada.opens("Checkout team")
    gus = somebody("Gus").joins(table)
    gus.sees_seat("Ada", "thinking")


def test_the_same_person_on_a_phone_and_without_scripts(somebody: Callable[..., Person]) -> None:
    ben = somebody("Ben")
    ben.page.goto("/sign-in?next=/sessions/new")
    goes_to_zeta(ben, "ben")
    ben.page.wait_for_url("**/sessions/new")
    for how in ({"phone": True}, {"java_script_enabled": False}):
        again = somebody("Ben", **how)
        again.page.goto("/sign-in?next=/me")
        goes_to_zeta(again, "ben")
        again.page.wait_for_url("**/me")
        expect(again.page.get_by_label("Your name")).to_have_value("Ben")


def test_one_way_more_and_one_less(somebody: Callable[..., Person]) -> None:
    nora = somebody("Nora")
    nora.page.goto("/sign-in?next=/me")
    goes_to_acme(nora, "nomail")
    nora.page.wait_for_url("**/me")
    logins = nora.page.locator("#logins")
    expect(logins).to_contain_text("Your only way to sign in")
    is_sound(nora.page)
    nora.page.get_by_role("button", name="Connect Zeta").click()
    nora.page.get_by_placeholder("Enter any login").fill("nora")
    nora.page.get_by_placeholder("and password").fill("any")
    nora.page.get_by_role("button", name="Sign-in").click()
    nora.page.get_by_role("button", name="Continue").click()
    nora.sees("Zeta is connected.")
    nora.page.get_by_role("button", name="Disconnect Acme").click()
    nora.sees("Acme is no longer connected.")
    expect(logins).to_contain_text("Your only way to sign in")
    expect(nora.page.get_by_role("button", name="Connect Acme")).to_be_visible()


def test_no_is_no_and_another_way_is_open(somebody: Callable[..., Person]) -> None:
    ada = somebody("Ada")
    ada.page.goto("/sign-in?next=/sessions/new")
    ada.page.get_by_role("button", name="Continue with Acme").click()
    ada.page.get_by_role("button", name="Deny access").click()
    ada.sees("Acme did not let you in here.")
    ada.expects("403")
    is_sound(ada.page)
    goes_to_zeta(ada, "adelheid")
    ada.page.wait_for_url("**/sessions/new")


def test_a_callback_is_worth_nothing_in_another_browser(somebody: Callable[..., Person]) -> None:
    ada, mallory = somebody("Ada"), somebody("Mallory")
    mallory.page.goto("/sign-in")
    mallory.page.get_by_role("button", name="Continue with Acme").click()
    mallory.page.wait_for_url("http://localhost:*/**")
    answer = mallory.context.request.post(mallory.page.url, form={"sub": "eve"}, max_redirects=0)
    ada.expects("400")
    ada.page.goto("/sign-in")
    ada.page.goto(answer.headers["location"])
    ada.sees("This sign-in was started in another browser")
    is_sound(ada.page)
    ada.page.goto("/sessions/new")
    ada.sees("Sign in")
