"""What people wrote stands in an element of its own wherever a page prints it: ``{{ task.title|bdi }}``."""

import re

from tests.house.sources import PAGES, named

# The ends of expressions that are people's text: attributes of rows and values, and what a view hands over.
PEOPLES = {"name", "short", "title", "key", "note", "email", "domain", "who", "about", "deck_label", "ended_by"}
PEOPLES |= {"watching", "gone", "did_not_vote", "owners", "asked", "search", "find", "draft", "own_domain", "subject"}
JINJA = re.compile(r"\{\{(?P<shown>.*?)\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
# Where no element can stand: a page's title, a choice, a field; and what is isolated by the element around it.
PLAIN = re.compile(
    r"\{% block title %\}.*?\{% endblock %\}|<(option|textarea|title|bdi)\b[^<]*?>(?:(?!</\1>).)*</\1>|<!--.*?-->",
    re.DOTALL,
)
WORD = re.compile(r"(?<![\w'\"])[a-z_][\w.]*(?:\(\))?(?:\.\w+)*")


def unisolated(template: str) -> list[str]:
    """Expressions that print people's text between tags, without ``|bdi``."""
    found = []
    tag = False
    last = 0
    template = PLAIN.sub(lambda part: re.sub(r"\{\{.*?\}\}", "", part[0], flags=re.DOTALL), template)
    for part in JINJA.finditer(template):
        between = template[last : part.start()]
        last = part.end()
        if "<" in between or ">" in between:
            tag = between.rfind("<") > between.rfind(">")
        shown = part["shown"]
        if shown is None or tag or re.search(r"\|\s*(bdi|map\(['\"]bdi['\"]\)|initials|length)", shown):
            continue
        printed = re.split(r"\bif\b", shown)[0]
        named_ones = {word.rsplit(".", 1)[-1] for word in WORD.findall(re.sub(r"'[^']*'|\w+\(.*", "", printed))}
        mapped = re.findall(r"map\(attribute=['\"](\w+)['\"]\)", printed)
        if PEOPLES & {*named_ones, *mapped}:
            found.append(shown.strip())
    return found


def test_people_s_text_is_isolated() -> None:
    found = {named(page): unisolated(page.read_text()) for page in PAGES}
    assert {page: wrong for page, wrong in found.items() if wrong} == {}


def test_what_is_not_isolated_is_found() -> None:
    for wrong in (
        "<p>{{ task.title }}</p>",
        "<p>{{ task.title or 'Quick vote' }}",
        '<p class="{{ x }}">{{ session.name }}',
        "{{ t.watching|join(', ') }}",
        "<b>{{ names if a > b }} {{ each.user.email or 'No address' }}",
        "{{ t.facilitators|map(attribute='name')|join(', ') }}",
    ):
        assert unisolated(wrong), wrong
    for right in (
        "<p>{{ task.title|bdi or 'Quick vote' }}</p>",
        '<p title="{{ task.title }}">',
        "{% block title %}{{ session.name }}{% endblock %}",
        '<option value="1">{{ deck.name }}</option>',
        '<bdi class="seat__name">{{ seat.short }}</bdi>',
        "{{ t.watching|map('bdi')|join(', ') }}",
        "{{ each.user.name|initials }}",
        "{{ m.field('name', 'Your name', user.name) }}",
    ):
        assert not unisolated(right), right
