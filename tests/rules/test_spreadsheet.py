"""What a spreadsheet could run, and what it shows as it is."""

import csv
import re
from decimal import Decimal
from io import StringIO
from itertools import chain, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from poker_app.rules.spreadsheet import COMMAS, POINTS, Style, as_csv, protected, style_of, unprotected


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
        " =1",
        "  -x",
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
        '"=1',
        '""=1',
        ' " "@x',
        '\u200b"=1',
    ],
)
def test_what_a_spreadsheet_could_run_is_prefixed(cell):
    assert protected(cell) == f"'{cell}"


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
        "PAY-311",
        "50%",
        " plain",
        "\nplain",
        "#12",
        "a, b; c | d",
        'a;"b',
        "it's",
        "'quoted'",
    ],
)
def test_plain_cells_and_negative_numbers_stay(cell):
    assert protected(cell) == cell


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("a;=1", "a;'=1"),
        (';"=', ";'\"="),
        ("a,=1", "a,'=1"),
        ("a|=1", "a|'=1"),
        ("a; +1", "a;' +1"),
        ("a;\ufeff=1", "a;'\ufeff=1"),
        ('a; "" ＝1', 'a;\' "" ＝1'),
        ("=1;=2,=3|=4", "'=1;'=2,'=3|'=4"),
        ("-5;-5", "'-5;'-5"),
        ("a;-5", "a;'-5"),
        ("- one\n- two", "'- one\n'- two"),
        ("a\t=1", "a\t'=1"),
        ("-1\n=2", "'-1\n'=2"),
        ("\n=1", "\n'=1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        # What looks as if it were protected already gets an apostrophe of its own.
        ("'=1", "''=1"),
        ("'1/2", "''1/2"),
        ("'=1;'=1", "''=1;''=1"),
    ],
)
def test_each_part_is_prefixed(cell, safe):
    assert protected(cell) == safe


NEGATIVE_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)?")
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
CELLS = st.text(alphabet=st.sampled_from("=+-@\t\r\n 0a.,;|'\"＝＋－＠\x00\ufeff"), max_size=8) | st.text()


@given(CELLS, st.sampled_from(".,"), st.booleans())
@example("'\t=1", ".", False)
@example("'-5", ".", True)
@example("'1.5", ",", False)
def test_a_cell_is_read_back_as_it_was_and_never_starts_a_formula(cell, mark, first):
    safe = protected(cell, mark, first=first)
    assert unprotected(safe) == cell
    assert not safe.lstrip(" \n\x00").startswith(("=", "+", "@", "\t", "\r", "＝"))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=3))
@example([["x", ';"=']])
@example([["x", ";-5", "1+1"]])
@example([["-5", "1+1"]])
@example([["x", "a;", "=1"], ['"', "=1"]])
@example([['x;"', ";=1"], ["x", '";=1']])
@example([["a\t=1", "a\r=1"], ["a\n=1", "a\x85=1"]])
def test_no_cell_runs_wherever_a_spreadsheet_splits(rows):
    lines = as_csv(["A", "B", "C"], rows).removeprefix("\ufeff").splitlines()
    for delimiter, quoting in product(",;|\t", (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)):
        for cell in chain.from_iterable(csv.reader(lines, delimiter=delimiter, quoting=quoting)):
            shown = cell.lstrip(' \t"\x00\ufeff')
            assert not shown.startswith(SIGNS) or NEGATIVE_NUMBER.fullmatch(cell), (delimiter, quoting, cell)


STYLES = st.sampled_from([Style(delimiter, mark) for delimiter in ",;\t" for mark in ".,"])


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=3), STYLES)
def test_a_reader_of_quotes_finds_what_was_written(rows, style):
    text = StringIO(as_csv(["A", "B", "C"], rows, style).removeprefix("\ufeff"), newline="")
    found = list(csv.reader(text, delimiter=style.delimiter))[1:]
    assert [[unprotected(cell) for cell in row] for row in found] == rows


def test_rows_below_their_heads() -> None:
    assert as_csv(["A", "B"], [["1", "x;=1"], ["two\nlines"]]) == '\ufeffA,B\r\n1,x;\'=1\r\n"two\nlines",\r\n'


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "1/2",
            "3/4",
            "12/24",
            "1-2",
            "1/2/2026",
            "1.2.",
            "1.2.26",
            "2026-11",
            "MAR-12",
            "mar 12",
            "SEPT-3",
            "12-Dec",
        ),
        *("OKT-3", "March 2026", "1:30", "10:00:00", "1E5", "1.5e3", "007", "00", "1234567890123456"),
    ],
)
def test_what_a_spreadsheet_reads_as_something_else_is_prefixed(cell):
    assert as_csv(["A"], [[cell]]).splitlines()[1] == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        "½",
        "0",
        "0.5",
        "10",
        "50%",
        "PAY-12",
        "MARS-12",
        "2026-11-23T10:00:00Z",
        "1h",
        "1 / 2 of it",
        "a1/2",
        "1e",
    ],
)
def test_what_a_spreadsheet_leaves_alone_is_not_prefixed(cell):
    assert as_csv(["A"], [[cell]]).splitlines()[1] == cell


def test_numbers_have_the_decimal_mark_and_texts_are_protected_from_it():
    row = [0.5, "a;b", "6.4 %", Decimal("1.50"), "1.5", "1,5", 7]
    assert as_csv(["A"] * 7, [row], COMMAS).splitlines()[1] == '0,5;"a;b";6.4 %;1,50;\'1.5;1,5;7'
    assert as_csv(["A"] * 7, [row], POINTS).splitlines()[1] == '0.5,a;b,6.4 %,1.50,1.5,"\'1,5",7'


# --- by language


@pytest.mark.parametrize(
    ("languages", "style"),
    [
        (["de"], COMMAS),
        (["de-DE", "en"], COMMAS),
        (["de_AT"], COMMAS),
        *(([language], COMMAS) for language in ("fr", "es", "it", "pt-BR", "nl", "pl", "ru", "sv", "cs", "tr")),
        (["en"], POINTS),
        (["en-GB", "de"], POINTS),
        (["EN-za"], COMMAS),
        *(([language], POINTS) for language in ("ja", "zh-CN", "ko", "he", "th", "hi", "es-MX", "es-419")),
        (["de-CH"], Style(";", ".")),
        (["fr-CH", "fr"], Style(";", ".")),
        ([], POINTS),
        (["*"], POINTS),
        ([""], POINTS),
    ],
)
def test_the_first_language_decides(languages, style):
    assert style_of(languages) == style
