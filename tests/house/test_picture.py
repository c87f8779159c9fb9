"""The picture of a vote's walk is drawn from its source, and names files that are there."""

import re
from xml.etree import ElementTree

import pytest

from bin import sequence
from tests.house.sources import ROOT


def test_the_picture_of_a_vote_is_what_its_source_says() -> None:
    source = sequence.SOURCE.read_text()
    assert sequence.PICTURE.read_text() == sequence.drawn(source), "run bin/sequence.py"
    ElementTree.fromstring(sequence.PICTURE.read_text())
    lanes, steps = sequence.parse(source)
    assert len(lanes) == 6
    files = [file for *_, words in steps for file in re.findall(r"\S+\.(?:py|js)\b", words)]
    assert len(files) >= 8
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_a_line_that_the_picture_cannot_show_is_refused() -> None:
    for line in ("ben -> nobody: hello", "lane", "ben ? web: hello"):
        with pytest.raises(ValueError, match="not a lane"):
            sequence.parse(f"lane ben = Ben\nlane web = Pages\n{line}")
    assert sequence.shortened("a/b.py: see c/d-e.js, and a/b") == "b.py: see d-e.js, and a/b"
    assert "&lt;b&gt;" in sequence.drawn("lane ben = Ben\nben: <b>")
