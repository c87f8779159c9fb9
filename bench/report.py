"""Prints measured figures, a line each."""

from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@dataclass(frozen=True)
class Row:
    """A figure of this release, and the same of the floor and of the release before, where they were measured."""

    what: str
    unit: str
    value: float
    floor: float | None = None
    before: float | None = None
    less_is_better: bool = False
    target: str = ""
    note: str = ""

    def times(self, other: float) -> str:
        """Returns how many times as good as another figure it is."""
        better = other / self.value if self.less_is_better else self.value / other
        return f"{better:.2f} ×"


HEAD = f"{'':58}{'':>10} {'':18}{'of the floor':>14}{'of the one before':>28}  wanted"


def show(row: Row) -> None:
    """Prints a figure. Ratios above 1 are better than the other."""
    floor = row.times(row.floor) if row.floor else ""
    before = f"{row.times(row.before)} ({figure(row.before)})" if row.before else ""
    print(
        f"{row.what:58}{figure(row.value):>10} {row.unit:18}{floor:>14}{before:>28}  {row.target:22}{row.note}",
        flush=True,
    )


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
