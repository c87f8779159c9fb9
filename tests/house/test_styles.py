"""Style sheets and markup: no class without a rule, no rule without a use, no container query."""

import re
from functools import cache

from tests.house.sources import PACKAGE, PAGES, ROOT, SCRIPTS

SHEETS = sorted((ROOT / "static/css").rglob("*.css"))
NAME = r"-?[_a-z][\w-]*"
# A class, and the expressions of Jinja inside of the attribute.
CLASS = re.compile(r'class="((?:[^"{]|\{(?![{%])|\{\{.*?\}\}|\{%.*?%\})*)"', re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Values that the expressions compare with are quoted like the classes that they choose.
COMPARED = re.compile(r"[!=]= *'[^']*'")
# The cards of the front page (`f{{ … }}`), and the view transitions of columns, which the sheet names itself.
NUMBERED = re.compile(r"(?:f|col)\d")


@cache
def ruled() -> frozenset[str]:
    """The classes that selectors name."""
    text = "".join(re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL) for sheet in SHEETS)
    selectors = re.findall(r"([^{}]+)\{", text)
    return frozenset(found for selector in selectors for found in re.findall(rf"\.({NAME})", selector))


def worn(markup: str) -> set[str]:
    """The classes that a template's elements have, chosen ones included."""
    found: set[str] = set()
    for attribute in CLASS.findall(markup):
        chosen = COMPARED.sub("", " ".join(EXPRESSION.findall(attribute)))
        plain = EXPRESSION.sub(lambda part: "\0" if part[0].startswith("{{") else " ", attribute)
        words = plain.split() + [word for text in re.findall(r"'([^']*)'", chosen) for word in text.split()]
        found |= {word for word in words if re.fullmatch(NAME, word)}
    return found


def test_every_class_has_a_rule() -> None:
    without = {
        f"{page.relative_to(ROOT)}: {name}" for page in PAGES for name in worn(page.read_text()) if name not in ruled()
    }
    assert without == set()


def test_every_rule_has_a_use() -> None:
    used = {
        word for path in [*PAGES, *SCRIPTS, *PACKAGE] for word in re.findall(r"-?[_a-zA-Z][\w-]*", path.read_text())
    }
    assert {name for name in ruled() - used if not NUMBERED.fullmatch(name)} == set()


def test_classes_are_found_however_they_are_chosen() -> None:
    markup = """<p class="tag {{ 'tag--red' if kind == 'trouble' else 'tag--pine' }}{% if on %} lit{% endif %}">"""
    assert worn(markup) == {"tag", "tag--red", "tag--pine", "lit"}


def test_no_sheet_asks_for_a_container() -> None:
    """WebKit goes on with the wide layout of a window made narrow, in a page that does."""
    asked = re.compile(r"@container|\bcontainer(?:-type|-name)?\s*:")
    assert [sheet.name for sheet in SHEETS if asked.search(sheet.read_text())] == []
