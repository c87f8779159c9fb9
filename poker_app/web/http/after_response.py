"""What is done once somebody has their answer, while the request still counts as under way."""

from collections.abc import Callable

from flask import Response, after_this_request, current_app, has_request_context, request

# Where a server lets its requests leave what it is to do after their answers.
AFTER_RESPONSE = "faceup.after_commit"


def run_after_response(action: Callable[[], None]) -> bool:
    """Have ``action`` done as soon as the answer under way is delivered; False outside of a request.

    WSGI servers close an answer once it is delivered, on functions too, where nothing runs after that. The embedded
    server's pages are closed before, so it has a list of its own.
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
