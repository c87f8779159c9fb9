"""What was measured, as a table a person reads, and the targets beside it."""

from collections.abc import Iterable, Sequence
from statistics import median

from bench.measure import Result, Side

ALONE_MS, BUSY_VOTES, MAX_MB = 15.0, 800, 160


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def table(result: Result) -> str:
    """One scenario."""
    product, floor = result.product, result.floor
    lines = [f"\n{result.scenario.title.capitalize()}", f"  {'':30}{'Faceup':>20}{'floor':>20}{'ratio':>9}"]
    for label, of, over in (
        ("a vote is visible, alone", product.alone.vote, floor.alone.vote),
        ("a vote is visible, all at once", product.at_once.vote, floor.at_once.vote),
        ("a reveal is visible, alone", product.alone.reveal, floor.alone.reveal),
        ("a reveal is visible, busy", product.at_once.reveal, floor.at_once.reveal),
    ):
        ratio = median(of) / median(over)
        lines.append(f"  {label:30}{_times(of):>20}{_times(over):>20}{ratio:>9.2f}")
    for label, unit, mine, theirs in (
        ("rounds", "/s", product.rounds, floor.rounds),
        ("votes in whole rounds", "/s", product.votes_rate, floor.votes_rate),
        ("votes alone", "/s", product.changes_rate, floor.changes_rate),
        ("server CPU", "s per 1,000 votes", product.cpu_a_thousand, floor.cpu_a_thousand),
        ("memory idle", "MB", product.idle_mb, floor.idle_mb),
        (f"memory at {_sockets(result)} sockets", "MB", product.connected_mb, floor.connected_mb),
    ):
        lines.append(f"  {label + ', ' + unit:30}{_figure(mine):>20}{_figure(theirs):>20}{mine / theirs:>9.2f}")
    lines.append(f"  the core's share of others    {_share(product):>20}{_share(floor):>20}")
    if product.fetches > 2 * _sockets(result):
        lines.append(f"  fetches beside events: {product.fetches - _sockets(result)}")
    return "\n".join(lines)


def _times(values: Sequence[float]) -> str:
    return f"{median(values) * 1000:.1f} / {percentile(values, 0.99) * 1000:.1f} ms"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _sockets(result: Result) -> int:
    return result.scenario.rooms * (result.scenario.voters + 1)


def _share(side: Side) -> str:
    return f"{median(side.others):.0%}"


def targets(results: Iterable[Result]) -> str:
    """Each target with what was measured."""
    by_size = {(result.scenario.rooms, result.scenario.voters): result for result in results}
    small, large, many = by_size[1, 10], by_size[1, 200], by_size[50, 7]
    alone = percentile(small.product.alone.vote, 0.99) * 1000
    rows = [
        (
            f"200 voters at once: at least the floor's {_figure(large.floor.rounds)} rounds/s",
            f"{_figure(large.product.rounds)} rounds/s",
            large.product.rounds >= large.floor.rounds,
        ),
        (
            f"50 rooms: at least {BUSY_VOTES} votes/s",
            f"{many.product.changes_rate:.0f} votes/s, {many.product.votes_rate:.0f} within whole rounds",
            many.product.changes_rate >= BUSY_VOTES,
        ),
        (f"a vote alone at 10 voters: visible within {ALONE_MS:.0f} ms p99", f"{alone:.1f} ms", alone <= ALONE_MS),
        (
            f"400 sockets: at most {MAX_MB} MB",
            f"{many.product.connected_mb:.0f} MB",
            many.product.connected_mb <= MAX_MB,
        ),
    ]
    lines = ["\nTargets, with every vote durable before its answer"]
    lines += [f"  {'met    ' if met else 'not met'}  {target}: {measured}" for target, measured, met in rows]
    return "\n".join(lines)
