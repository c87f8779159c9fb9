"""The product's server with a database of its own, in which everybody sits already."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.machine import Process, running
from bench.people import Seat
from poker_app import clock, create_app, ids
from poker_app.accounts.acting import home_of
from poker_app.db import db, session, transaction
from poker_app.poker.models import Member
from poker_app.poker.sessions import Options, open_session
from poker_app.settings import Settings

# Names as people have them: long enough that a table's size, and how well it packs, is a real one's.
_FIRST = "Ada Ben Cleo Gus Mallory Priya Tomasz Yuki Lena Omar Ines Kofi Marta Ravi Sofia Hugo Nadia Pavel Aisha Mei"
_LAST = "Alder Brandt Costa Demir Eriksen Fischer Goto Hansen Ivanova Jansen Kowalski Lopez Mbeki Novak Okafor"
_NAMES = [f"{first} {last}" for last in _LAST.split() for first in _FIRST.split()]


@contextmanager
def site(rooms: int, voters: int) -> Iterator[tuple[Process, list[list[Seat]]]]:
    """The running server, and the seats of each room, the facilitator's first."""
    with TemporaryDirectory(prefix="bench-") as folder:
        address = f"sqlite:///{Path(folder) / 'faceup.db'}"
        key = secrets.token_hex(16)
        seats = _seat_everybody(address, key, rooms, voters)
        own = {"DATABASE_URL": address, "SECRET_KEY": key, "HOST": "127.0.0.1", "REALTIME": "embedded"}
        plain = {"LOG_LEVEL": "warning", "PUBLIC_URL": "", "TRUSTED_HOSTS": "[]", "PROXIES": "0"}
        with running("poker_app.serve", **own, **plain) as server:
            yield server, seats


def _seat_everybody(address: str, key: str, rooms: int, voters: int) -> list[list[Seat]]:
    app = create_app(Settings(_env_file=None, database_url=address, secret_key=key, realtime="none"))
    with app.app_context():
        db.create_all()
        seats = [_seat_room(number, voters) for number in range(rooms)]
        session.remove()
        db.engine.dispose()
    return seats


def _seat_room(number: int, voters: int) -> list[Seat]:
    secret = ids.new_secret()
    founder = open_session(
        home_of(None),
        name=f"Room {number + 1}",
        deck="fibonacci",
        own="",
        options=Options(),
        member_name="Robin Facilitator",
        secret=secret,
        form_key=secret,
    )
    session_id, now = founder.session_id, clock.now()
    others = [ids.new_secret() for _ in range(voters)]
    with transaction():
        session.get_one(Member, founder.id).votes = False
        for place, other in enumerate(others):
            session.add(
                Member(
                    id=ids.new_id(12),
                    session_id=session_id,
                    secret_digest=ids.digest(other),
                    name=_NAMES[place],
                    joined_at=now,
                    seen_at=now,
                )
            )
    return [Seat(session_id, secret, True), *(Seat(session_id, other, False) for other in others)]
