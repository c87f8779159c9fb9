"""Every operation of the API for every role's token: what is not in this table does not pass, and a denied call changes
no row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from poker_app import create_app
from poker_app.api import tools
from poker_app.api.operations import OPERATIONS, Operation
from poker_app.rules.api_tokens import SCOPES
from poker_app.settings import Settings
from tests.api_client import Assistant, Program, program_of
from tests.cast import Person
from tests.database_rows import rows
from tests.house.conftest import World

# Persons of other accounts, elsewhere and at the table of Ada, who facilitates it; then those of its account who are
# not at the table, and a service of it.
ROLES = (
    *("stranger", "removed", "spectator", "voter", "facilitator"),
    *("teammate", "admin", "owner", "service"),
)


class Programs:
    """A program of each role, at the table of the house's world."""

    def __init__(self, world: World) -> None:
        world.again()
        self.world = world
        persons = {name: Person(world.app, name.capitalize()).signs_in() for name in ("removed", "spectator", "voter")}
        persons |= {"facilitator": world.ada, "stranger": world.people["other account"]}
        self.of = {name: program_of(world.app, each.user, each.account) for name, each in persons.items()}
        teammates = {name: world.people[name].user for name in ("teammate", "admin", "owner")}
        self.of |= {name: program_of(world.app, user, world.account) for name, user in teammates.items()}
        owner = teammates["owner"]
        self.of["service"] = program_of(world.app, owner, world.account, role="facilitator")
        self.without = {
            scope: program_of(world.app, owner, world.account, *(each for each in SCOPES if each != scope))
            for scope in SCOPES
        }
        self.seats = {}
        for name in ("removed", "spectator", "voter"):
            made = self.of[name].post(f"/sessions/{world.table.id}/members", {"name": name, "votes": name == "voter"})
            self.seats[name] = made.get_json()["id"]
        removed = f"/sessions/{world.table.id}/members/{self.seats['removed']}"
        assert self.of["facilitator"].delete(removed).status_code == 204
        world.keep("programs")

    def again(self, *, revealed: bool = False) -> None:
        """Everything as it was at the beginning; with ``revealed`` the cards are face up."""
        self.world.again("programs")
        if revealed:
            path = f"/sessions/{self.world.table.id}/rounds/{self.world.round}/reveal"
            assert self.of["facilitator"].post(path).status_code == 200

    def rows(self) -> object:
        """Every row, to be compared."""
        with self.world.app.app_context():
            return rows()


Body = Callable[[Programs], Any]


@dataclass(frozen=True)
class Row:
    """What each role's token is answered, in the order of ROLES, and what is sent."""

    expected: str
    sent: Body = field(default=lambda programs: {})
    revealed: bool = False

    def answers(self) -> dict[str, int]:
        return dict(zip(ROLES, map(int, self.expected.split()), strict=True))


def here(world: World) -> dict[str, Any]:
    """What stands in addresses: of Ada's table."""
    return {
        "session_id": world.table.id,
        "task_id": world.task,
        "round_id": world.round,
        "member_id": world.seat(world.ben),
        "file_id": world.file,
        "version": 1,
        "deck_id": world.deck,
        "invitation_id": world.invitation,
        "series_id": world.series,
        "user_id": world.people["teammate"].user,
    }


def facilitator(done: int = 200) -> str:
    return f"404 404 403 403 {done} 404 404 404 404"


def member(done: int = 200) -> str:
    return f"404 404 {done} {done} {done} 404 404 404 404"


def everybody(done: int) -> str:
    return " ".join([str(done)] * len(ROLES))


READER = "404 404 200 200 200 200 200 200 200"


# Persons of other accounts own theirs: where the address names no account, it is theirs that they reach.
def admin(done: int = 200) -> str:
    return f"{done} {done} {done} {done} 403 403 {done} {done} 403"


def admin_here(done: int = 200) -> str:
    return f"404 404 404 404 403 403 {done} {done} 403"


def teammate(done: int = 200) -> str:
    return f"404 404 404 404 {done} {done} {done} {done} {done}"


def keeper(done: int = 200) -> str:
    """Who opened the session, and the admins and owners of its account."""
    return f"404 404 404 404 {done} 403 {done} {done} 403"


def report(programs: Programs) -> Any:
    """The report of Ada's session, as if that had ended at once."""
    path = f"/sessions/{programs.world.table.id}/report"
    report = programs.of["facilitator"].get(path).get_json()
    report["session"]["ended_at"] = report["session"]["started_at"]
    return report


TABLE = {
    "list_sessions": Row(everybody(200)),
    "open_session": Row(everybody(201)),
    "read_session": Row(READER),
    "read_options": Row(READER),
    "change_options": Row(facilitator(), lambda programs: {"name": "New name"}),
    "end_session": Row(facilitator()),
    "reopen_session": Row(facilitator()),
    "list_tasks": Row(READER),
    "add_tasks": Row(facilitator(), lambda programs: {"text": "Three"}),
    "read_task": Row(READER),
    "list_results": Row(READER),
    # No task is of a tracker.
    "read_issue": Row(everybody(404)),
    "edit_task": Row(facilitator(), lambda programs: {"title": "Other"}),
    "move_task": Row(facilitator(), lambda programs: {"to": 1}),
    "delete_task": Row(facilitator(204)),
    "restore_task": Row(facilitator()),
    "take_up_task": Row(facilitator(), lambda programs: {"task_id": programs.world.task}),
    "skip_task": Row(facilitator()),
    "reopen_task": Row(facilitator()),
    "estimate_task": Row(facilitator(), lambda programs: {"estimate": "5"}, revealed=True),
    "list_files": Row(READER),
    "begin_upload": Row(facilitator(), lambda programs: {"name": "a.txt", "size": 5}),
    "finish_upload": Row(facilitator()),
    "describe_file": Row(facilitator(), lambda programs: {"caption": "So"}),
    "move_file": Row(facilitator(), lambda programs: {"to": 1}),
    "remove_file": Row(facilitator(204)),
    "restore_file": Row(facilitator()),
    "read_file": Row(READER),
    "read_content": Row(READER),
    "read_round": Row(READER),
    "read_own_vote": Row(member()),
    "vote": Row("404 404 403 200 200 404 404 404 404", lambda programs: {"card": "5"}),
    "retract_vote": Row("404 404 403 204 204 404 404 404 404"),
    "reveal_round": Row(facilitator()),
    "vote_again": Row(facilitator(), lambda programs: {"round_id": programs.world.round}),
    # Something else was changed since.
    "undo_change": Row(facilitator(409)),
    "list_members": Row(READER),
    "read_member": Row(READER),
    # The link and the code are for everybody who has them, also for the removed.
    "join_session": Row(everybody(201)),
    "join_by_code": Row(everybody(200), lambda programs: {"code": programs.world.code}),
    "read_own_member": Row(member()),
    "change_own_member": Row(member(), lambda programs: {"name": "Other", "votes": False}),
    "leave_session": Row(member(204)),
    "come_back": Row(member()),
    "share_role": Row(facilitator()),
    "hand_over_role": Row(facilitator(), lambda programs: {"member_id": programs.world.seat(programs.world.ben)}),
    "step_down": Row("404 404 200 200 409 404 404 404 404"),
    # A facilitator is present.
    "take_over_role": Row("404 404 409 409 200 404 404 404 404"),
    "remove_member": Row(facilitator(204)),
    "nudge_member": Row(facilitator()),
    "nudge_members": Row(facilitator()),
    "read_report": Row(READER),
    "report_as_csv": Row(READER),
    "report_for_tracker": Row(READER),
    "report_as_markdown": Row(READER),
    "report_as_text": Row(READER),
    "report_as_workbook": Row(READER),
    # People are at the table.
    "archive_session": Row(keeper(409)),
    "unarchive_session": Row(keeper()),
    "delete_session": Row(keeper(204)),
    "restore_session": Row(keeper()),
    "copy_session": Row(keeper(201)),
    "import_report": Row(everybody(201), report),
    "list_series": Row(everybody(200)),
    "make_series": Row(everybody(201), lambda programs: {"name": "Weekly"}),
    "read_series": Row(teammate()),
    "rename_series": Row(teammate(), lambda programs: {"name": "Weekly"}),
    "close_series": Row(teammate()),
    "reopen_series": Row(teammate()),
    "open_session_of_today": Row(teammate()),
    "read_token": Row(everybody(200)),
    "read_account": Row(everybody(200)),
    "rename_account": Row(admin(), lambda programs: {"name": "Other"}),
    "set_retention": Row(admin(), lambda programs: {"report_days": 90}),
    "read_session_defaults": Row(everybody(200)),
    "set_session_defaults": Row(admin(), lambda programs: {"deck": "hours"}),
    "list_teammates": Row(everybody(200)),
    "change_teammate": Row(admin_here(), lambda programs: {"role": "admin"}),
    "remove_teammate": Row(admin_here(204)),
    # The last owner stays, and a service is no teammate.
    "leave_account": Row("409 409 409 409 403 403 204 409 409"),
    "list_invitations": Row(admin()),
    "invite": Row(admin(), lambda programs: {"emails": ["new@example.com"]}),
    "resend_invitation": Row(admin_here()),
    "withdraw_invitation": Row(admin_here(204)),
    "list_decks": Row(everybody(200)),
    "make_deck": Row(admin(201), lambda programs: {"name": "New", "cards": ["1", "2"]}),
    "read_deck": Row(teammate()),
    "change_deck": Row(admin_here(), lambda programs: {"name": "Other", "cards": ["1", "2"]}),
    "delete_deck": Row(admin_here(204)),
    # Nothing is sold in this world.
    "read_plan": Row(everybody(404)),
    "list_credits": Row(everybody(404)),
    "list_audit_log": Row(admin()),
    "read_timer": Row(READER),
    "start_timer": Row(facilitator()),
    "pause_timer": Row(facilitator()),
    "resume_timer": Row(facilitator()),
    "stop_timer": Row(facilitator(204)),
}

# The operations are declared as soon as an application is made.
create_app(Settings(_env_file=None, database_url="sqlite://", secret_key="x", realtime="none"))
ALL = {each.name: each for each in OPERATIONS}


@pytest.fixture(scope="session")
def _programs(_evening: World) -> Programs:
    return Programs(_evening)


@pytest.fixture
def programs(_programs: Programs) -> Programs:
    _programs.again()
    return _programs


def ask(programs: Programs, by: Program, operation: Operation, parts: dict[str, Any] | None = None) -> int:
    path = operation.path.format(**(parts or here(programs.world)))
    body = TABLE[operation.name].sent(programs) if operation.method in ("POST", "PUT", "PATCH") else None
    return by.asks(operation.method, path, body).status_code


def test_every_operation_has_a_row() -> None:
    assert sorted(ALL) == sorted(TABLE)


@pytest.mark.parametrize("name", ALL)
def test_each_role_gets_what_the_table_says(programs: Programs, name: str) -> None:
    assert asked_by_each(programs, name, ask) == TABLE[name].answers()


@pytest.mark.rest
@pytest.mark.parametrize("name", [name for name in TABLE if name in tools.tools()])
def test_an_assistant_may_what_its_token_may(programs: Programs, name: str) -> None:
    denied = {role: status >= 400 for role, status in TABLE[name].answers().items()}
    assert asked_by_each(programs, name, is_refused_as_a_tool) == denied


def asked_by_each(programs: Programs, name: str, ask: Callable[[Programs, Program, Operation], int]) -> dict[str, int]:
    """What each role gets. It begins anew after every change, and a denied call may be none."""
    row, found = TABLE[name], {}
    before = None
    for role, expected in row.answers().items():
        if before is None:
            programs.again(revealed=row.revealed)
            before = programs.rows()
        found[role] = ask(programs, programs.of[role], ALL[name])
        if programs.rows() != before:
            assert expected < 400, f"{role} was denied {name}, and yet a row changed"
            before = None
    return found


def is_refused_as_a_tool(programs: Programs, by: Program, operation: Operation) -> bool:
    parts = {name: part for name, part in here(programs.world).items() if name in operation.parts}
    body = TABLE[operation.name].sent(programs) if operation.body else {}
    return bool(Assistant(programs.world.app, by.token).calls(operation.name, **parts, **body)["isError"])


@pytest.mark.parametrize("name", ALL)
def test_no_token_and_one_without_the_scope(programs: Programs, name: str) -> None:
    before, operation = programs.rows(), ALL[name]
    assert ask(programs, Program(programs.world.app, "nonsense"), operation) == 401
    if operation.scope:
        assert ask(programs, programs.without[operation.scope], operation) == 403
    assert programs.rows() == before


@pytest.mark.parametrize("name", [name for name, each in ALL.items() if len(each.parts) > 1])
def test_a_facilitator_reaches_nothing_of_another_table(programs: Programs, name: str) -> None:
    """Ada's own table in the address, Gus's task, member or round behind it."""
    world, operation = programs.world, ALL[name]
    theirs = {
        **here(world),
        "task_id": world.elsewhere.task,
        "member_id": world.seat(world.gus, world.elsewhere),
        "round_id": world.elsewhere.round,
        "file_id": world.their_file,
    }
    before = programs.rows()
    assert ask(programs, programs.of["facilitator"], operation, theirs) in (404, 409)
    assert programs.rows() == before


@pytest.mark.parametrize("name", [name for name, each in ALL.items() if "session_id" in each.parts])
def test_a_table_that_is_not_there_is_nobody_s(programs: Programs, name: str) -> None:
    nowhere = {**here(programs.world), "session_id": "nonsense"}
    assert {role: ask(programs, programs.of[role], ALL[name], nowhere) for role in ROLES} == dict.fromkeys(ROLES, 404)
