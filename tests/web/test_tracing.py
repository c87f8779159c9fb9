"""Traces, as a collector receives them: what was done, by its route, and no value of anybody's."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy.exc import IntegrityError

from poker_app import create_app, realtime, tracing
from poker_app.db import db, session
from poker_app.poker.models import Vote
from poker_app.settings import Settings
from tests.cast import Cast


class Collector:
    """Takes OTLP over HTTP, as the real ones do, and keeps it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
                assert "Content-Encoding" not in self.headers
                outer.bodies.append(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> list[Any]:
        """All that has arrived, once what waits has been sent."""
        tracing.flush()
        found = []
        for body in self.bodies:
            told = ExportTraceServiceRequest.FromString(body)
            found += [span for one in told.resource_spans for scope in one.scope_spans for span in scope.spans]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.stop()


@pytest.fixture
def settings(settings: Settings, collector: Collector) -> Settings:
    return settings.model_copy(update={"tracing_endpoint": collector.address})


@pytest.fixture(autouse=True)
def _off_again(app: Flask, settings: Settings) -> Iterator[None]:
    yield
    tracing.configure(settings.model_copy(update={"tracing_endpoint": ""}))


def attributes(span: Any) -> dict[str, object]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_vote_is_a_request_with_its_statements_and_its_publish(
    app: Flask, cast: Cast, collector: Collector, settings: Settings
) -> None:
    cast.ben.votes(cast.table, "5")
    spans = collector.spans()
    request = next(span for span in spans if span.name == "POST /sessions/<session_id>/votes")
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/sessions/<session_id>/votes",
    }
    within = [span for span in spans if span.trace_id == request.trace_id and span.span_id != request.span_id]
    assert {span.parent_span_id for span in within} == {request.span_id}
    insert = next(span for span in within if span.name == "INSERT")
    assert str(attributes(insert)["db.query.text"]).startswith("INSERT INTO vote (round_id, member_id, card, cast_at)")
    assert attributes(insert)["db.system.name"] == ("sqlite" if settings.on_sqlite else "postgresql")


def test_no_value_is_in_any_span(app: Flask, cast: Cast, collector: Collector) -> None:
    """The cards are words that stand nowhere else."""
    table = cast.ada.opens("Secret plans", deck="own", own="mouse, otter, whale")
    cast.ben.joins(table)
    cast.ben.votes(table, "otter")
    cast.ben.votes(table, "nonsense")
    cast.ada.adds(table, "Buy the competitor")
    cast.ada.reveals(table)
    cast.ada.finalizes(table, "otter", "a note of ours")
    cast.ada.get(f"/j/{table.row.code}?secret=hushhush")
    cast.mallory.get("/sign-in/link/verysecret")
    assert len(collector.spans()) > 50
    everything = b"".join(collector.bodies)
    cookie = cast.ben.browser.get_cookie("guest")
    assert cookie
    values = ["otter", "whale", "nonsense", "Secret plans", "competitor", "a note of ours", "hushhush", "verysecret"]
    for value in [*values, table.id, table.round, table.row.code, "Ben", cookie.value]:
        assert value.encode() not in everything, value


def test_nor_what_the_database_says_of_an_error(app: Flask, cast: Cast, collector: Collector) -> None:
    """PostgreSQL quotes the row that it refuses."""
    cast.ben.votes(cast.table, "5")
    with app.app_context():
        session.add(Vote(round_id="otter", member_id="whale", card="mouse", cast_at=cast.table.row.created_at))
        with pytest.raises(IntegrityError):
            session.commit()
        session.rollback()
    failed = [span for span in collector.spans() if span.status.code == 2]
    assert [attributes(span)["error.type"] for span in failed] in (["IntegrityError"], ["ForeignKeyViolation"])
    assert failed[0].status.message == ""
    assert not any(span.events for span in collector.spans())
    for value in (b"otter", b"whale", b"mouse"):
        assert value not in b"".join(collector.bodies)


def test_a_fault_is_marked(app: Flask, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError("otter")

    monkeypatch.setattr("poker_app.web.home.front_page.render_template", broken)
    assert app.test_client().get("/").status_code == 500
    request = next(span for span in collector.spans() if span.name == "GET /")
    assert (request.status.code, attributes(request)["http.response.status_code"]) == (2, 500)
    assert b"otter" not in b"".join(collector.bodies)


def test_what_an_exception_says_is_not_in_its_span(app: Flask, collector: Collector) -> None:
    def breaks() -> None:
        raise LookupError("otter")

    with pytest.raises(LookupError), tracing.span("a question"):
        breaks()
    (failed,) = collector.spans()
    assert (failed.status.code, failed.status.message, attributes(failed)) == (2, "", {"error.type": "LookupError"})
    assert b"otter" not in collector.bodies[-1]


def test_it_goes_on_with_the_caller_s_trace(app: Flask, collector: Collector) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    app.test_client().get("/healthz", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    app.test_client().get("/healthz")
    first, second = (span for span in collector.spans() if span.name == "GET /healthz")
    assert (first.trace_id.hex(), first.parent_span_id.hex()) == (trace, "00f067aa0ba902b7")
    assert second.trace_id.hex() != trace
    assert not second.parent_span_id


def test_what_the_engine_is_asked_is_a_span(app: Flask, settings: Settings, collector: Collector) -> None:
    engine = {"realtime": "soketi", "pusher_app_id": "1", "pusher_key": "k", "pusher_secret": "s"}
    engine |= {"pusher_host": "127.0.0.1", "pusher_port": 9, "pusher_tls": False}
    other = create_app(settings.model_copy(update=engine))
    realtime.publish(["private-planning-poker-x"], "vote", {"html": "otter"})
    assert [span.name for span in collector.spans()] == ["realtime publish"]
    assert b"otter" not in b"".join(collector.bodies)
    with other.app_context():
        db.engine.dispose()


def test_a_part_of_the_requests_is_enough(settings: Settings, collector: Collector) -> None:
    app = create_app(settings.model_copy(update={"tracing_ratio": 0.0}))
    app.test_client().get("/healthz")
    assert collector.spans() == []


def test_without_the_setting_nothing_is_traced(settings: Settings, collector: Collector) -> None:
    app = create_app(settings.model_copy(update={"tracing_endpoint": ""}))
    app.test_client().get("/healthz")
    assert not tracing.is_on()
    assert collector.spans() == []


def test_without_the_packages_it_says_which(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ValueError, match=r"pip install -r requirements-tracing\.txt"):
        create_app(settings)
    create_app(settings.model_copy(update={"tracing_endpoint": ""}))
