"""What people send is read in linear time, or bounded before: 60 kB of the worst input take each pattern and parser of
the product less than 50 ms of processor.

The patterns are found in the source. One that is new needs a row here: the function by which people's text comes to it.
"""

import ast
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask, request
from flask import session as cookie
from werkzeug.exceptions import HTTPException

from poker_app import imports, markup
from poker_app.accounts import tracker_connections, users, webhook_addresses
from poker_app.accounts.providers import failures, openid
from poker_app.accounts.signin import clerk_webhooks, device_cookies, password_hashing, two_factor
from poker_app.accounts.team import invitations
from poker_app.api import paging
from poker_app.billing.engines import fake, stripe_engine
from poker_app.edge.limits import EdgeLimits
from poker_app.errors import Refusal
from poker_app.imports import long_texts
from poker_app.poker import names
from poker_app.poker.reports import exports
from poker_app.poker.reports.report_file import read_report
from poker_app.poker.round import task_editing
from poker_app.poker.session import lifecycle
from poker_app.provider_settings import _NAME, _TENANT
from poker_app.realtime.engines import client
from poker_app.realtime.engines.embedded import api, http, listener, protocol
from poker_app.realtime.engines.endpoints import Credentials
from poker_app.realtime.engines.fanout import proxy
from poker_app.rules import (
    Refused,
    backlog,
    browser_names,
    chat_messages,
    deck,
    email_domains,
    links,
    networks,
    passwords,
    printable,
    spreadsheet,
    trackers,
    trackers_csv,
)
from poker_app.rules.imports import column_names, understood
from poker_app.rules.imports.columns import Column
from poker_app.rules.imports.pasted import tasks_in
from poker_app.rules.trackers import Search
from poker_app.settings import FRAME_ANCESTOR, Settings
from poker_app.trackers import client as tracker_client
from poker_app.trackers.engines import github, gitlab, jira_markup, jql
from poker_app.trackers.engines.jira_cloud import JiraCloud
from poker_app.trackers.failures import TrackerFailure
from poker_app.web.home import embedding
from poker_app.web.http import guards, guest_cookie, host_check, markdown
from tests.house.sources import PACKAGE, SCRIPTS, named, parsed
from tests.rules import test_imported_files as files

BYTES, SECONDS = 60_000, 0.05
STEPS = 17  # as many times 3 ms, which it takes to go through 60,000 characters one by one, are ``SECONDS``
TRIES = 8  # of which the quickest counts: neighbours on the machine slow the others down

# Runs of whatever a pattern might begin with, stop at or go back over.
UNITS = (
    *("a", "A", "1", " ", "\t", "\n", ",", ";", ".", "-", "_", "@", "<", "(", "[", "{", "`", "|", "\\", '"', "%"),
    *("a ", "a\n", "a,", "- ", "-\n", "→ ", "1. ", "# ", "[ ] ", "A-1 ", "A1_", "0.1,", "1/", "0", "½", "19", "%41"),
    *("<a", "<a>,", "a <a@x.example>, ", "a@x.example ", "a@a.", "=?", "[a](http://", "http://", "http://( ", "://["),
    *("/browse/A", "linear.app/", "www.", "abcabd", "a.b.c~", "a=1&", "a=1; ", "t=1,v1=a,", '{"a":', "[[", '"\\ud800'),
    *(
        "\u0301",
        "\u0315\u0300",
        "e\u0301\u0323",
        "\u200d",
        "\u200b",
        "\u1100",
        "\ufdfa",
        "\u0130",
        "😀",
        "\ufeff\u2060",
    ),
)
TAILS = ("", "\0!")


@dataclass(frozen=True)
class Row:
    """How text gets to the patterns and parsers of ``sites``. ``longest``: characters, where it is bounded before."""

    read: Callable[[str], object]
    sites: tuple[str, ...] = ()
    longest: int = BYTES
    begins: str = ""
    also: tuple[str, ...] = field(default=())


def matching(pattern: Any) -> Callable[[str], object]:
    return lambda text: pattern.fullmatch(text)


def sent(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


class Deaf:
    """A hub, and a connection to it, that say nothing further."""

    limits = protocol.Limits()
    channels: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


MAX_NAMED = 2_000  # five times as many columns as a table has


def of_columns(names: list[str]) -> object:
    """The task of a row with a title, and a cell in each of these columns."""
    columns = [Column("", column_names.TITLE), *(Column(name, column_names.OTHER) for name in names)]
    return understood.task_of(columns, understood.Row(1, ("a",) * len(columns)))


LONG = (Column("Work Item Type", column_names.DESCRIPTION),)
OWN = Credentials(app_id="1", key="a", secret="b")
HUB: Any = Deaf()
PAYMENTS: Any = SimpleNamespace(
    settings=SimpleNamespace(stripe_webhook_secret="whsec_a", stripe_webhook_secret_old=""),
    _check=lambda *_: None,
)

REPORT = (
    '{"format": 1, "session": {"name": "a", "deck": {"name": "own", "cards": []}, "facilitators": [], "ended_by": null,'
    '"started_at": "2026-11-23T10:00:00Z", "ended_at": "2026-11-23T10:00:00Z", "members": [%s]}, "tasks": [{"rounds":'
    '[{"votes": [%s]}]}]}'
)
ROWS = {
    "addresses invited": Row(
        invitations._clean,
        ("rules/email_list.py:_BETWEEN", "rules/email_list.py:_NAMED"),
        also=("a" * invitations.MAX_TYPED, "<" * invitations.MAX_TYPED, "a <a" * (invitations.MAX_TYPED // 4)),
    ),
    "one address": Row(users.clean_email, ("accounts/users.py:_ADDRESS",), also=("a@" + "a." * 126, "a" * 254)),
    "a backlog": Row(
        tasks_in,
        (
            *(f"rules/imports/lines.py:{name}" for name in ("_PREFIX", "_LINK", "_URL", "_EMPTY_BRACKETS", "_RULE")),
            *(f"rules/imports/lines.py:{name}" for name in ("_WHOLE_KEY", "_LEADING_KEY", "_TRAILING_KEY")),
            *(f"rules/imports/lines.py:{name}" for name in ("_ADDRESSES", "_host", "named_by", "_last_word", "_words")),
            *(f"rules/imports/cells.py:{name}" for name in ("_rows", "_json")),
            *(f"rules/imports/columns.py:{name}" for name in ("_LEVEL", "_NUMBER", "_DATE")),
            *("rules/imports/column_names.py:plain", "rules/imports/page_copies.py:_POINTS"),
        ),
        also=(
            *("http://a/" + "-" * BYTES, "https://linear.app/a/issue/A-1/" + "%20-" * 15_000, "a\t" * 30_000),
            *(
                "[" * BYTES + "]",
                '{"tasks":' * 6_000 + "}",
                "[{}," * 15_000 + "{}]",
                "A-1\na\n" * 10_000,
                "Open\n" * 12_000,
            ),
            *("☐" * BYTES, "🐛" * 15_000, "a\n|-|\n" + "|\n" * 29_000, "a\n|-|\n" + "\\|" * 29_000),
        ),
    ),
    "a backlog as a table": Row(
        tasks_in,
        begins="Title,Key\n",
        also=(
            *(f"Title{',' * BYTES}", 'Title,Key\n"' + '""' * 30_000, "Title,Key\n" + '"\n' * 30_000),
            *("Title\tKey\n" + "a\tA-1\n" * 9_000, "Title;Key\n" + ",;" * 29_000, "a\tA-1\n" * 10_000),
        ),
    ),
    "columns of their own kind": Row(
        lambda text: of_columns(text.split(",")[:MAX_NAMED]),
        also=(",".join(f"x{place}" for place in range(MAX_NAMED)),),
    ),
    "a backlog in a file": Row(
        lambda text: imports.understood_file(sent(text)),
        also=("<a>" * 20_000, "<!--" * 15_000, "\0" * BYTES, "ä\xff" * 20_000),
    ),
    "a description in HTML": Row(
        markup.from_html,
        tuple(f"markup/html_markup.py:{name}" for name in ("_TAG", "_HREF", "_ALT", "_LANGUAGE")),
        also=(
            *('<a href="' * 6_000, "<a href=" + "'http://" * 7_000 + ">", "<!--" * 15_000, "<a " * 20_000),
            *("<tr><td colspan=1000>" * 3_000, "<ul><li>" * 7_500, "<code><pre>" * 5_000, '<img alt="' * 6_000 + ">"),
        ),
    ),
    "a description of Jira": Row(
        markup.from_jira_wiki,
        tuple(
            f"markup/jira_wiki.py:{name}"
            for name in (*("_MACRO", "_HEADING", "_ITEM", "_RULE", "_TITLE", "_LANGUAGE", "_BAR", "_TOKEN", "_ALT"),)
        ),
        also=tuple(
            (unit * BYTES)[:BYTES]
            for unit in (
                *("{code}", "{quote}", "{panel}{note}", "{{", "{*}", "*a ", "-a ", "_a", "~", "*_-a", "||a", "|!a|b"),
                *("** a\n", "************ a\n# a\n", "[a|", "[a|b", "h1. a\n", "!a", "{color:red}", "(/)"),
            )
        ),
    ),
    "a document of Jira": Row(
        lambda text: markup.from_adf({"type": "doc", "content": [{"type": "text", "text": text}]}),
    ),
    "a cell of a backlog": Row(
        lambda text: long_texts.in_markdown(understood.Understood(LONG, (understood.Row(1, (text,)),))),
        tuple(f"imports/long_texts.py:{name}" for name in ("_IS_HTML", "_HAS_HTML", "_document")),
        also=("<p " * 20_000, "<p>" + "<b a" * 15_000 + ">", '{"doc":' * 8_000 + "}"),
    ),
    "an own deck": Row(
        deck.own_cards,
        tuple(f"rules/deck.py:{name}" for name in ("_SEPARATORS", "_SPACES", "_DIGITS", "_SINGLE_COMMA", "own_cards")),
        also=tuple(
            (unit * deck.MAX_TEXT)[: deck.MAX_TEXT]
            for unit in (" ", "a ", "1,", "1,1 ", "1,1;", "٣", "٣x", "\u0315\u0300", "a" + " " * 99)
        ),
    ),
    "one card": Row(
        deck.figure,
        ("rules/deck.py:_DECIMAL", "rules/deck.py:_RATIO", "rules/deck.py:_PARTS", "rules/deck.py:_MIXED"),
        longest=deck.MAX_TEXT,
    ),
    "a new password": Row(
        lambda text: passwords.whats_wrong(text, ["Ada Byron", "ada@example.com"]),
        ("rules/passwords.py:_YEAR", "rules/passwords.py:_weigh"),
        also=tuple((unit * passwords.LONGEST)[: passwords.LONGEST - 1] + "x" for unit in UNITS),
    ),
    "name and address beside a new password": Row(
        lambda text: passwords.whats_wrong("vier kleine Igel", [text]),
        ("rules/passwords.py:_words",),
        longest=254,
    ),
    "a password": Row(
        lambda text: password_hashing._composed(text),
        ("accounts/signin/password_hashing.py:_composed",),
        longest=password_hashing.MAX_TYPED,
    ),
    "a code of the second factor": Row(two_factor._typed),
    "a join code": Row(links.plain_code, ("rules/links.py:plain_code",), also=("\ufdfa" * BYTES,)),
    "a link in the field for codes": Row(
        links.path_in, ("rules/links.py:path_in",), also=("/sessions/" + "." * BYTES, "\u0315\u0300" * 30_000)
    ),
    "an address that is asked for": Row(links.tidied, begins="/sessions/"),
    "a member's name": Row(
        lambda text: names.initials(names.clean_name(text)),
        ("rules/printable.py:one_line", "rules/printable.py:_CLUSTER"),
        also=tuple((unit * 1_000)[:1_000] for unit in ("\u0315\u0300", "\u200d", "🇩", "e\u0301")),
    ),
    "what a name looks like": Row(
        printable.likeness,
        ("rules/printable.py:likeness",),
        also=tuple((unit * 1_000)[:1_000] for unit in ("\u0315\u0300", "\ufdfa")),
    ),
    "an initial": Row(printable.first_letter, also=("🇩\u200d" * 20_000,)),
    "a user's name": Row(users.user_name),
    "a session's name": Row(lifecycle.session_name),
    "a task's description": Row(
        lambda text: task_editing.checked({"title": "a", "key": "", "url": "", "description": text})
    ),
    "a description drawn": Row(
        # Without the cache that keeps what was drawn.
        getattr(markdown.render, "__wrapped__", markdown.render),
        longest=backlog.MAX_DESCRIPTION,
    ),
    "a name in a letter": Row(
        lambda text: printable.unlinked(text, 120), ("rules/printable.py:_SCHEME", "rules/printable.py:_DOT")
    ),
    "the address of a tracker": Row(
        lambda text: tracker_client.checked_base(f"https://{text}", inside=False),
        ("trackers/client.py:checked_base",),
        longest=tracker_connections.MAX_CREDENTIAL,
    ),
    "the address of a webhook": Row(
        lambda text: webhook_addresses.checked_address(f"https://{text}", inside=False),
        ("accounts/webhook_addresses.py:checked_address",),
        longest=2_000,
    ),
    "an address to embed": Row(
        lambda text: urlsplit(f"https://{text}"), ("web/home/embedding.py:_link",), longest=embedding.MAX_ADDRESS
    ),
    "a slash command": Row(
        lambda text: parse_qsl(text, max_num_fields=len(text)), ("web/account/slack.py:receive",), longest=16 * 1024
    ),
    "a session's name in a chat": Row(
        lambda text: chat_messages.discord(chat_messages.Message("", text)),
        ("rules/chat_messages.py:_MARKDOWN", "rules/chat_messages.py:_markdown"),
    ),
    "an issue of GitHub's": Row(matching(github._ID), ("trackers/engines/github.py:_ID",)),
    "an issue of GitLab's": Row(matching(gitlab._ID), ("trackers/engines/gitlab.py:_ID",)),
    "a project of GitHub's": Row(matching(github._PROJECT), ("trackers/engines/github.py:_PROJECT",)),
    "a page of GitHub's": Row(
        github._page,
        ("trackers/engines/github.py:_page",),
        longest=2_000,
    ),
    "the page after a page of GitHub's": Row(
        lambda text: github._next({"link": text}),
        ("trackers/engines/github.py:_next", "trackers/engines/github.py:_NEXT"),
    ),
    "words and queries for Jira": Row(
        lambda text: [jql.terms(text), jql.key_in(text, "https://a.example"), jql.query_of(Search(query=text), [])],
        tuple(f"trackers/engines/jql.py:{name}" for name in ("_RESERVED", "_KEY", "_ORDER")),
        longest=1_000,
        also=("order " * 160, '"\\' * 330, "order by " * 110, "https://a.example/browse/A-" * 37),
    ),
    "a comment for Jira": Row(
        jira_markup.to_wiki,
        ("trackers/engines/jira_markup.py:_SPECIAL",),
        longest=600,
    ),
    "the address of a Jira": Row(
        lambda text: JiraCloud.of({"address": f"https://{text}", "email": "a", "token": "b"}, inside=False),
        ("trackers/engines/jira_cloud.py:JiraCloud",),
        longest=tracker_connections.MAX_CREDENTIAL,
    ),
    "labels of a task": Row(backlog.labels_in, ("rules/backlog.py:_BETWEEN",)),
    "labels of estimates": Row(
        lambda text: [trackers.label_prefixes([text[:255], text]), trackers.names_an_estimate(text)],
        ("rules/trackers.py:_ESTIMATES",),
    ),
    "a host's name": Row(
        lambda text: host_check._is_address(host_check.name_in(text)),
        ("web/http/host_check.py:name_in", "web/http/host_check.py:_is_address"),
        also=tuple((unit * host_check.MAX_HOST)[: host_check.MAX_HOST] for unit in UNITS),
    ),
    "a host with an underscore": Row(
        matching(host_check._WITH_UNDERSCORE), ("web/http/host_check.py:_WITH_UNDERSCORE",)
    ),
    "a browser's name": Row(browser_names.name),
    "a domain": Row(lambda text: email_domains.is_public(email_domains.domain_of(text))),
    "an IP address": Row(networks.networks_of, ("rules/networks.py:networks_of",)),
    "the file of a report": Row(exports.file_name, ("poker/reports/exports.py:file_name",)),
    "a report in Markdown": Row(exports._plain, ("poker/reports/exports.py:_ADDRESS_STARTS",)),
    "the JSON of a report": Row(
        lambda text: read_report(sent(text)),
        also=(*(REPORT % ("{}," * 20_000 + "{}", members) for members in ("", "{}," * 20_000 + "{}")), "[" * BYTES),
    ),
    "a link in a report": Row(exports._address),
    "a card in a report's CSV": Row(partial(exports._in_csv, "Estimate"), ("poker/reports/exports.py:_DECIMAL_CARD",)),
    "a cell that an import reads": Row(spreadsheet.unprotected),
    "the address of a task for a tracker": Row(trackers_csv.home_of),
    "a cell of a table": Row(
        lambda text: spreadsheet.as_csv(["a"], [[text]]),
        tuple(
            f"rules/spreadsheet.py:{name}"
            for name in ("_NEGATIVE_NUMBER", "_DELIMITERS", "_DECIMAL", "_READ_AS_SOMETHING_ELSE")
        ),
        longest=backlog.MAX_URL,
    ),
    "the cookie of a known browser": Row(lambda text: device_cookies.name_in(text, "a")),
    "what a socket says": Row(
        lambda text: listener.Listener(HUB, OWN, HUB).handle_message(text),
        ("realtime/engines/embedded/listener.py:Listener", "realtime/engines/embedded/listener.py:_object"),
        also=(
            "[" * BYTES,
            '{"a":' * 12_000,
            json.dumps({"event": "pusher:signin", "data": {"user_data": "[" * 50_000}}),
        ),
    ),
    "where a socket opens": Row(
        lambda text: (listener.refused(OWN, f"/app/{text}", ""), listener.refused(OWN, "/app/a", text)),
        ("realtime/engines/embedded/listener.py:_PATH", "realtime/engines/embedded/listener.py:refused"),
    ),
    "a channel": Row(protocol.is_channel, ("realtime/engines/embedded/protocol.py:_CHANNEL",)),
    "a socket's id": Row(protocol.is_socket_id, ("realtime/engines/embedded/protocol.py:_SOCKET_ID",)),
    "a request to the engine": Row(
        lambda text: http._parsed(sent(text)), ("realtime/engines/embedded/http.py:_parsed",), also=("[" * BYTES,)
    ),
    "the address of a request to the engine": Row(
        lambda text: http._checked(OWN, {"method": "GET", "path": "/apps/1/a", "query_string": sent(text)}, b""),
        ("realtime/engines/embedded/http.py:_checked",),
    ),
    "an event's data": Row(
        lambda text: client._ASTRAL.sub("", text), ("realtime/engines/client.py:_ASTRAL",), longest=client.LARGEST
    ),
    "what a GRIP proxy sends": Row(
        lambda text: proxy.Exchange(sent(text)),
        ("realtime/engines/fanout/proxy.py:Exchange",),
        also=("TEXT 0\r\n\r\n" * 6_000, "TEXT 1\r\na\r\n" * 5_000, "OPEN\r\n" * 10_000),
    ),
    "the signature of a GRIP proxy": Row(
        proxy.Proxy("http://localhost:1/?key=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").signed,
        ("realtime/engines/fanout/proxy.py:Proxy",),
        also=("a." * 30_000, "e30." + "a" * 50_000 + ".a"),
    ),
    "an event of Stripe": Row(
        lambda text: stripe_engine.StripeProvider.read(PAYMENTS, sent(text), "t=1"),
        ("billing/engines/stripe_engine/__init__.py:StripeProvider",),
        also=("[" * BYTES,),
    ),
    "the signature of Stripe": Row(
        lambda text: stripe_engine.StripeProvider._check(PAYMENTS, b"{}", text), begins=f"t={int(time.time())},"
    ),
    "names in an event of Stripe": Row(
        matching(stripe_engine._NAME), ("billing/engines/stripe_engine/__init__.py:_NAME",)
    ),
    "a cursor of the API": Row(paging._place, ("api/paging.py:_place",)),
    "a moment of the test checkout": Row(fake.moment, ("billing/engines/fake.py:moment",)),
    "a provider's error": Row(failures.named, ("accounts/providers/failures.py:_ERROR",)),
    "a provider's directory": Row(matching(openid._GUID), ("accounts/providers/openid.py:_GUID",)),
    "a provider's name": Row(matching(_NAME), ("provider_settings.py:_NAME",)),
    "a provider's tenant": Row(matching(_TENANT), ("provider_settings.py:_TENANT",)),
    "a public address": Row(
        lambda text: Settings(public_url=f"http://{text}", database_url="sqlite://"), ("settings.py:Settings",)
    ),
    "a site that shows a session in a frame": Row(
        matching(FRAME_ANCESTOR), ("settings.py:FRAME_ANCESTOR",), begins="https://*."
    ),
    "a socket's id in a header": Row(matching(guards._SOCKET), ("web/http/guards.py:_SOCKET",)),
    "a request's id": Row(matching(guards._REQUEST_ID), ("web/http/guards.py:_REQUEST_ID",)),
    "a browser's secret": Row(matching(guest_cookie._SECRET), ("web/http/guest_cookie.py:_SECRET",)),
}

# Text that no visitor writes: settings, the product's own files, and what services that the operator chose answer with,
# whose length is bounded where it is fetched.
NOT_FROM_VISITORS = {
    "api/operations.py:_PART",
    *("billing/catalogue.py:load", "realtime_settings.py:_check_grip", "provider_settings.py:ProviderSettings"),
    *(
        "realtime/engines/endpoints.py:connect_sources",
        "operations/doctor.py:_addresses",
        "operations/doctor.py:_static_files",
    ),
    "web/http/host_check.py:_names",
    *("realtime/engine_check.py:_listen", "realtime/engine_check.py:_next", "realtime/engine_check.py:_said"),
    *("accounts/providers/client.py:verified", "accounts/providers/openid.py:_endpoint"),
    *("files_settings.py:_BUCKET", "files_settings.py:_ENDPOINT"),
    # Its own text, decrypted.
    "encryption.py:Vault",
    "trackers/engines/github.py:_issue",
    *("files/engines/s3.py:Place", "files/engines/s3.py:S3", "files/engines/uploadthing.py:_json"),
}
# Asked below.
BY_THEMSELVES = {
    "accounts/signin/clerk_webhooks.py:_read",
    "accounts/providers/openid.py:check_sender",
    "web/http/assets.py:install",
}

PARSERS = {
    *("json.loads", "tomllib.loads", "urlsplit", "urlparse", "parse_qs", "parse_qsl", "unquote", "ip_address"),
    *("unicodedata.normalize", "decode_websocket_events", "datetime.fromisoformat", "jwt.decode", "csv.reader"),
}
PATTERN = re.compile(r"re\.(?!escape)[a-z]+")


def sites() -> Iterator[str]:
    """Each place that compiles or uses a pattern, or calls a parser: ``module.py:function``, or the constant's name."""
    for path in PACKAGE:
        for top in parsed(path).body:
            name = getattr(top, "name", "") or ast.unparse(getattr(top, "targets", [ast.Name("")])[0])
            called = [ast.unparse(node.func) for node in ast.walk(top) if isinstance(node, ast.Call)]
            if any(each in PARSERS or PATTERN.fullmatch(each) for each in called):
                yield f"{named(path).removeprefix('poker_app/')}:{name}"


def test_every_pattern_and_parser_has_a_row() -> None:
    rows = [site for row in ROWS.values() for site in row.sites]
    assert len(rows) == len(set(rows))
    assert set(sites()) == {*rows, *NOT_FROM_VISITORS, *BY_THEMSELVES}


def test_scripts_have_no_patterns() -> None:
    """Else they would be tried here, too."""
    uses = ("RegExp", ".test(/", ".match(/", ".replace(/", ".replaceAll(/", ".split(/", ".search(/", "= /", "(/")
    assert [named(path) for path in SCRIPTS for use in uses if use in path.read_text()] == []


def inputs(row: Row) -> Iterator[str]:
    for unit in UNITS:
        for tail in TAILS:
            room = row.longest - len(row.begins) - len(tail)
            yield row.begins + (unit * room)[:room] + tail
    yield from row.also


def spent(read: Callable[[], object]) -> float:
    """Seconds of processor that this thread used, for an address that was not read before."""
    urlsplit.cache_clear()
    start = time.thread_time()
    with suppress(Refusal, Refused, api.Refused, TrackerFailure, ValueError, HTTPException):
        read()
    return time.thread_time() - start


def step_through() -> int:
    return sum(character == ";" for character in "a" * BYTES)


def in_time(took: float) -> bool:
    """Whether it took less than ``SECONDS``; on a machine that is slow just now, less than as many times the reading of
    each character."""
    return took < SECONDS or took < STEPS * spent(step_through)


def is_quick(read: Callable[[], object]) -> bool:
    return any(in_time(spent(read)) for _ in range(TRIES))


@pytest.mark.parametrize("name", ROWS)
def test_the_worst_of_each_is_quick(name: str) -> None:
    row = ROWS[name]
    for text in inputs(row):
        assert is_quick(partial(row.read, text)), f"{name}: {len(text)} characters such as {text[:20]!r}"


def test_the_worst_of_a_webhook_of_clerk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clerk_webhooks, "_secret", "whsec_AAAA")
    for text in inputs(Row(clerk_webhooks._read, also=("v1,a " * 12_000,))):
        headers = {"svix-id": text, "svix-timestamp": str(int(time.time())), "svix-signature": text}
        assert is_quick(partial(clerk_webhooks._read, headers, sent(text))), (
            f"{len(text)} characters such as {text[:20]!r}"
        )


def test_the_worst_sender_of_a_providers_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    known: Any = SimpleNamespace(metadata={"issuer": f"https://login.example/{openid._TEMPLATE}/v2.0"})
    monkeypatch.setattr(openid, "_known_of", lambda _provider: known)
    provider: Any = SimpleNamespace(label="Microsoft")
    for begins in ("", "https://login.example/"):
        for text in inputs(Row(openid.check_sender, begins=begins)):
            assert is_quick(partial(openid.check_sender, provider, text)), text[:40]


def test_the_worst_address_of_a_static_file(app: Flask) -> None:
    with app.test_request_context("/"):
        static = app.view_functions["static"]
        for text in inputs(Row(static, also=("v-" * 30_000, "../" * 20_000))):
            assert is_quick(partial(static, filename=text)), f"{len(text)} characters such as {text[:20]!r}"


# --- archives, which unpack to more than was sent


ROW_OF_A_CELL = '<row><c t="s"><v>2</v></c></row>'
ARCHIVES = {
    "one sheet under many names": files.workbook_of(300, files.sheet_of(" " * 1_000_000)),
    "one text in many cells": files.with_strings(
        '<row><c t="s"><v>0</v></c></row>' + ROW_OF_A_CELL * 300, f"{files.SHARED}<si><t>{'x' * 1_000_000}</t></si>"
    ),
    "a long tag": files.sheet_of(f'<row spans="{"1" * 1_500_000}"/>'),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_worst_of_archives_is_quick(name: str) -> None:
    assert len(ARCHIVES[name]) < BYTES
    assert is_quick(partial(imports.understood_file, ARCHIVES[name]))


# --- what is read for every request


WORST_FORMS = ("--a\r\n" * 12_000, "--a\r\n\r\n" * 7_500, "a&" * 30_000, 'a="";' * 12_000)


def of_a_form(text: str) -> dict[str, Any]:
    return {"method": "POST", "data": sent(text), "content_type": "application/x-www-form-urlencoded"}


def of_parts(text: str) -> dict[str, Any]:
    return {"method": "POST", "data": sent(text), "content_type": "multipart/form-data; boundary=a"}


def in_a_part(text: str) -> dict[str, Any]:
    about = b"--a\r\nContent-Disposition: form-data; name=a;" + sent(text).replace(b"\n", b" ")
    return {
        "method": "POST",
        "data": about + b"\r\n\r\na\r\n--a--\r\n",
        "content_type": "multipart/form-data; boundary=a",
    }


def in_the_type(text: str) -> dict[str, Any]:
    said = f"application/x-www-form-urlencoded;{sent(text).decode('latin-1')}"
    return {"method": "POST", "data": b"a=1", "environ_overrides": {"CONTENT_TYPE": said}}


def in_cookies(text: str) -> dict[str, Any]:
    return {"environ_overrides": {"HTTP_COOKIE": f"faceup={sent(text).decode('latin-1')}"}}


def in_a_header(header: str, text: str) -> dict[str, Any]:
    return {"environ_overrides": {f"HTTP_{header}": sent(text).decode("latin-1")}}


def in_the_query(text: str) -> dict[str, Any]:
    return {"query_string": sent(text).decode("latin-1")}


HEADERS = ("ACCEPT", "IF_NONE_MATCH", "AUTHORIZATION", "USER_AGENT", "ORIGIN", "X_REQUEST_ID", "X_SOCKET_ID")
PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    **{each.__name__: each for each in (of_a_form, of_parts, in_a_part, in_the_type, in_cookies, in_the_query)},
    **{f"in {header}": partial(in_a_header, header) for header in HEADERS},
}


# Parts are refused unread but by the one form with a file.
ASKED = {
    **{name: ("/", where) for name, where in PLACES.items()},
    **{f"{where.__name__} with a file": ("/sessions/a/import/file", where) for where in (of_parts, in_a_part)},
}


@pytest.mark.parametrize(("path", "where"), ASKED.values(), ids=ASKED)
def test_the_worst_of_a_request_is_quick(app: Flask, path: str, where: Callable[[str], dict[str, Any]]) -> None:
    def read(text: str) -> float:
        """Seconds of a request of its own: what it has read once it only remembers."""
        made = app.test_request_context(path, **where(text))

        def ask() -> None:
            with made:
                guards._check_form()
                assert request.files is not None
                assert list(request.args.items(multi=True)) is not None
                assert (request.cookies.get("guest"), request.if_none_match, request.authorization) is not None
                assert cookie.get("account") is None

        return spent(ask)

    # An address has no more than the request line.
    longest, worst = (EdgeLimits.request_line, ()) if where is in_the_query else (BYTES, WORST_FORMS)
    for text in inputs(Row(read, longest=longest, also=worst)):
        assert any(in_time(read(text)) for _ in range(TRIES)), f"{len(text)} characters such as {text[:20]!r}"
