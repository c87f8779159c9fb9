"""My data: the download, and deleting oneself."""

import json

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import clock
from poker_app.accounts.models import User
from poker_app.errors import Conflict, Invalid
from poker_app.poker import personal_data
from poker_app.web.http import login
from poker_app.web.http.login import signed_in

blueprint = Blueprint("mydata", __name__, url_prefix="/me/data")


@blueprint.get("")
@signed_in
def page(user: User) -> ResponseReturnValue:
    return _page(user)


def _page(user: User, refusal: Invalid | Conflict | None = None) -> str:
    leaving = personal_data.erasure_plan(user)
    return render_template("mydata/page.html", user=user, leaving=leaving, refusal=refusal, typed=request.form)


@blueprint.get("/download")
@signed_in
def download(user: User) -> ResponseReturnValue:
    """Sends the user's data as one file."""
    text = json.dumps(personal_data.everything(user), ensure_ascii=False, indent=2)
    answer = Response(text, content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="faceup-{clock.now():%Y-%m-%d}.json"'
    return answer


@blueprint.post("/erasure")
@signed_in
def erase(user: User) -> ResponseReturnValue:
    """Deletes the user. It cannot be undone, so it is confirmed by typing one's address."""
    try:
        personal_data.erase(user, request.form.get("confirmation", ""))
    except (Invalid, Conflict) as refusal:
        return _page(user, refusal), refusal.status
    login.forget()
    return redirect(url_for("mydata.gone"), 303)


@blueprint.get("/gone")
def gone() -> ResponseReturnValue:
    return render_template("mydata/gone.html")
