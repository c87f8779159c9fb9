"""One process of several that change the same session.

``python -m tests.concurrency.interleave URL SESSION SEED COUNT`` prints how many versions it counted, waits for a line,
and prints what it then knows of the session, as a pickle in base64.
"""

import base64
import pickle
import random
import sys

from poker_app import create_app
from poker_app.db import session
from poker_app.poker import change
from poker_app.poker.value.current import newest
from poker_app.poker.value.value_cache import values
from poker_app.rules.session.change import Change
from poker_app.settings import Settings
from tests.random_actions import deed, done


def main(url: str, session_id: str, seed: str, count: str) -> None:
    app = create_app(
        Settings(
            _env_file=None,
            database_url=url,
            secret_key="for tests only",
            realtime="none",
            log_level="error",
            # Each process would have a folder of its own.
            files="off",
        )
    )
    counted = 0
    publish = change._publish

    def counting(made: Change, socket: str | None) -> None:
        nonlocal counted
        counted += len(made.happened)
        publish(made, socket)

    change._publish = counting
    chance = random.Random(int(seed))
    with app.app_context():
        for _ in range(int(count)):
            done(deed(session_id, chance))
            session.rollback()
        print(counted, flush=True)
        sys.stdin.readline()
        known = newest(session_id).value
        known_here = values.get(session_id)
        assert known_here is not None
        print(base64.b64encode(pickle.dumps(known)).decode(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
