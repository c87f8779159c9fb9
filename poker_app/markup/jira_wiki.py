"""Jira's wiki markup as Markdown."""

import re
from html import escape
from itertools import takewhile

from poker_app.markup.html_markup import from_html
from poker_app.rules.backlog import MAX_DESCRIPTION

MAX_WIKI = MAX_DESCRIPTION + 2_000
"""Characters of a text that are read."""
_MACRO = re.compile(
    r"(?<!\{)\{(?:(code|noformat|quote|panel|info|note|warning|tip)|toc|anchor)(?::([^{}\n]{0,300}))?\}(?!\})"
)
_HEADING = re.compile(r"h([1-6])\.[ \t]+(.*)")
_ITEM = re.compile(r"([*#-]{1,12})[ \t]+(\S.*)")
_RULE = re.compile(r"-{4,}")
_TITLE = re.compile(r"(?:^|\|)title=([^|]+)")
_LANGUAGE = re.compile(r"(?:language=)?([a-z0-9+#]{1,20})(?:\||$)", re.IGNORECASE)
# Cells end at bars, but not at those of links, pictures and text of fixed width.
_BAR = re.compile(r"\[[^\[\]\n]*\]|\{\{[^{}\n]*\}\}|!\S[^!|\n]*\|[^!\n]*!|(\|\|?)")
_TOKEN = re.compile(
    r"\{\{(?P<code>[^{}\n]+)\}\}"
    r"|\{(?P<forced>[*_+^~-])\}"
    r"|\{color(?::[^{}\n]{0,50})?\}"
    r"|\[(?P<link>[^\[\]\n]+)\]"
    r"|(?<![\w!])!(?P<picture>[^\s!][^!\n]*)!"
    r"|(?P<address>(?:https?://|mailto:)[^\s<>|\[\]{}\"']+)"
    r"|(?P<end>\\\\|\n)"
    r"|\\(?P<escaped>[^\w\s])"
    r"|(?<!\w)(?P<icon>\([/x!?iyn*]\))"
    r"|(?P<mark>\?\?|[*_+^~-])"
)
_ALT = re.compile(r"(?:^|[|,])\s?alt=\"?([^|,\"]+)")
_TAGS = {"*": "strong", "_": "em", "-": "del", "+": "ins", "^": "sup", "~": "sub", "??": "cite"}
_ICONS = {
    "(/)": "✅",
    "(x)": "❌",
    "(!)": "⚠️",
    "(?)": "❓",
    "(i)": "ℹ️",
    "(y)": "👍",
    "(n)": "👎",
    "(*)": "⭐",
}
_WEB = ("https://", "http://", "mailto:")


def from_jira_wiki(text: str) -> str:
    """Jira's wiki markup, as its exports have it, as Markdown."""
    text = text[:MAX_WIKI].replace("\r\n", "\n").replace("\r", "\n")
    return from_html(_Blocks().of(text))


class _Blocks:
    """Writes the HTML of a text, block after block: ``lists`` and ``boxes`` are the marks and names of those that are
    open."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.paragraph: list[str] = []
        self.lists = ""
        self.rows: list[str] = []
        self.boxes: list[str] = []

    def of(self, text: str) -> str:
        place = 0
        while macro := _MACRO.search(text, place):
            self._lines(text[place : macro.start()])
            place = macro.end()
            if macro[1] in ("code", "noformat"):
                # One that is never closed goes on to the end.
                end = text.find(f"{{{macro[1]}}}", place)
                self._code(text[place : end if end >= 0 else None], macro[2] or "")
                place = end + len(macro[1]) + 2 if end >= 0 else len(text)
            elif macro[1]:
                self._box(macro[1], macro[2] or "")
        self._lines(text[place:])
        self._close()
        return "".join([*self.written, *("</blockquote>" for _ in self.boxes)])

    def _code(self, code: str, options: str) -> None:
        self._end_paragraph()
        self._end_rows()
        language = _LANGUAGE.match(options)
        kind = f' class="language-{language[1]}"' if language and "=" not in language[0] else ""
        self.written.append(f"<pre><code{kind}>{escape(code.strip(chr(10)))}</code></pre>")

    def _box(self, name: str, options: str) -> None:
        """Opens a quotation or a panel, or closes it where it is open, with those inside it."""
        self._close()
        if name in self.boxes:
            while self.boxes.pop() != name:
                self.written.append("</blockquote>")
            self.written.append("</blockquote>")
        else:
            self.boxes.append(name)
            title = _TITLE.search(options)
            self.written.append("<blockquote>" + (f"<p><strong>{escape(title[1])}</strong></p>" if title else ""))

    def _lines(self, text: str) -> None:
        for line in text.split("\n"):
            self._line(line.strip())

    def _line(self, line: str) -> None:
        if item := _ITEM.fullmatch(line):
            self._item(item[1], item[2])
        elif line.startswith("|"):
            self._end_paragraph()
            self._end_lists()
            self.rows.append(_row(line))
        elif heading := _HEADING.fullmatch(line):
            self._alone(f"h{heading[1]}", heading[2])
        elif line.startswith("bq. "):
            self._alone("blockquote", line[4:])
        elif _RULE.fullmatch(line):
            self._close()
            self.written.append("<hr>")
        elif not line:
            self._close()
        elif self.lists:
            # It goes on with the item above.
            self.written.append(f"<br>{_inline(line)}")
        else:
            self._end_rows()
            self.paragraph.append(line)

    def _alone(self, tag: str, text: str) -> None:
        self._close()
        self.written.append(f"<{tag}>{_inline(text)}</{tag}>")

    def _item(self, marks: str, text: str) -> None:
        self._end_paragraph()
        self._end_rows()
        pairs = zip(marks, self.lists, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        self._end_lists(same)
        if same == len(marks):
            self.written.append("</li><li>")
        for mark in marks[same:]:
            self.written.append("<ol><li>" if mark == "#" else "<ul><li>")
        self.lists = marks
        self.written.append(_inline(text))

    def _end_lists(self, level: int = 0) -> None:
        for mark in reversed(self.lists[level:]):
            self.written.append("</li></ol>" if mark == "#" else "</li></ul>")
        self.lists = self.lists[:level]

    def _end_paragraph(self) -> None:
        if self.paragraph:
            self.written.append(f"<p>{_inline(chr(10).join(self.paragraph))}</p>")
            self.paragraph = []

    def _end_rows(self) -> None:
        if self.rows:
            self.written.append(f"<table>{''.join(self.rows)}</table>")
            self.rows = []

    def _close(self) -> None:
        self._end_paragraph()
        self._end_lists()
        self._end_rows()


def _row(line: str) -> str:
    bars = [bar for bar in _BAR.finditer(line) if bar[1]]
    cells = []
    for bar, following in zip(bars, [*bars[1:], None], strict=True):
        text = line[bar.end() : following.start() if following else None].strip()
        if text or following:
            tag = "th" if bar[1] == "||" else "td"
            cells.append(f"<{tag}>{_inline(text)}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"


def _inline(text: str) -> str:
    """The HTML of a text within one block."""
    return "".join(_Marked(text).written)


class _Marked:
    """Writes the HTML of a text within a block. ``open`` are the places of marks that may begin something: they stay
    characters until another one ends it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.written: list[str] = []
        self.open: dict[str, int] = {}
        place = 0
        for token in _TOKEN.finditer(text):
            self.written.append(escape(text[place : token.start()]))
            place = token.end()
            self.written.append(self._of(token))
        self.written.append(escape(text[place:]))

    def _of(self, token: re.Match[str]) -> str:
        match token.lastgroup:
            case "code":
                return f"<code>{escape(token['code'])}</code>"
            case "link":
                return _link(token["link"])
            case "picture":
                return _picture(token["picture"])
            case "address":
                return _anchor(token[0], escape(token[0]))
            case "end":
                self.open.clear()
                return "<br>"
            case "escaped":
                return escape(token["escaped"])
            case "icon":
                return _ICONS[token["icon"]]
            case "forced":
                return self._mark(token["forced"], begins=True, ends=True)
            case "mark":
                start, end = token.span()
                before, after = self.text[max(0, start - 1) : start], self.text[end : end + 1]
                begins = not before.isalnum() and bool(after.strip())
                ends = bool(before.strip()) and not token[0].endswith(before) and not after.isalnum()
                return self._mark(token[0], begins=begins, ends=ends)
            case _:
                return ""

    def _mark(self, mark: str, *, begins: bool, ends: bool) -> str:
        if ends and mark in self.open:
            place = self.open.pop(mark)
            # Marks that were not ended within it are characters.
            self.open = {other: at for other, at in self.open.items() if at < place}
            self.written[place] = f"<{_TAGS[mark]}>"
            return f"</{_TAGS[mark]}>"
        if begins:
            self.open[mark] = len(self.written)
        return mark


def _anchor(address: str, label: str) -> str:
    return f'<a href="{escape(address)}">{label}</a>'


def _link(inside: str) -> str:
    """``[text|address]``, ``[address]``, ``[~user]``, ``[^file]``, ``[#heading]``; else only text in brackets."""
    if inside.startswith("~"):
        return escape("@user" if inside.startswith("~accountid:") else f"@{inside[1:]}")
    if inside.startswith(("^", "#")):
        return escape(inside[1:])
    label, *rest = inside.split("|")
    address = rest[0].strip() if rest else label.strip()
    if address.lower().startswith(_WEB) and not any(char.isspace() for char in address):
        return _anchor(address, escape(address) if label.strip() == address else _inline(label))
    return _inline(label) if rest else f"[{_inline(inside)}]"


def _picture(inside: str) -> str:
    """The text alternative of a picture, else its file's name; no picture where there is no file."""
    file, _, options = inside.partition("|")
    if "." not in file:
        return escape(f"!{inside}!")
    alt = _ALT.search(options)
    return escape(alt[1] if alt else file.rsplit("/", 1)[-1])
