"""Two-factor authentication: time-based codes (TOTP) from an app, and single-use recovery codes."""

from datetime import timedelta

import pyotp
from sqlalchemy import delete, func, select, update

from poker_app import clock, ids, mail, rate_limits
from poker_app.accounts.models import RecoveryCode, SignIn, User
from poker_app.accounts.signin import device_cookies, login_sessions
from poker_app.accounts.signin.device_cookies import Bounds
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid
from poker_app.rate_limits import Limit

RECOVERY_CODES = 10
WRONG_CODES = Bounds(
    Limit("code of the second factor", 10, timedelta(minutes=15)),
    Limit("code of the second factor anywhere", 100, timedelta(hours=6)),
)
# Seconds a code is shown for. The one before and the one after are taken too: clocks differ, and people type slowly.
STEP = 30
WRONG = "Wrong code. Type the six digits that your app shows now."
ISSUER = "Faceup"


def new_secret() -> str:
    """A new secret of 32 letters and digits, for the app and the user's row."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether a text has the form of such a secret."""
    return len(text) == 32 and set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def address_of(user: User, secret: str) -> str:
    """The ``otpauth:`` address in the QR code for the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email or user.name, issuer_name=ISSUER)


def turn_on(user: User, secret: str, code: str, *, sign_in_id: str) -> list[str]:
    """Turns two-factor authentication on, once a code proves that the app has the secret. Returns the recovery codes,
    which are never shown again. Ends the user's login sessions in every other browser.

    Raises:
        Invalid: (422) a wrong code, or a form without the secret.
        Conflict: (409) it is on already.
    """
    user_id, email = user.id, user.email
    if not is_secret(secret):
        raise Invalid("This form was incomplete. Start again.", "code")
    step = _step_of(secret, code)
    if step is None:
        raise Invalid(WRONG, "code")
    with transaction():
        row = session.get_one(User, user_id, with_for_update=True)
        if row.totp_secret:
            raise Conflict("Two-factor authentication is on already.")
        row.totp_secret, row.totp_step = secret, step
        codes = _new_codes(user_id)
        login_sessions.remove(user_id, SignIn.id != sign_in_id)
    _tell(email, "Two-factor authentication was turned on")
    return codes


def check(user: User, code: str, *, asked_from: str, device: str = "") -> None:
    """Checks a code or a recovery code, and uses it up. ``device`` is the cookie that the browser is known by.

    Raises:
        Invalid: (422) the code is wrong, or was used already.
        TooMany: (429) after ten wrong ones in 15 minutes from this network.
    """
    user_id, email, typed = user.id, user.email, _typed(code)
    counters = WRONG_CODES.counters(user_id, asked_from, device_cookies.name_in(device, user_id))
    with rate_limits.failures(counters), transaction():
        row = session.get_one(User, user_id, with_for_update=True)
        step = _step_of(row.totp_secret or "", typed)
        if step is not None and step <= (row.totp_step or 0):
            raise Invalid("That code was used already. Wait until your app shows the next one.", "code")
        if step is not None:
            row.totp_step = step
        elif not _use_recovery_code(user_id, typed):
            raise Invalid(WRONG, "code")
    if step is None:
        _tell(email, f"A recovery code was used to sign in or to change two-factor settings; {left(user)} are left")


def turn_off(user: User, code: str, *, asked_from: str, device: str = "") -> None:
    """Turns two-factor authentication off, after one last code."""
    user_id, email = user.id, user.email
    _require_on(user)
    check(user, code, asked_from=asked_from, device=device)
    with transaction():
        session.execute(update(User).where(User.id == user_id).values(totp_secret=None, totp_step=None))
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    _tell(email, "Two-factor authentication was turned off")


def renew_recovery_codes(user: User, code: str, *, asked_from: str, device: str = "") -> list[str]:
    """Replaces all recovery codes, after a code. Returns ten new ones."""
    user_id = user.id
    _require_on(user)
    check(user, code, asked_from=asked_from, device=device)
    with transaction():
        return _new_codes(user_id)


def left(user: User) -> int:
    """Number of unused recovery codes."""
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def _require_on(user: User) -> None:
    if not user.totp_secret:
        raise Conflict("Two-factor authentication is off already.")


def _typed(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _step_of(secret: str, code: str) -> int | None:
    """The time step of a code, if it is the present one or a neighbour; else None."""
    now, typed = int(clock.now().timestamp()) // STEP, _typed(code)
    if not secret or len(typed) != 6 or not (typed.isascii() and typed.isdigit()):
        return None
    shown = pyotp.TOTP(secret)
    near = (step for step in (now, now - 1, now + 1) if pyotp.utils.strings_equal(shown.generate_otp(step), typed))
    return next(near, None)


def _use_recovery_code(user_id: str, typed: str) -> bool:
    this = (RecoveryCode.user_id == user_id, RecoveryCode.digest == ids.digest(typed), RecoveryCode.used_at.is_(None))
    used = session.execute(update(RecoveryCode).where(*this).values(used_at=clock.now()).returning(RecoveryCode.digest))
    return used.first() is not None


def _new_codes(user_id: str) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [ids.new_id(15) for _ in range(RECOVERY_CODES)]
    session.add_all([RecoveryCode(user_id=user_id, digest=ids.digest(code)) for code in codes])
    return [f"{code[:5]}-{code[5:10]}-{code[10:]}" for code in codes]


def _tell(email: str | None, happened: str) -> None:
    if email:
        mail.notify("notice", email, happened=happened)
