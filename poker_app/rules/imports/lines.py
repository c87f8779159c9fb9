"""Parses one line of a list into a task: bullets, numbering and checkboxes, a tracker's key, and a link."""

import re
from urllib.parse import unquote, urlsplit

from poker_app.rules.backlog import MAX_TITLE, MAX_URL, TaskLine
from poker_app.rules.printable import is_blank, without_hidden

# Of one line: where a spreadsheet has its key and its title.
MAX_CELLS = 100

# Signs that begin no title stand without a space, too.
_PREFIX = re.compile(
    r"^(?:[-*+–—→✓✔]\s+|[•‣◦⁃●○▪▫■□◆▶►▸☐☑☒]\s*|[0-9]{1,3}[.)](?:\s+|$)|[a-z]\)\s+"
    r"|\((?:[0-9]{1,3}|[a-z])\)\s+|\[[ xX✓]?\](?!\()\s*|#{1,6}\s+)*"
)
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\((?=https?://)", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_EMPTY_BRACKETS = re.compile(r"\((?:see)?\s*\)|\[\s*\]|<\s*>", re.IGNORECASE)
_RULE = re.compile(r"[-*_=~\s|:]*")

# Names of standards look like a tracker's keys: "UTF-8 in file names" has none.
_STANDARDS = (
    "AES|CO|COVID|CVE|DIN|EN|ES|FIPS|GPT|HTTP|IEC|IEEE|IPV|ISO|MD|MP|NIST|OAUTH|PCI|PKCS|PSD|RFC|RSA|SHA|SOC|TLS|USB"
    "|UTF|WCAG|WPA"
)
_KEY = rf"(?!(?:{_STANDARDS})-)[A-Z][A-Z0-9_]{{0,19}}-[0-9]{{1,9}}|#[0-9]{{1,9}}"
_WHOLE_KEY = re.compile(rf"[\[(]?({_KEY})[\])]?:?")
_EMOJI = "[\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]"
_LEADING_KEY = re.compile(rf"(?:{_EMOJI}{{1,12}}\s*)?(?P<whole>[\[(]?({_KEY})[\])]?)(?=[\s:|]|[-–—]\s|$)")
_TRAILING_KEY = re.compile(rf"(?<=\s)(?P<whole>\[({_KEY})\]|\(({_KEY})\)|(#[0-9]{{1,9}}))$")
_SEPARATORS = {"-", "–", "—", "->", "→", ":", "|", "·", ".", ",", ";"}


def is_rule(line: str) -> bool:
    """Whether a line has nothing to read: it is empty, or a rule of dashes."""
    text = without_hidden(line, keep="\t").strip()
    return bool(_RULE.fullmatch(text)) or is_blank(text)


def whole_key(text: str) -> str:
    """The key of a tracker that a text is, without brackets; "" for any other text."""
    found = _WHOLE_KEY.fullmatch(text[: MAX_TITLE + 1])
    return found[1] if found else ""


def task_of_line(line: str) -> TaskLine | None:
    """The task of one line; None where nothing is left of it without what only decorates it."""
    if is_rule(line):
        return None
    text = _PREFIX.sub("", without_hidden(line, keep="\t").strip(), count=1)
    text, url = _without_url(_LINK.sub(r"\1 (", text))
    key, title, others = _key_and_title(text)
    key_there, name = named_by(url)
    key = key or key_there
    title = title or name or key or _last_word(url)
    return TaskLine(title, key, url, "\n\n".join(others)) if title else None


def _without_url(text: str) -> tuple[str, str]:
    """The text around the first usable address, and that address."""
    for found in _URL.finditer(text):
        url = _balanced(found[0]).rstrip(".,;:!?'*|]}")
        if _host(url):
            around = f"{text[: found.start()]} {text[found.start() + len(url) :]}"
            return _EMPTY_BRACKETS.sub(" ", around), url
    return text, ""


def _balanced(url: str) -> str:
    """The address up to the bracket that closes the one around it."""
    depth = 0
    for index, char in enumerate(url):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return url[:index]
    return url


def is_link(text: str) -> bool:
    """Whether a text is an address that a task can have: http or https, with a host."""
    return text.lower().startswith(("https://", "http://")) and " " not in text and bool(_host(text))


def _host(url: str) -> str:
    try:
        return urlsplit(url[:MAX_URL]).hostname or ""
    except ValueError:  # such as an unclosed IPv6 address
        return ""


def _key_and_title(text: str) -> tuple[str, str, list[str]]:
    """The key, the title, and the other cells of a spreadsheet's line."""
    cells = [cell for cell in map(_tidied, text.split("\t", MAX_CELLS)[:MAX_CELLS]) if cell]
    if len(cells) > 1:
        return _from_cells(cells)
    return *_from_text("".join(cells)), []


def _from_text(title: str) -> tuple[str, str]:
    for place in (_LEADING_KEY.match(title), _TRAILING_KEY.search(title)):
        if place:
            key = next(filter(None, place.groups()[1:]))
            return key, _tidied(f"{title[: place.start('whole')]} {title[place.end('whole') :]}")
    return "", title


def _from_cells(cells: list[str]) -> tuple[str, str, list[str]]:
    """Columns of a spreadsheet: the key, and of the other cells the first of several words, else the first. A first
    cell of one word is a key of its own kind."""
    for index, cell in enumerate(cells):
        if key := _WHOLE_KEY.fullmatch(cell):
            others = cells[:index] + cells[index + 1 :]
            title = next((other for other in others if " " in other), others[0])
            others.remove(title)
            return key[1], title, others
    if " " not in cells[0]:
        return cells[0], cells[1], cells[2:]
    return *_from_text(cells[0]), cells[1:]


def _tidied(text: str) -> str:
    """The text without separators at its ends, and with single spaces."""
    words = text.split()
    kept = [index for index, word in enumerate(words) if word not in _SEPARATORS]
    return " ".join(words[kept[0] : kept[-1] + 1] if kept else ()).strip(" :|")


_JIRA_KEY = "(?P<key>[A-Z][A-Z0-9_]{0,19}-[0-9]{1,9})"
_ADDRESSES = tuple(
    (re.compile(pattern, re.IGNORECASE), key, title)
    for pattern, key, title in (
        (rf"/browse/{_JIRA_KEY}(?:[/?]|$)", "{key}", ""),
        (rf"[?&]selectedIssue={_JIRA_KEY}(?:&|$)", "{key}", ""),
        (rf"^linear\.app/[^/]+/issue/{_JIRA_KEY}(?:/(?P<slug>[^/?]+))?", "{key}", "{slug}"),
        # YouTrack
        (rf"^[^/]+(?:/youtrack)?/issue/{_JIRA_KEY}(?:/(?P<slug>[^/?]+))?(?:[/?]|$)", "{key}", "{slug}"),
        (r"^[^/]+/[^/]+/[^?]+/(?:issues|pull|merge_requests|work_items)/(?P<key>[0-9]{1,9})(?:[-/?]|$)", "#{key}", ""),
        (
            r"^(?:dev\.azure\.com|[^/]+\.visualstudio\.com)/[^?]+/_workitems/edit/(?P<key>[0-9]{1,9})(?:[/?]|$)",
            "#{key}",
            "",
        ),
        (r"^(?:dev\.azure\.com|[^/]+\.visualstudio\.com)/.*[?&]workitem=(?P<key>[0-9]{1,9})(?:&|$)", "#{key}", ""),
        (r"^app\.clickup\.com/t/(?:[0-9]{1,20}/)?(?P<key>[A-Z0-9_-]{3,40})(?:[/?]|$)", "{key}", ""),
        (r"^app\.asana\.com/0/[0-9]{1,20}/(?P<key>[0-9]{4,20})(?:[/?]|$)", "", "Asana task {key}"),
        (r"^app\.asana\.com/1/[^?]*/task/(?P<key>[0-9]{4,20})(?:[/?]|$)", "", "Asana task {key}"),
        (r"^trello\.com/c/[A-Z0-9]{1,24}/(?P<key>[0-9]{1,9})-(?P<slug>[^/?]+)", "#{key}", "{slug}"),
        (r"^trello\.com/c/(?P<key>[A-Z0-9]{1,24})(?:[/?]|$)", "", "Trello card {key}"),
        (
            r"^app\.shortcut\.com/[^/]+/story/(?P<key>[0-9]{1,9})(?:/(?P<slug>[^/?]+))?",
            "sc-{key}",
            "{slug}",
        ),
        (
            r"^(?:www\.)?notion\.(?:so|com)/(?:[^/?]+/)?(?P<slug>[^/?]+)-(?P<key>[0-9a-f]{32})(?:\?|$)",
            "",
            "{slug}",
        ),
        (
            r"^(?:www\.)?notion\.(?:so|com)/(?:[^/?]+/)?(?P<key>[0-9a-f]{8})[0-9a-f]{24}(?:\?|$)",
            "",
            "Notion page {key}",
        ),
    )
)
"""Addresses of tasks, each with the key and the title that it carries."""


def named_by(url: str) -> tuple[str, str]:
    """The key and the title that a tracker's address carries; both may be empty."""
    parts = urlsplit(url[:MAX_URL])
    address = f"{parts.hostname}{parts.path}?{parts.query}"
    for pattern, key, title in _ADDRESSES:
        if found := pattern.search(address):
            names = {name: text or "" for name, text in found.groupdict().items()}
            if "-" in names["key"]:
                names["key"] = names["key"].upper()
            slug = _words(names.get("slug", ""))
            return key.format(key=names["key"]), title.format(slug=slug, key=names["key"])
    return "", ""


def _last_word(url: str) -> str:
    return _words(urlsplit(url).path.rstrip("/").rpartition("/")[2]) or _host(url)


def _words(slug: str) -> str:
    """A slug as a title: "retry-failed-payments" reads "Retry failed payments"."""
    words = _tidied(without_hidden(re.sub(r"[-_+\s]+", " ", unquote(slug))))
    return (words[:1].upper() + words[1:])[:MAX_TITLE]
