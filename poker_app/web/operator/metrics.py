"""The figures for Prometheus, and the counting and tracing of requests."""

import time

from flask import Blueprint, Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue

from poker_app import metrics, tracing
from poker_app.errors import NotFound
from poker_app.operations.metric_readings import readings
from poker_app.web.http.guards import require_bearer

blueprint = Blueprint("metrics", __name__)


def install(app: Flask) -> None:
    """Counts and traces each request, from before all other hooks until after them. Adds no hook where both are off."""
    if metrics.is_on():
        _count_requests(app)
    if tracing.is_on():
        _trace_requests(app)


def _count_requests(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(answer: Response) -> Response:
        metrics.count_request(request.method, _route(), answer.status_code, time.perf_counter() - g.began)
        return answer


def _trace_requests(app: Flask) -> None:
    # A function may be frozen as soon as it has answered.
    frozen = app.config["SETTINGS"].vercel

    @app.before_request
    def begin() -> None:
        g.span = tracing.request_span(request.method, request.headers.items())
        g.span_made = g.span.__enter__()

    @app.after_request
    def name(answer: Response) -> Response:
        tracing.name_request(g.span_made, request.method, _route(), answer.status_code)
        if frozen:
            answer.call_on_close(tracing.flush)
        return answer

    @app.teardown_request
    def end(_problem: BaseException | None) -> None:
        if "span" in g:
            g.pop("span").__exit__(None, None, None)


def _route() -> str | None:
    return request.url_rule.rule if request.url_rule else None


@blueprint.get("/metrics")
def page() -> ResponseReturnValue:
    """For requests with METRICS_TOKEN as ``Authorization: Bearer``.

    Raises:
        NotFound: (404) the setting is empty.
        Forbidden: (403) the token is another one.
    """
    if not metrics.is_on():
        raise NotFound("There are no figures here.")
    require_bearer(current_app.config["SETTINGS"].metrics_token, "Only who keeps the service's figures may read them.")
    text, kind = metrics.exposition(readings())
    return Response(text, content_type=kind)
