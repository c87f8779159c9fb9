"""Whose account remembers what the columns of imported tables mean."""

import re

import pytest

from poker_app.settings import Settings
from tests.cast import Person, Table
from tests.web.test_imports import form_of, says, ticks
from tests.world.pages import Club

TABLE = "Title;Squad\nPay;Red\nShip;Blue\n"


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


def sees(person: Person, table: Table) -> list[str]:
    """The columns that the preview has as last time."""
    answer = person.post(f"{table.path}/import/file", {"tasks": TABLE}, htmx=False)
    return re.findall(r"As last time</span>\s+(\w+)", answer.text)


def imports(person: Person, table: Table, **columns: str) -> None:
    shown = person.post(f"{table.path}/import/file", {"tasks": TABLE}, htmx=False)
    sent = {**form_of(shown), "row": ticks(shown)[0], **columns}
    assert person.post(f"{table.path}/import", sent, htmx=False).status_code == 303
    assert says(person.get(table.path), "1 task added.")


def test_an_account_remembers_columns_for_its_teammates(club: Club) -> None:
    table, another = club.olga.opens(), club.tim.opens("Another")
    imports(club.olga, table, **{"column-1": "unused"})
    assert sees(club.tim, another) == ["Red"]

    # Of another account, though she facilitates here.
    club.mallory.joins(table)
    club.olga.post(f"{table.path}/facilitators", {"member": club.mallory.seat(table).id})
    assert sees(club.mallory, table) == []
    imports(club.mallory, table, **{"column-0": "other", "column-1": "title"})
    assert sees(club.tim, another) == ["Red"]
    assert sees(club.mallory, club.mallory.opens("Her own")) == []
    imports(club.tim, another, **{"column-1": "other"})
    assert sees(club.olga, table) == []
