"""What is documented is there, and what is there is documented."""

import ast
import re
from datetime import timedelta
from typing import get_args

from poker_app import create_app
from poker_app.accounts.audit_log import ACTIONS
from poker_app.api import tools
from poker_app.cli import poker
from poker_app.edge import limits
from poker_app.realtime_settings import BILLED
from poker_app.rules.api_tokens import SCOPES
from poker_app.rules.durations import in_words
from poker_app.rules.message_budget import as_table
from poker_app.rules.session.change import EVENTS, Event
from poker_app.rules.webhook_events import PUBLIC_EVENTS
from poker_app.settings import Settings
from poker_app.settings import as_table as as_settings_table
from poker_app.webhooks.sending import PAUSES
from tests.house.sources import DOCUMENTS, PACKAGE, ROOT, SCRIPTS, named, nodes

PUBLIC = {"vote", "member-joined", "task-finalized", "session-ended"}


def announced() -> set[str]:
    """The events that changes to a session announce."""
    used = {node.attr for _, node in nodes(ast.Attribute) if ast.unparse(node.value) == "Event"}
    thens = [call for _, call in nodes(ast.Call) if ast.unparse(call.func).endswith(".then")]
    named = {ast.unparse(call.args[0]).removeprefix("Event.") for call in thens}
    assert named <= used
    return {Event[name] for name in named}


def test_every_event_is_in_the_protocol_and_every_one_of_it_is_announced() -> None:
    assert announced() == EVENTS.keys() == set(Event)


def test_the_public_names_stay_and_all_are_past_tense_kebab_case() -> None:
    assert EVENTS.keys() >= PUBLIC
    for name in EVENTS.keys() - {"vote"}:
        assert re.fullmatch(r"[a-z]+-[a-z]+", name)
        assert name.endswith(("ed", "left")), name


def test_only_the_protocol_publishes() -> None:
    callers = {
        place.split(":")[0]
        for place, call in nodes(ast.Call)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "publish"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "realtime"
    }
    assert callers == {"poker_app/poker/publishing/events.py"}


def noted() -> dict[str, str]:
    """The actions that the code writes into the audit log, with a place where it does. A membership passes one on."""
    position = {"audit_log.note": 2, "now.note": 0, "acting.note": 0, "membership.note": 0}
    found = {}
    for place, call in nodes(ast.Call):
        name = ast.unparse(call.func)
        if name not in position:
            continue
        action = call.args[position[name]]
        if ast.unparse(action) == "action":
            continue
        assert isinstance(action, ast.Constant), f"{place} notes what cannot be read here"
        found[action.value] = place
    return found


def test_every_action_of_the_audit_log_is_noted_and_every_note_is_in_its_table() -> None:
    assert noted().keys() == ACTIONS.keys()


def test_actions_are_kebab_case() -> None:
    for action, told in ACTIONS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", action), action
        assert len(action) <= 40
        assert told


def test_browsers_know_no_other_events() -> None:
    text = "\n".join(path.read_text() for path in SCRIPTS)
    named_there = set(
        re.findall(r"""['"]((?:vote|member|task|session|round|tasks|role|timer|options)-(?:[a-z]+ed|left))['"]""", text)
    )
    assert named_there <= EVENTS.keys()


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    printed = text.partition("<!-- settings -->\n")[2].partition("\n<!-- /settings -->")[0]
    assert printed == as_settings_table()


def test_every_public_event_is_in_the_table_of_webhooks_with_its_sentence() -> None:
    text = (ROOT / "docs/webhooks.md").read_text()
    table = text.partition("<!-- events -->\n")[2].partition("<!-- /events -->")[0]
    documented = re.findall(r"^\| `([a-z.]+)` \| (.+?) \|", table, flags=re.MULTILINE)
    assert documented == [(str(type_), sentence) for type_, sentence in PUBLIC_EVENTS.items()]
    *waits, last = [in_words(pause) for pause in dict.fromkeys(PAUSES) if pause >= timedelta(minutes=2)]
    assert f"5 seconds, 30 seconds, {', '.join(waits)}, and then every {last}" in text


def test_the_message_budget_in_the_handbook_is_the_one_that_is_reckoned() -> None:
    handbook = (ROOT / "docs/operating.md").read_text()
    printed = handbook.partition("<!-- message-budget -->\n")[2].partition("\n<!-- /message-budget -->")[0]
    assert printed == as_table(BILLED)


def test_every_engine_and_every_known_difference_is_in_its_table() -> None:
    text = (ROOT / "docs/realtime.md").read_text()
    engines = get_args(Settings.model_fields["realtime"].annotation)
    described = re.findall(r"`([a-z]+)`", " ".join(re.findall(r"^\| (`.*?) \|", text, flags=re.MULTILINE)))
    assert set(engines) <= set(described)
    tree = ast.parse((ROOT / "tests/engines/engine_server.py").read_text())
    [table] = [
        each.value
        for each in tree.body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "DIFFERENCES"
    ]
    known = {f"| {engine} | {how} |" for engine, all_of in ast.literal_eval(table).items() for how in all_of.values()}
    assert known == set(re.findall(r"^\| (?:soketi|pushpin) \|.*\|$", text, flags=re.MULTILINE))
    contract = (ROOT / "tests/engines/test_contract.py").read_text()
    for names in ast.literal_eval(table).values():
        for name in names:
            assert f'differs("{name}")' in contract, name


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        place.split(":")[0]
        for place, node in nodes(ast.Attribute)
        if node.attr in ("environ", "getenv", "environb") and isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    assert readers == set()


def test_every_documented_command_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text()
        asked = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, flags=re.MULTILINE))
        assert asked <= targets, named(document)
        assert set(re.findall(r"poker_app\.cli ([a-z-]+)", text)) <= poker.commands.keys(), named(document)


def test_every_module_says_what_it_is() -> None:
    silent = [
        named(path)
        for path in PACKAGE
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_the_limits_at_the_edge_are_in_the_document() -> None:
    assert limits.as_table() in (ROOT / "docs/operating.md").read_text()


def test_the_tools_that_the_page_for_assistants_names_are_there_for_their_scopes() -> None:
    rows = re.findall(r"^\| `(\w+:\w+)` \| (.+) \|$", (ROOT / "docs/mcp.md").read_text(), flags=re.MULTILINE)
    assert [scope for scope, _ in rows] == list(SCOPES)
    create_app(Settings(_env_file=None, database_url="sqlite://", secret_key="x", realtime="none"))
    for scope, names in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert tools.tools()[name].operation.scope == scope, name
