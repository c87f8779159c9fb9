"""The commands of ``faceup``. Ends with 0; with 1 where the server refuses, 2 for a wrong call, 3 without an answer."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from faceup import VERSION, login, terminal, watching
from faceup.api import Api, Refused, Unreachable
from faceup.table import name_of, revealed

REFUSED, WRONG_CALL, NO_ANSWER, INTERRUPTED = 1, 2, 3, 130
FORMATS = ("txt", "md", "csv", "json", "xlsx")


class WrongCall(Exception):
    """The command cannot be carried out as it was typed."""


def main() -> None:
    """Runs the command that the arguments name, and ends the process."""
    terminal.prepare()
    asked = _parser().parse_args()
    try:
        asked.command(asked)
        sys.stdout.flush()
    except (WrongCall, login.NotLoggedIn, login.NoAddress) as problem:
        _leave(problem, WRONG_CALL)
    except Refused as problem:
        _leave(problem, REFUSED)
    except Unreachable as problem:
        _leave(problem, NO_ANSWER)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The program that read the output has ended. Python would say so when it closes the output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(REFUSED)


def _leave(problem: Exception, status: int) -> None:
    print(f"faceup: {problem}", file=sys.stderr)
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="faceup",
        description="Planning poker from a shell, through the API of a Faceup server.",
        epilog="FACEUP_URL and FACEUP_TOKEN go before what `faceup login` has kept. SESSION is a session's id or link.",
    )
    parser.add_argument("--version", action="version", version=f"faceup {VERSION}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(command: Callable[[argparse.Namespace], None], name: str, *arguments: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        for argument in arguments:
            made.add_argument(argument, metavar=argument.upper())
        made.set_defaults(command=command)
        return made

    made = add(log_in, "login")
    made.add_argument("server", metavar="SERVER", help="its address, such as https://faceup.example.com")
    made = add(open_session, "open")
    made.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="a file of tasks: one a line, a Markdown list or table, CSV or JSON; - is the standard input",
    )
    made.add_argument("--name", default="", help="the session's name; without one it is named after the day")
    made.add_argument(
        "--deck",
        default="fibonacci",
        help="fibonacci, t-shirts or another deck's name, or the id of one of the account's; default: %(default)s",
    )
    made.add_argument("--auto-reveal", action="store_true", help="turn the cards over once all have voted")
    made.add_argument("--watch", action="store_true", help="watch the session, and print its report at the end")
    made.add_argument("--json", action="store_true", help="print the session as JSON")
    made = add(list_sessions, "list")
    made.add_argument("--show", choices=("live", "past", "mine", "archived"), default="live")
    made.add_argument("--json", action="store_true", help="print the list as JSON")
    add(watch, "watch", "session")
    made = add(report, "report", "session")
    made.add_argument("--format", choices=FORMATS, help="default: by the ending of FILE, else txt")
    made.add_argument("-o", "--output", metavar="FILE", help="write it into a file")
    add(join, "join", "session")
    add(vote, "vote", "session", "card")
    add(reveal, "reveal", "session")
    made = add(estimate, "estimate", "session", "card")
    made.add_argument("--note", default="", help="why it is what it is")
    add(end, "end", "session")
    return parser


# --- commands


def log_in(asked: argparse.Namespace) -> None:
    """Keep a server's address and a token for it."""
    server = login.server_of(asked.server)
    token = getpass.getpass("Token (it is not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    token = token.strip()
    if not token:
        raise WrongCall("No token was given. Tokens are made in the account's settings.")
    Api(server, token).get("/sessions", limit=1)
    login.keep(login.Login(server, token))
    print(f"Logged in at {server}. The token is kept in {login.file()}.")


def open_session(asked: argparse.Namespace) -> None:
    """Open a session, with tasks from a file, and print the link to join."""
    if asked.json and asked.watch:
        raise WrongCall("Choose one of --json and --watch.")
    wanted = {"name": asked.name, "deck": asked.deck, "auto_reveal": asked.auto_reveal}
    if asked.file:
        wanted["text"] = _read(asked.file)
    api = _api()
    session = api.post("/sessions", wanted).body
    if asked.json:
        _print_json(session)
        return
    for each in session["left_out"]:
        print(terminal.clean(each), file=sys.stderr)
    code = session["code"]
    many = "1 task" if session["tasks"] == 1 else f"{session['tasks']} tasks"
    print(f"{terminal.clean(session['name'])}, {many}")
    if sys.stdout.isatty() and (drawn := terminal.qr(session["url"])):
        print(drawn)
    print(f"Join at {session['url']} or with the code {code[:3]}-{code[3:]}", flush=True)
    if asked.watch:
        print()
        watching.watch(_watching(api), session["id"])
        print()
        _write_report(api, session["id"], "txt", None)


def _read(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as problem:
        raise WrongCall(f"{file}: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise WrongCall(f"{file} is no text in UTF-8. Workbooks are imported on the session's page.") from problem
    if not text.strip():
        raise WrongCall(f"{file} is empty.")
    return text


def list_sessions(asked: argparse.Namespace) -> None:
    """List sessions, the newest first."""
    found = list(_api().items("/sessions", show=asked.show))
    if asked.json:
        _print_json(found)
        return
    for each in found:
        print(f"{each['id']}  {each['created_at'][:10]}  {each['state']:<7}  {terminal.clean(each['name'])}")


def watch(asked: argparse.Namespace) -> None:
    """Watch a session until it ends: who has voted, the cards once they are revealed, the estimates."""
    watching.watch(_watching(_api()), _session(asked))


def report(asked: argparse.Namespace) -> None:
    """Print a session's report, or write it into a file."""
    ending = Path(asked.output or "").suffix[1:]
    chosen = asked.format or (ending if ending in FORMATS else "txt")
    if chosen == "xlsx" and not asked.output and sys.stdout.isatty():
        raise WrongCall("A workbook is nothing to read in a terminal. Choose a file with -o.")
    _write_report(_api(), _session(asked), chosen, asked.output)


def _write_report(api: Api, session_id: str, ending: str, file: str | None) -> None:
    content = api.get(f"/sessions/{session_id}/report{'' if ending == 'json' else f'.{ending}'}").content
    if file is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        if content[-1:] != b"\n" and ending != "xlsx":
            print()
        return
    try:
        Path(file).write_bytes(content)
    except OSError as problem:
        raise WrongCall(f"{file}: {problem.strerror}.") from problem


def join(asked: argparse.Namespace) -> None:
    """Join a session, to watch it."""
    _api().post(f"/sessions/{_session(asked)}/members", {"votes": False})
    print("Joined.")


def vote(asked: argparse.Namespace) -> None:
    """Play a card in the round on the table, joining first where that is needed."""
    api, session_id = _api(), _session(asked)
    api.post(f"/sessions/{session_id}/members", {"votes": True})
    now = api.get(f"/sessions/{session_id}").body
    api.put(f"/sessions/{session_id}/rounds/{now['round']['id']}/vote", {"card": asked.card})
    print(f"{asked.card} for {name_of(now['task'])}.")


def reveal(asked: argparse.Namespace) -> None:
    """Reveal the cards of the round on the table."""
    api, session_id = _api(), _session(asked)
    now = api.get(f"/sessions/{session_id}").body
    print(revealed(api.post(f"/sessions/{session_id}/rounds/{now['round']['id']}/reveal").body))


def estimate(asked: argparse.Namespace) -> None:
    """Save the agreed card as the estimate, and go on to the next task."""
    api, session_id = _api(), _session(asked)
    now = api.get(f"/sessions/{session_id}").body
    task = now["task"]
    wanted = {"estimate": asked.card, "note": asked.note, "round_id": now["round"]["id"]}
    after = api.put(f"/sessions/{session_id}/tasks/{task['id']}/estimate", wanted).body
    print(f"{name_of(task)}: {asked.card}")
    if after["task"]["id"] != task["id"]:
        print(f"Next: {name_of(after['task'])}")


def end(asked: argparse.Namespace) -> None:
    """End a session for everybody."""
    session = _api().post(f"/sessions/{_session(asked)}/end").body
    print(f"{terminal.clean(session['name'])} has ended.")


# --- what commands share


def _api() -> Api:
    known = login.known()
    return Api(known.server, known.token)


def _watching(api: Api) -> Api:
    """The same server, asked once at a time: an outage is shown at once."""
    known = login.known()
    return Api(api.server, known.token, tries=1)


def _session(asked: argparse.Namespace) -> str:
    """The id in what was typed: an id, or a link to one of the session's pages."""
    typed = asked.session.strip()
    parts = urlsplit(typed).path.strip("/").split("/")
    session_id = parts[1] if len(parts) > 1 and parts[0] == "sessions" else typed
    return quote(session_id, safe="")


def _print_json(said: Any) -> None:
    json.dump(said, sys.stdout, indent=2, ensure_ascii=False)
    print()
