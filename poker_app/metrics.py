"""Prometheus metrics: counters and histograms of this process (votes, calls to the engine, requests), and the text that
a scrape gets. With several workers it sums up all of them.

Off unless METRICS_TOKEN is set; then a call costs only a check for that. Labels have few values: a route's pattern and
never a path, no session, no account, no name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from poker_app.settings import Settings

METHODS = ("GET", "POST", "HEAD", "OPTIONS")
PUBLISH_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
REQUEST_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.6, 1, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure that is read at the time of a scrape; ``values`` by the value of ``label``, or by "" without one."""

    name: str
    meaning: str
    values: Mapping[str, float]
    label: str = ""
    # Whether it only ever grows.
    counter: bool = field(default=False, kw_only=True)


class _Meters:
    def __init__(self, folder: str) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, values

        if folder and not values.ValueClass._multiprocess:
            raise ValueError(
                "PROMETHEUS_MULTIPROC_DIR is read by a library too: set it in the environment, not in .env."
            )
        self.folder = folder
        self.registry = counted = CollectorRegistry()
        self.votes = Counter("faceup_votes", "Cards played, changed ones included", registry=counted)
        asked = ("what", "outcome")
        self.engine = Counter("faceup_engine_requests", "Questions to the realtime engine", asked, registry=counted)
        self.engine_seconds = Histogram(
            "faceup_engine_seconds", "What they took", ("what",), buckets=PUBLISH_BUCKETS, registry=counted
        )
        answered = ("method", "route", "status")
        self.requests = Counter("faceup_requests", "Requests answered", answered, registry=counted)
        self.request_seconds = Histogram(
            "faceup_request_seconds", "What they took", answered[:2], buckets=REQUEST_BUCKETS, registry=counted
        )


_meters: _Meters | None = None


def configure(settings: Settings) -> None:
    """Creates the meters if METRICS_TOKEN is set. Raises ValueError for a folder that the library does not know of."""
    global _meters
    _meters = _Meters(settings.prometheus_multiproc_dir) if settings.metrics_token else None


def is_on() -> bool:
    """Whether metrics are collected and may be scraped."""
    return _meters is not None


def count_vote() -> None:
    """Counts a vote."""
    if _meters is not None:
        _meters.votes.inc()


def count_engine(what: str, outcome: str, seconds: float | None = None) -> None:
    """Counts a call ``what`` to the realtime engine and its outcome, also one that was skipped because the breaker
    rests."""
    if _meters is not None:
        _meters.engine.labels(what, outcome).inc()
        if seconds is not None:
            _meters.engine_seconds.labels(what).observe(seconds)


def count_request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Counts an answered request. ``route`` is its pattern, None where there is none."""
    if _meters is not None:
        asked = (method if method in METHODS else "other", route or "none")
        _meters.requests.labels(*asked, str(status)).inc()
        _meters.request_seconds.labels(*asked).observe(seconds)


def exposition(readings: Iterable[Reading]) -> tuple[bytes, str]:
    """Text of all counters and readings in Prometheus' format, and its media type."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    assert _meters
    counted = _meters.registry
    if _meters.folder:
        counted = CollectorRegistry()
        MultiProcessCollector(counted, path=_meters.folder)  # type: ignore[no-untyped-call]
    read = CollectorRegistry()
    read.register(_Readings(readings))
    return generate_latest(counted) + generate_latest(read), CONTENT_TYPE_LATEST


class _Readings:
    """A collector of the readings, as the library calls it."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._readings = list(readings)

    def collect(self) -> Iterable[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for each in self._readings:
            family = CounterMetricFamily if each.counter else GaugeMetricFamily
            made = family(each.name, each.meaning, labels=[each.label] if each.label else [])
            for label, value in each.values.items():
                made.add_metric([label] if each.label else [], value)
            yield made
