"""Renders a letter's templates into a message with a text and an HTML part."""

from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from poker_app.rules.printable import unlinked
from poker_app.settings import ROOT

# Values that people chose, and that a stranger reads in a letter from us.
NAMES = ("account", "asker", "name", "who")
MAX_NAME, MAX_SUBJECT = 60, 150

_templates = Environment(
    loader=FileSystemLoader(ROOT / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_path_for: Callable[..., str]


def configure(path_for: Callable[..., str]) -> None:
    """Stores the function that builds the path of a page from its endpoint and values: the pages are above this
    package."""
    global _path_for
    _path_for = path_for


def write(letter: str, *, public_url: str, **about: object) -> EmailMessage:
    """Renders a message with a subject, a text and an HTML part, without sender and recipient. NAMES are shortened, and
    links in them disabled."""
    site = public_url.rstrip("/")

    def link(endpoint: str, **values: str) -> str:
        return site + _path_for(endpoint, **values)

    names = {name: unlinked(str(about[name]), MAX_NAME) for name in NAMES if name in about}
    values = {"site": site, "link": link, **about, **names}
    subject, _, text = _templates.get_template(f"emails/{letter}.txt").render(values).partition("\n")
    message = EmailMessage(policy=SMTP)
    # A name in a subject must not start another header.
    message["Subject"] = " ".join(subject.split())[:MAX_SUBJECT]
    message["Date"], message["Message-ID"] = formatdate(usegmt=True), make_msgid(domain="faceup.invalid")
    message.set_content(text.strip() + "\n")
    message.add_alternative(_templates.get_template(f"emails/{letter}.html").render(values), subtype="html")
    return message
