"""``python -m bench``: every scenario but the floods. ``python -m bench rounds``: one; ``--quick``: rougher figures.

With ``BENCH_BASE=path`` the release in that worktree is measured beside this one, by turns.
"""

import argparse
import platform
from collections.abc import Callable

from bench.costs import measure_costs
from bench.floods import measure_floods
from bench.hooks import measure_hooks
from bench.joining import measure_joining
from bench.machine import CLIENT, allow_many_sockets, pin
from bench.report import HEAD
from bench.rounds import measure_rounds
from bench.side_by_side import change_side_by_side
from bench.ways import measure_ways
from bench.workers import measure_workers

SCENARIOS: dict[str, Callable[[bool], None]] = {
    "rounds": measure_rounds,
    "joining": measure_joining,
    "costs": measure_costs,
    "hooks": measure_hooks,
    "workers": measure_workers,
    "ways": measure_ways,
    "side-by-side": change_side_by_side,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("what", nargs="?", choices=[*SCENARIOS, "floods"], help="one scenario; all but floods if none")
    parser.add_argument("--quick", action="store_true", help="rougher figures in less time")
    parser.add_argument("--write", action="store_true", help="with ways: put its table into docs/deployment.md")
    parser.add_argument("--only", metavar="FLOOD", help="one flood")
    options = parser.parse_args()
    pin(CLIENT)
    allow_many_sockets()
    if options.what == "floods":
        measure_floods(options.only)
        return
    if options.write:
        measure_ways(options.quick, write=True)
        return
    print(f"{platform.python_implementation()} {platform.python_version()} on {platform.machine()}", flush=True)
    print(HEAD)
    for name, measure in SCENARIOS.items():
        if options.what in (None, name):
            measure(options.quick)


if __name__ == "__main__":
    main()
