"""Rows behind a session's value are written in one place: a write elsewhere makes the memory of every process wrong."""

import ast
import re

from tests.house.sources import PACKAGE, named

ROWS = {"table", "member", "seat", "task"}
BEHIND = {"PokerSession", "Member", "Task", "Round", "Vote"}
# What is written beside the value, and why it may be: the columns are not part of it, or the session is new or gone.
BESIDE = {
    "poker_app/poker/change.py": "seen_at",
    "poker_app/poker/members/presence.py": "seen_at",
    "poker_app/poker/publishing/events.py": "published_version",
    "poker_app/poker/session/lifecycle.py": "a session that is opened",
    "poker_app/poker/reports/session_import.py": "a session that is imported",
    "poker_app/poker/personal_data.py": "sessions of an account that is deleted",
    "poker_app/poker/session/retention.py": "sessions whose time is over",
    "poker_app/poker/session/archiving.py": "archived_at",
    "poker_app/poker/value/store.py": "the value itself",
}


def _writes(tree: ast.AST) -> bool:
    """Whether a module makes, updates, deletes or sets rows of those tables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in ("update", "insert", "delete", "sqlite.insert", "postgresql.insert") and node.args:
                told = ast.unparse(node.args[0])
                if told.split(".")[-1] in BEHIND or re.match(r"(MEMBER|SESSION|TASK|ROUND|VOTE)\.table|table$", told):
                    return True
            if name in ("session.add", "session.add_all", "session.delete"):
                told = ast.unparse(node)
                if any(f"{each}(" in told for each in BEHIND) or "_backlog(" in told or "founder" in told:
                    return True
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and ast.unparse(target.value) in (
                    "table",
                    "member",
                    "seat",
                    "task",
                ):
                    return True
    return False


def test_only_these_write_rows_behind_a_value() -> None:
    poker = [path for path in PACKAGE if named(path).startswith(("poker_app/poker/", "poker_app/web/"))]
    assert {named(path) for path in poker if _writes(ast.parse(path.read_text()))} == BESIDE.keys()
