"""The application for any WSGI server and for serverless functions."""

import atexit

from poker_app import create_app
from poker_app.poker import messages

app = create_app()


@atexit.register
def _write_messages_down() -> None:
    with app.app_context():
        messages.write_all_down()
