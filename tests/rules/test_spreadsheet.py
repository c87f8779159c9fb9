"""What a spreadsheet could run, and what it shows as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.spreadsheet import as_csv, harmless


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+1",
        "+49 30 123",
        "-1+1",
        "-cmd",
        "-",
        "--1",
        "-1-1",
        "-1e5",
        "@SUM(A1)",
        "=",
        "-1\n=2",
        " =1",
        "  -x",
        "\t=1",
        "\r=1",
        "\n=1",
        "\tplain",
        "\rplain",
        " \tplain",
        "\x00\r5",
        "\u00a0=1",
        "\x00=1",
        "\ufeff=1",
        "\u200b@x",
        " -5",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "\u3000＝1",
        "-١",
        "-1.",
        "-.5",
    ],
)
def test_what_a_spreadsheet_could_run_is_prefixed(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "\n",
        "Pay",
        "5",
        "0",
        "6.4",
        "-5",
        "-0.5",
        "-1,5",
        "-100",
        "a=b",
        "1+1",
        "x@y.z",
        "½",
        "☕",
        "?",
        "'=1",
        "PAY-311",
        "50%",
        "3:10",
        " plain",
        "\nplain",
        "#12",
    ],
)
def test_plain_cells_and_negative_numbers_stay(cell):
    assert harmless(cell) == cell


@given(st.text(alphabet=st.sampled_from("=+-@\t\r\n 0a.'＝\x00"), max_size=8) | st.text())
def test_a_cell_keeps_its_text_and_never_starts_a_formula(cell):
    safe = harmless(cell)
    assert safe in (cell, f"'{cell}")
    assert harmless(safe) == safe
    assert not safe.lstrip(" \n\x00").startswith(("=", "+", "@", "\t", "\r", "＝"))


def test_rows_below_their_heads() -> None:
    assert as_csv(["A", "B"], [["1", "x;=1"], ["two\nlines"]]) == "\ufeffA,B\r\n1,x;'=1\r\ntwo lines,\r\n"
