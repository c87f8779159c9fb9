"""Parses a pasted list into tasks; also moves an item within an order."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from poker_app.rules import Refused
from poker_app.rules.pasted_table import rows_of
from poker_app.rules.printable import is_blank, one_line, without_hidden

MAX_TASKS = 200
# With lines that are no tasks, such as rules of dashes.
MAX_LINES = 5 * MAX_TASKS
MAX_TITLE = 200
MAX_DESCRIPTION = 10_000
# Of one line: where a spreadsheet has its key and its title.
MAX_CELLS = 100
MAX_KEY = 40
MAX_URL = 2000


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task as pasted; all but ``title`` may be empty."""

    title: str
    key: str = ""
    url: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Pasted:
    """The tasks of a pasted list, and ``left_out``: a sentence for each thing that was not taken as it stood."""

    tasks: list[TaskLine]
    left_out: list[str]


def tasks_in(text: str) -> Pasted:
    """The tasks of a pasted list, one a line; blank lines and rules of dashes are passed over.

    Understands bullets, numbering and checkboxes, Markdown links, a tracker's key or address in the line,
    ``key<TAB>title``, and tables and CSV with a line of column names. Of a list that is too long the first 200 tasks
    are taken; a title that is too long is cut after a word, a key or address that is too long is left out.

    Raises:
        Refused: invalid, where there is no task in the list.
    """
    rows = rows_of(text)
    read = _tasks_of_lines(text) if rows is None else _tasks_of_rows(rows)
    tasks: list[TaskLine] = []
    left_out: list[str] = []
    for place, (number, task) in enumerate(read):
        if len(tasks) == MAX_TASKS or place == MAX_LINES:
            left_out.append(f"The list was too long: nothing was taken from line {number} on.")
            break
        if task is None:
            continue
        task, problems = _within_limits(task)
        tasks.append(task)
        left_out += [f"Line {number}: {problem}." for problem in problems]
    if not tasks:
        raise Refused("invalid", "There is no task in this list. Write one a line.")
    return Pasted(tasks, left_out)


def _tasks_of_lines(text: str) -> Iterator[tuple[int, TaskLine | None]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, _task(line)


def _tasks_of_rows(rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[tuple[int, TaskLine | None]]:
    for number, row in rows:
        title, key, url = (one_line(row.get(field, "")) for field in ("title", "key", "url"))
        url = url if _host(url) and url.lower().startswith(("https://", "http://")) else ""
        title = title or key or url
        description = without_hidden(row["description"], keep="\t\n")
        yield number, TaskLine(title, key, url, description) if title else None


def _within_limits(task: TaskLine) -> tuple[TaskLine, list[str]]:
    """The task with what fits of it, and what does not."""
    problems = []
    if (length := len(task.title)) > MAX_TITLE:
        cut = task.title[: MAX_TITLE - 1]
        # After a word, where one ends near the limit.
        cut = cut[: cut.rfind(" ", MAX_TITLE // 2)] if " " in cut[MAX_TITLE // 2 :] else cut
        whole = f"{task.title}\n\n{task.description}".strip()
        task = replace(task, title=cut.rstrip() + "…", description=whole)
        problems.append(
            f"a title has at most {MAX_TITLE} characters, and this one {length}: the whole is in the description"
        )
    for field, what, limit in (("key", "key", MAX_KEY), ("url", "link", MAX_URL)):
        if (length := len(getattr(task, field))) > limit:
            task = replace(task, **{field: ""})
            problems.append(f"a {what} has at most {limit} characters, and this one {length}: it was left out")
    if (length := len(task.description)) > MAX_DESCRIPTION:
        task = replace(task, description=task.description[: MAX_DESCRIPTION - 1] + "…")
        problems.append(f"a description has at most {MAX_DESCRIPTION} characters, and this one {length}: it was cut")
    return task, problems


MAX_SAID = 3


def said_of(left_out: Sequence[str]) -> str:
    """Returns what was left out of a pasted list, in a few sentences; empty where it was nothing."""
    more = len(left_out) - MAX_SAID
    return " ".join([*left_out[:MAX_SAID], *([f"{more} more like that."] if more > 0 else [])])


def moved(order: Sequence[str], item: str, to: int) -> list[str]:
    """The order with one item at index ``to``, or at the nearest end. Raises ValueError for an item not in it."""
    rest = list(order)
    rest.remove(item)
    rest.insert(max(0, to), item)
    return rest


_PREFIX = re.compile(r"^(?:[-*+•‣◦–—]\s+|[0-9]{1,3}[.)](?:\s+|$)|\[[ xX✓]?\](?!\()\s*|#{1,6}\s+)*")
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\((?=https?://)", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_EMPTY_BRACKETS = re.compile(r"\((?:see)?\s*\)|\[\s*\]|<\s*>", re.IGNORECASE)
_RULE = re.compile(r"[-*_=~\s|:]*")

# Names of standards look like a tracker's keys: "UTF-8 in file names" has none.
_KEY = r"(?!(?:AES|COVID|GPT|ISO|MD|RFC|RSA|SHA|UTF)-)[A-Z][A-Z0-9_]{0,19}-[0-9]{1,9}|#[0-9]{1,9}"
_WHOLE_KEY = re.compile(rf"[\[(]?({_KEY})[\])]?:?")
_LEADING_KEY = re.compile(rf"[\[(]?({_KEY})[\])]?(?=[\s:|]|[-–—]\s|$)")
_TRAILING_KEY = re.compile(rf"(?<=\s)(?:\[({_KEY})\]|\(({_KEY})\)|(#[0-9]{{1,9}}))$")
_SEPARATORS = {"-", "–", "—", "->", "→", ":", "|", "·", ".", ",", ";"}


def _task(line: str) -> TaskLine | None:
    text = without_hidden(line, keep="\t").strip()
    if _RULE.fullmatch(text) or is_blank(text):
        return None
    text, url = _without_url(_LINK.sub(r"\1 (", _PREFIX.sub("", text, count=1)))
    key, title, others = _key_and_title(text)
    key_there, slug = _named_by(url)
    key = key or key_there
    title = title or slug or key or _last_word(url)
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
            key = next(filter(None, place.groups()))
            return key, _tidied(f"{title[: place.start()]} {title[place.end() :]}")
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


_ADDRESSES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"/browse/(?P<key>[A-Z][A-Z0-9_]{0,19}-[0-9]{1,9})(?:[/?]|$)",
        r"[?&]selectedIssue=(?P<key>[A-Z][A-Z0-9_]{0,19}-[0-9]{1,9})(?:&|$)",
        r"^linear\.app/[^/]+/issue/(?P<key>[A-Z][A-Z0-9_]{0,19}-[0-9]{1,9})(?:/(?P<slug>[^/?]+))?",
        r"^[^/]+/[^/]+/[^?]+/(?:issues|pull|merge_requests|work_items)/(?P<number>[0-9]{1,9})(?:[-/?]|$)",
    )
)


def _named_by(url: str) -> tuple[str, str]:
    """The key and the slug, as a title, that a tracker's address carries; both may be empty."""
    parts = urlsplit(url)
    address = f"{parts.hostname}{parts.path}?{parts.query}"
    for pattern in _ADDRESSES:
        if found := pattern.search(address):
            names = found.groupdict()
            key = names["key"].upper() if names.get("key") else f"#{names['number']}"
            return key, _words(names.get("slug") or "")
    return "", ""


def _last_word(url: str) -> str:
    return _words(urlsplit(url).path.rstrip("/").rpartition("/")[2]) or _host(url)


def _words(slug: str) -> str:
    """A slug as a title: "retry-failed-payments" reads "Retry failed payments"."""
    words = _tidied(without_hidden(re.sub(r"[-_+\s]+", " ", unquote(slug))))
    return (words[:1].upper() + words[1:])[:MAX_TITLE]
