"""``python -m bench``: about three minutes; ``--quick`` takes half of one and tells less. ``floods``: see there."""

import argparse

import uvloop

from bench.costs_table import print_costs
from bench.floods import measure_floods
from bench.machine import CLIENT, allow_many_sockets, pin
from bench.measure import Result, Scenario, measure
from bench.report import table, targets

SCENARIOS = [Scenario(1, 10), Scenario(1, 50), Scenario(1, 200), Scenario(50, 7)]
LONG, QUICK = (3, 3.5), (1, 0.8)  # slices, and the seconds of each


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measures speed, beside a server that only forwards."
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=["rooms", "floods", "costs"],
        default="rooms",
        help="speed in rooms, floods, or what each request costs; the last two beside the release in BENCH_BASE",
    )
    parser.add_argument("--quick", action="store_true", help="half a minute, rougher figures")
    parser.add_argument("--only", metavar="ROOMSxVOTERS", help="one scenario, such as 50x7, or one flood")
    options = parser.parse_args()
    pin(CLIENT)
    allow_many_sockets()
    if options.what == "floods":
        measure_floods(options.only)
        return
    if options.what == "costs":
        print_costs()
        return
    print(
        "Times are median / p99, from sending until the last other member has it; floor: a server that only forwards.",
        flush=True,
    )
    results: list[Result] = []
    for scenario in SCENARIOS:
        if options.only in (None, f"{scenario.rooms}x{scenario.voters}"):
            result = uvloop.run(measure(scenario, *(QUICK if options.quick else LONG)))
            print(table(result), flush=True)
            results.append(result)
    if not options.only:
        print(targets(results))


if __name__ == "__main__":
    main()
