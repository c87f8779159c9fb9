"""The real server, with a clock that runs ahead by as many seconds as the file ``ahead`` in its folder says."""

import runpy
from datetime import datetime, timedelta
from pathlib import Path

from poker_app import clock

AHEAD = "ahead"


def main() -> None:
    real, file = clock.now, Path(AHEAD)

    def now() -> datetime:
        return real() + timedelta(seconds=float(file.read_text()) if file.exists() else 0)

    clock.now = now
    runpy.run_module("poker_app.serve", run_name="__main__")


if __name__ == "__main__":
    main()
