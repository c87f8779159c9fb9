"""Watching a session: what a person sees in a terminal, and what another program reads, while others play."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.browser.live_server import House
from tests.cli.shell import COMMAND, PATIENCE, Shell
from tests.visitor import Address, Visitor


class Table:
    """A session of two tasks, which the command line opened: Ada facilitates it and votes, as Ben does."""

    def __init__(self, shell: Shell, house: House) -> None:
        opened = json.loads(shell.says("open", "-", "--name", "Sprint 42", "--json", given="PAY-1 Card\nPAY-2 Cash"))
        self.id, self.url = opened["id"], opened["url"]
        self.path = f"/sessions/{self.id}"
        self.ada, self.ben = (Visitor(Address(house.port), name) for name in ("Ada", "Ben"))
        for person in (self.ada, self.ben):
            person.joins(self.path)

    def votes(self, person: Visitor, card: str) -> None:
        assert person.post(f"{self.path}/votes", round=person.sits_at(self.path), card=card) == 303, person.text

    def reveals(self) -> None:
        assert self.ada.post(f"{self.path}/reveal", round=self.ada.sits_at(self.path)) == 303, self.ada.text

    def estimates(self, task: str, card: str) -> None:
        assert self.ada.post(f"{self.path}/tasks/{task}/estimate", estimate=card) == 303, self.ada.text

    def ends(self) -> None:
        assert self.ada.post(f"{self.path}/ending") == 303, self.ada.text


@pytest.fixture
def table(shell: Shell, house: House) -> Table:
    return Table(shell, house)


@contextmanager
def piped(shell: Shell, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command whose output another program reads."""
    command = subprocess.Popen(
        [*COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=shell.environment,
        cwd=shell.home,
    )
    late = threading.Timer(PATIENCE, command.kill)
    late.start()
    try:
        yield command
    finally:
        late.cancel()
        late.join()
        command.kill()
        command.communicate()


def test_a_terminal_shows_the_table_as_it_is(shell: Shell, table: Table) -> None:
    with shell.terminal("watch", table.url) as terminal:
        terminal.shows("Sprint 42", table.url, "Task 1 of 2: PAY-1 Card", "thinks    Ada", "0 of 2 voted")
        table.votes(table.ben, "13")
        terminal.shows("voted     Ben", "thinks    Ada", "1 of 2 voted")
        table.votes(table.ada, "5")
        terminal.shows("2 of 2 voted")
        assert "13" not in terminal.raw.replace(table.id, "").replace(table.url, "")
        table.reveals()
        terminal.shows("      5  Ada", "     13  Ben", "mean 9")
        table.estimates(_task(table), "8")
        terminal.shows("Task 2 of 2: PAY-2 Cash", "      8  PAY-1 Card", "0 of 2 voted")
        # Drawn in one place: what was is gone.
        assert terminal.screen.count("Sprint 42") == 1
        assert "      5  Ada" not in terminal.screen
        table.ends()
        assert terminal.ends() == 0
        assert "The session has ended." in terminal.screen
        assert "Ctrl-C" not in terminal.screen


def _task(table: Table) -> str:
    """The task on the table."""
    table.ada.sits_at(table.path)
    return table.ada.text.split("/estimate", 1)[0].rsplit("/tasks/", 1)[1]


def test_another_program_reads_a_line_for_each_thing_that_happens(shell: Shell, table: Table) -> None:
    with piped(shell, "watch", table.id) as command:
        assert command.stdout
        line = command.stdout.readline
        assert [line(), line()] == [f"Sprint 42: {table.url}\n", "Task 1 of 2: PAY-1 Card\n"]
        table.votes(table.ben, "13")
        assert line() == "Ben voted (1 of 2)\n"
        table.votes(table.ada, "5")
        assert line() == "Ada voted (2 of 2)\n"
        table.reveals()
        assert line() == "Revealed: 5: Ada; 13: Ben. Suggested 8, mean 9, median 9, agreement 50%\n"
        table.estimates(_task(table), "8")
        assert [line(), line()] == ["PAY-1 Card: 8\n", "Task 2 of 2: PAY-2 Cash\n"]
        table.ends()
        assert line() == "The session has ended.\n"
        assert command.stdout.read() == ""
        assert command.wait(PATIENCE) == 0


def test_opening_and_watching_ends_with_the_report(shell: Shell, house: House) -> None:
    with piped(shell, "open", "--name", "Sprint 42", "--watch") as command:
        assert command.stdout
        opened, joining = command.stdout.readline(), command.stdout.readline()
        assert opened == "Sprint 42, 1 task\n"
        shell.says("end", joining.split()[2])
        assert "The session has ended.\n\n" in command.stdout.read()
        assert command.wait(PATIENCE) == 0


def test_a_server_that_goes_and_comes_back_is_waited_for(shell: Shell, house: House, table: Table) -> None:
    with shell.terminal("watch", table.id) as terminal:
        terminal.shows("0 of 2 voted")
        house.stop()
        terminal.shows("does not answer: Connection refused. Trying again.", "0 of 2 voted")
        house.start()
        table.votes(table.ben, "13")
        terminal.shows("1 of 2 voted")
        assert "does not answer" not in terminal.screen
        terminal.interrupts()
        assert terminal.ends() == 130
        assert "Traceback" not in terminal.screen
        # Lines wrap again.
        assert terminal.raw.rstrip().endswith("\x1b[?7h")


def test_a_session_is_opened_once_though_the_server_is_away_at_first(shell: Shell, house: House) -> None:
    house.stop()
    done: list[str] = []
    opening = threading.Thread(target=lambda: done.append(shell.says("open", "--name", "Patience")))
    opening.start()
    house.start()
    opening.join()
    assert done[0].startswith("Patience, 1 task\n")
    assert house.value("SELECT count(*) FROM poker_session WHERE name = 'Patience'") == 1


def test_an_interrupted_command_says_nothing(shell: Shell, table: Table) -> None:
    with piped(shell, "watch", table.id) as command:
        assert command.stdout
        command.stdout.readline()
        os.kill(command.pid, signal.SIGINT)
        assert command.wait(PATIENCE) == 130
        assert "Traceback" not in command.stdout.read()


@pytest.mark.parametrize(
    ("ending", "beginning"),
    [("txt", b"Sprint 42"), ("md", b"# "), ("csv", b"\xef\xbb\xbf"), ("json", b"{"), ("xlsx", b"PK\x03\x04")],
)
def test_the_report_comes_in_each_format(shell: Shell, table: Table, ending: str, beginning: bytes) -> None:
    table.votes(table.ada, "5")
    table.reveals()
    table.estimates(_task(table), "5")
    table.ends()
    shell.says("report", table.url, "-o", f"report.{ending}")
    written = (shell.home / f"report.{ending}").read_bytes()
    assert written.startswith(beginning)
    if ending != "xlsx":
        assert b"PAY-1" in written
        assert (
            shell.says("report", table.id, "--format", ending).rstrip()
            == written.decode().replace("\r\n", "\n").rstrip()
        )


def test_a_workbook_is_not_written_into_a_terminal(shell: Shell, table: Table) -> None:
    with shell.terminal("report", table.id, "--format", "xlsx") as terminal:
        assert terminal.ends() == 2
        assert "Choose a file with -o." in terminal.screen


def test_a_whole_round_is_played_from_a_shell(shell: Shell, house: House) -> None:
    opened = json.loads(shell.says("open", "-", "--json", given="PAY-1 Card\nPAY-2 Cash"))
    assert shell.says("vote", opened["url"], "8") == "8 for PAY-1 Card.\n"
    assert shell.says("reveal", opened["id"]) == "Revealed: 8: Command line. Consensus\n"
    assert shell.says("estimate", opened["id"], "8", "--note", "as last time") == "PAY-1 Card: 8\nNext: PAY-2 Cash\n"
    for refused in (shell.runs("estimate", opened["id"], "8"), shell.runs("vote", opened["id"], "7")):
        assert (refused.returncode, refused.stdout) == (1, "")


def test_a_session_of_a_browser_is_watched_after_joining_it(shell: Shell, house: House) -> None:
    gus = Visitor(Address(house.port), "Gus")
    path = gus.opens()
    assert "You are not at this table" in shell.runs("watch", house.url + path).stderr
    assert shell.says("join", house.url + path) == "Joined.\n"
    with shell.terminal("watch", house.url + path) as terminal:
        terminal.shows("watches   Command line", "thinks    Gus")
        terminal.interrupts()
        assert terminal.ends() == 130
