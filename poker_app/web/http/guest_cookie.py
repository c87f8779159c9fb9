"""The cookie with a browser's secret, by which it is known with or without a user: guests' members are found by it.
Also the device cookie."""

import re
from typing import TypedDict

from flask import Response, after_this_request, request
from werkzeug.wrappers import Response as BaseResponse

from poker_app import ids

GUEST_COOKIE, DEVICE_COOKIE = "guest", "device"
A_YEAR = 365 * 24 * 3600
_SECRET = re.compile(r"[0-9a-f]{32}")


def _cookie_name(plain: str) -> str:
    """With TLS a name that only this host can have set, so that no neighbouring one can plant a secret."""
    return f"__Host-{plain}" if request.is_secure else plain


def guest_secret() -> str | None:
    """The secret by which this browser is known, if it holds a well-formed one."""
    given = request.cookies.get(_cookie_name(GUEST_COOKIE), "")
    return given if _SECRET.fullmatch(given) else None


def store_secret(answer: Response, secret: str) -> Response:
    """Sets the secret's cookie for a year."""
    return _set_cookie(answer, GUEST_COOKIE, secret, A_YEAR)


def _set_cookie[A: BaseResponse](answer: A, name: str, value: str, seconds: int) -> A:
    answer.set_cookie(
        _cookie_name(name), value, max_age=seconds, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
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
