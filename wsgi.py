"""The application for any WSGI server and for serverless functions."""

import atexit

from poker_app import create_app
from poker_app.poker.publishing import message_usage
from poker_app.settings import Settings

settings = Settings()
if settings.realtime == "embedded":
    raise RuntimeError(
        "The embedded engine lives in the embedded server, in one process: run `python -m poker_app.serve` instead, "
        "or set REALTIME to an engine outside (or to `none`) and serve wsgi:app with as many workers as you like."
    )
app = create_app(settings)


@atexit.register
def _write_messages_down() -> None:
    with app.app_context():
        message_usage.write_all_down()
