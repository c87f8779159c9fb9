"""Logging in, opening a session from a file of tasks, and ending it."""

import json
import stat

import pytest

from tests.browser.live_server import House
from tests.cli.shell import Shell

TASKS = [*(f"PAY-{number} Pay by card" for number in range(1, 8)), "Refund a part", "Refund it all", "Say it"]


@pytest.fixture
def file(shell: Shell) -> str:
    (shell.home / "tasks.txt").write_text("\n".join(TASKS))
    return "tasks.txt"


def test_a_session_of_ten_tasks_is_opened_and_its_code_scanned(shell: Shell, house: House, file: str) -> None:
    with shell.terminal("open", file, "--name", "Sprint 42") as terminal:
        assert terminal.ends() == 0
        assert "Sprint 42, 10 tasks" in terminal.screen
        link = terminal.scans()
        assert f"Join at {link} or with the code " in terminal.screen
    [session_id] = [link.removeprefix(f"{house.url}/sessions/")]
    kept = house.value("SELECT group_concat(key || ' ' || title, '|') FROM task WHERE session_id = ?", session_id)
    assert str(kept).replace("| ", "|").split("|") == TASKS


def test_without_colours_the_code_is_drawn_all_the_same(shell: Shell) -> None:
    with shell.terminal("open", NO_COLOR="1") as terminal:
        assert terminal.ends() == 0
        assert "\x1b[" not in terminal.raw
        assert f"Join at {terminal.scans()} " in terminal.screen


def test_piped_output_has_neither_code_nor_colours(shell: Shell, house: House) -> None:
    said = shell.says("open", "-", given="- [ ] One\n- [x] Two\n")
    first, second = said.splitlines()
    assert first.endswith(", 2 tasks")
    assert second.startswith(f"Join at {house.url}/sessions/")
    assert said.isascii()


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("| Key | Title |\n|---|---|\n| PAY-1 | One |\n| PAY-2 | Two |\n", ["One", "Two"]),
        ("Summary,Issue key\nOne,PAY-1\nTwo,PAY-2\n", ["One", "Two"]),
        ('[{"title": "One"}, {"title": "Zwölf"}]', ["One", "Zwölf"]),
        ("\ufeffEins\nZwei\n", ["Eins", "Zwei"]),
    ],
)
def test_tasks_come_from_tables_as_well(shell: Shell, house: House, text: str, titles: list[str]) -> None:
    opened = json.loads(shell.says("open", "-", "--json", given=text))
    kept = house.value("SELECT group_concat(title, '|') FROM task WHERE session_id = ?", opened["id"])
    assert str(kept).split("|") == titles


def test_a_session_is_listed_and_ended(shell: Shell) -> None:
    opened = json.loads(shell.says("open", "--name", "Sprint 42", "--deck", "t-shirts", "--json"))
    assert opened["cards"][:2] == ["XS", "S"]
    line = f"{opened['id']}  {opened['created_at'][:10]}  running  Sprint 42\n"
    assert line in shell.says("list")
    assert shell.says("end", opened["url"]) == "Sprint 42 has ended.\n"
    assert line not in shell.says("list")
    assert {each["id"]: each["state"] for each in json.loads(shell.says("list", "--show", "past", "--json"))}[
        opened["id"]
    ] == "ended"


def test_a_login_is_kept_for_its_user_alone(shell: Shell, house: House, token: str) -> None:
    nothing = {"FACEUP_URL": "", "FACEUP_TOKEN": ""}
    with shell.terminal("login", house.url, **nothing) as terminal:
        terminal.waits_for("Token (it is not shown): ")
        terminal.types(token)
        assert terminal.ends() == 0
        assert token not in terminal.raw
    kept = shell.home / ".config/faceup/login.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert shell.says("open", **nothing).startswith("Planning poker, ")
    # The environment goes before it.
    refused = shell.runs("list", FACEUP_TOKEN="faceup_svc_x")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "faceup: This token is unknown here, was ended, or has expired.\n"


def test_a_wrong_token_is_not_kept(shell: Shell, house: House, token: str) -> None:
    refused = shell.runs("login", house.url, given="faceup_svc_x\n")
    assert refused.returncode == 1
    assert not (shell.home / ".config").exists()
    assert shell.runs("login", house.url, given="\n").returncode == 2
    assert shell.says("login", f"{house.url}/account", given=f"{token}\n").startswith(f"Logged in at {house.url}. ")


@pytest.mark.parametrize(
    ("words", "environment", "status", "sentence"),
    [
        (("open", "nowhere.txt"), {}, 2, "nowhere.txt: No such file or directory."),
        (("open", "--deck", "tarot"), {}, 1, "Choose one of the decks."),
        (("open", "-"), {}, 2, "- is empty."),
        (("open", "--json", "--watch"), {}, 2, "Choose one of --json and --watch."),
        (("end", "nowhere"), {}, 1, "You are not at this table."),
        (("list",), {"FACEUP_TOKEN": ""}, 2, "Run `faceup login` first"),
        (("list",), {"FACEUP_URL": "ftp://example.com"}, 2, "is no address of a server"),
        (("list",), {"FACEUP_URL": "http://127.0.0.1:9"}, 3, "does not answer: Connection refused."),
        (("list", "--show", "all"), {}, 2, "invalid choice"),
        ((), {}, 2, "required: COMMAND"),
    ],
)
def test_what_goes_wrong_is_said(
    shell: Shell, words: tuple[str, ...], environment: dict[str, str], status: int, sentence: str
) -> None:
    done = shell.runs(*words, given="\n", **environment)
    assert (done.returncode, done.stdout) == (status, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_list_without_tasks_opens_nothing(shell: Shell) -> None:
    before = shell.says("list")
    done = shell.runs("open", "-", given="---\n---\n")
    assert (done.returncode, done.stderr) == (
        1,
        "faceup: There is no task in this list. Write one a line.\n",
    )
    assert shell.says("list") == before


def test_what_is_left_out_of_a_list_is_said(shell: Shell) -> None:
    done = shell.runs("open", "-", given="\n".join(f"Task {number}" for number in range(201)))
    assert (done.returncode, done.stderr) == (0, "The list was too long: nothing was taken from line 201 on.\n")
    assert ", 200 tasks\n" in done.stdout


def test_what_is_no_text_is_not_sent(shell: Shell) -> None:
    (shell.home / "tasks.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    done = shell.runs("open", "tasks.xlsx")
    assert (done.returncode, "is no text in UTF-8" in done.stderr) == (2, True)
