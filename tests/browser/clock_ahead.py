"""The real server, with a clock that runs ahead by as many seconds as the file ``ahead`` in its folder says."""

import runpy
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from poker_app import clock
from poker_app.realtime.engines.embedded import webhooks

AHEAD = "ahead"


def main() -> None:
    real, file = clock.now, Path(AHEAD)

    def now() -> datetime:
        return real() + timedelta(seconds=float(file.read_text()) if file.exists() else 0)

    clock.now = now
    # The engine's webhooks are checked by its library, which knows the real time only.
    webhooks.clock = SimpleNamespace(now=real)
    runpy.run_module("poker_app.serve", run_name="__main__")


if __name__ == "__main__":
    main()
