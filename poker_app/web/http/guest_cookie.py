"""The cookie with a browser's secret, by which it is known with or without a user: guests' members are found by it.
Also the device cookie."""

import re
from typing import TypedDict

from flask import Response, after_this_request, current_app, request
from werkzeug.wrappers import Response as BaseResponse

from poker_app import ids
from poker_app.web.http import framing

GUEST_COOKIE, DEVICE_COOKIE = "guest", "device"
A_YEAR = 365 * 24 * 3600
# Where a frame's browser stores no cookies, its scripts send the secret in a header, which no page of another site can
# add to a request; and the form to join has it in a field.
FRAME_HEADER, FRAME_FIELD = "X-Frame-Token", "frame_token"
_SECRET = re.compile(r"[0-9a-f]{32}")


def _cookie_name(plain: str) -> str:
    """With TLS a name that only this host can have set, so that no neighbouring one can plant a secret."""
    return f"__Host-{plain}" if request.is_secure else plain


def framed_name(plain: str) -> str:
    """The name of the same cookie in a frame of another site. It is another one: where a browser does not tell the two
    jars apart, the frame's cookie, which other sites' pages send along, must not take the place of the strict one."""
    return f"{plain}-framed"


def is_framed() -> bool:
    """Whether this request's cookies are those of a frame of another site. Such a frame is sent none of the others, as
    these are SameSite; and what another site's page embeds besides a frame has none at all."""
    if not framing.is_on() or not framing.is_of_framed_page():
        return False
    plain = (_cookie_name(GUEST_COOKIE), current_app.config["SESSION_COOKIE_NAME"])
    return not any(name in request.cookies for name in plain) and (
        framing.in_frame() or framed_name(_cookie_name(GUEST_COOKIE)) in request.cookies
    )


def _guest_cookie() -> str:
    name = _cookie_name(GUEST_COOKIE)
    return request.cookies.get(framed_name(name) if is_framed() else name, "")


def guest_secret() -> str | None:
    """The secret by which this browser is known, if it holds a well-formed one: from the cookie, or from a frame's page
    whose browser stores none."""
    given = _guest_cookie()
    if not given and framing.is_on():
        given = request.headers.get(FRAME_HEADER, "")
    if not given and framing.in_frame() and request.method == "POST":
        given = request.form.get(FRAME_FIELD, "")
    return given if _SECRET.fullmatch(given) else None


def store_secret(answer: Response, secret: str) -> Response:
    """Sets the secret's cookie for a year. A form that came from a frame without the cookie of its page shows that the
    browser stores none there: the page that it leads to gets the secret in its address, behind the ``#`` that is never
    sent."""
    if framing.in_frame() and request.method == "POST" and answer.location and not _guest_cookie():
        answer.location = f"{answer.location}#frame={secret}"
    return _set_cookie(answer, GUEST_COOKIE, secret, A_YEAR, framed=is_framed())


def _set_cookie[A: BaseResponse](answer: A, name: str, value: str, seconds: int, *, framed: bool = False) -> A:
    name = _cookie_name(name)
    answer.set_cookie(
        framed_name(name) if framed else name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="None" if framed else "Lax",
        secure=framed or request.is_secure,
        partitioned=framed,
        path="/",
    )
    return answer


def device() -> str:
    """The device cookie, if this browser has one; see ``accounts.signin.device_cookies``."""
    return request.cookies.get(_cookie_name(DEVICE_COOKIE), "")


def store_device[A: BaseResponse](answer: A, cookie: str) -> A:
    """Sets the device cookie for a year, which stays after signing out; or deletes it, where ``cookie`` is empty."""
    return _set_cookie(answer, DEVICE_COOKIE, cookie, A_YEAR if cookie else 0)


class Asker(TypedDict):
    """The keys by which tries are counted: the address that a request comes from, and the cookie of a browser known
    before."""

    asked_from: str
    device: str


def asker() -> Asker:
    """Returns those keys of this request."""
    return {"asked_from": request.remote_addr or "", "device": device()}


def renew_secret() -> None:
    """Replaces the browser's secret with a new one, on this response."""

    @after_this_request
    def renew(answer: Response) -> Response:
        return store_secret(answer, ids.new_secret())
