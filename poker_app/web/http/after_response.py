"""Runs callbacks after the response is sent, while the request still counts as under way."""

from collections.abc import Callable

from flask import Response, after_this_request, current_app, has_request_context, request

# The key of the WSGI environment under which the embedded server has a list for such callbacks.
AFTER_RESPONSE = "faceup.after_commit"


def run_after_response(action: Callable[[], None]) -> bool:
    """Runs ``action`` as soon as the response under way is sent; returns False outside of a request.

    WSGI servers close a response once it is sent, on functions too, where nothing runs after that. The embedded server
    closes its pages before, so it has a list of its own.
    """
    if not has_request_context():
        return False
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            action()

    waiting: list[Callable[[], None]] | None = request.environ.get(AFTER_RESPONSE)
    if waiting is not None:
        waiting.append(run)
        return True

    @after_this_request
    def at_the_end(answer: Response) -> Response:
        answer.call_on_close(run)
        return answer

    return True
