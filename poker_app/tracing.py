"""Spans for OpenTelemetry: requests, statements and what the realtime engine is asked.

Off unless TRACING_ENDPOINT is set. No value goes into a span: a request's is named by its route's pattern, because a
path may hold a join code or a secret, and a statement stands there without its parameters, among which are cards. The
libraries' own instrumentations write down the path, and what the database says of an error, which may quote the row.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Engine, event

from poker_app.settings import Settings

MISSING = (
    "TRACING_ENDPOINT also needs the packages in requirements-tracing.txt: pip install -r requirements-tracing.txt"
)


class _Tracing:
    def __init__(self, settings: Settings) -> None:
        try:
            from opentelemetry import context, propagate, trace
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
        except ImportError as missing:
            raise ValueError(MISSING) from missing
        self.context, self.propagate, self.trace = context, propagate, trace
        self.provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(settings.tracing_ratio),
            resource=Resource.create({"service.name": "faceup"}),
        )
        exporter = OTLPSpanExporter(f"{settings.tracing_endpoint.rstrip('/')}/v1/traces")
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self.tracer = self.provider.get_tracer("faceup")

    @contextmanager
    def span(self, name: str, kind: str, parent: Any = None, **attributes: str | int) -> Iterator[Any]:
        with self.tracer.start_as_current_span(
            name,
            context=parent,
            kind=self.trace.SpanKind[kind],
            attributes=attributes,
            # What an exception says may hold values.
            record_exception=False,
            set_status_on_exception=False,
        ) as made:
            try:
                yield made
            except BaseException as problem:
                made.set_attribute("error.type", type(problem).__name__)
                made.set_status(self.trace.StatusCode.ERROR)
                raise


_tracing: _Tracing | None = None


def configure(settings: Settings) -> None:
    """Begin to trace, if a collector is named. Raises ValueError where the packages for it are missing."""
    global _tracing
    if _tracing is not None:
        _tracing.provider.shutdown()
    _tracing = _Tracing(settings) if settings.tracing_endpoint else None


def is_on() -> bool:
    """Whether anything is traced here."""
    return _tracing is not None


def flush() -> None:
    """Send now what waits to be sent: where the process may be frozen after an answer."""
    if _tracing is not None:
        _tracing.provider.force_flush()


def span(name: str) -> AbstractContextManager[object]:
    """A span around something that asks another server."""
    return _tracing.span(name, "CLIENT") if _tracing is not None else nullcontext()


def request_span(method: str, headers: Iterable[tuple[str, str]]) -> AbstractContextManager[Any]:
    """A span around a request, within the caller's trace if its headers name one."""
    if _tracing is None:
        return nullcontext()
    parent = _tracing.propagate.extract({name.lower(): value for name, value in headers})
    return _tracing.span(method, "SERVER", parent, **{"http.request.method": method})


def name_request(made: Any, method: str, route: str | None, status: int) -> None:
    """Say in a request's span which route it took, and how it was answered."""
    if _tracing is None:
        return
    made.update_name(f"{method} {route}" if route else method)
    made.set_attributes({"http.response.status_code": status, **({"http.route": route} if route else {})})
    if status >= 500:
        made.set_status(_tracing.trace.StatusCode.ERROR)


def watch(engine: Engine) -> None:
    """A span for each statement to a database, without its parameters."""
    if _tracing is None:
        return
    tracer, kind = _tracing.tracer, _tracing.trace.SpanKind.CLIENT
    system, failed = engine.dialect.name, _tracing.trace.StatusCode.ERROR

    @event.listens_for(engine, "before_cursor_execute")
    def begin(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        attributes = {"db.system.name": system, "db.query.text": statement}
        context.span = tracer.start_span(statement.split(maxsplit=1)[0], kind=kind, attributes=attributes)

    @event.listens_for(engine, "after_cursor_execute")
    def end(_connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        context.span.end()

    @event.listens_for(engine, "handle_error")
    def fail(problem: Any) -> None:
        made = getattr(problem.execution_context, "span", None)
        if made is not None:
            made.set_attribute("error.type", type(problem.original_exception).__name__)
            made.set_status(failed)
            made.end()
