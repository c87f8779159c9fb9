"""The real server, with so much patience with its engine that a busy machine is never taken for a failing engine."""

import runpy

from poker_app.realtime.engines import client

PATIENCE = 60.0  # seconds


def main() -> None:
    client.TIMEOUT = client.TOO_LONG = PATIENCE
    runpy.run_module("poker_app.serve", run_name="__main__")


if __name__ == "__main__":
    main()
