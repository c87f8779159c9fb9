"""The mail port against a real server: plain, through TLS, with a password, refusing, slow and gone."""

import datetime
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jinja2 import meta

from poker_app import mail
from poker_app.accounts.users import clean_email
from poker_app.errors import Invalid
from poker_app.mail import Undelivered, rendering
from poker_app.mail.engines import smtp
from poker_app.rules.printable import unlinked
from poker_app.settings import ROOT, Settings
from tests.mail_server import Post

pytestmark = pytest.mark.usefixtures("context")

ADA = "ada@example.com"
SORRY = "The mail could not be sent just now. Please try again in a few minutes."


def through(port: int, **more: Any) -> None:
    """Let mail go through the server on a port."""
    given = {"mail": "smtp", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": False, **more}
    mail.configure(Settings(_env_file=None, public_url="https://faceup.example/", secret_key="x", **given))


def sends(to: str = ADA, **about: object) -> None:
    mail.send("sign_in", to, **{"secret": "0a1b", "lasting": "20 minutes", **about})


def fails(to: str = ADA) -> None:
    with pytest.raises(Undelivered, match=SORRY) as caught:
        sends(to)
    assert caught.value.status == 503


@pytest.fixture
def server() -> Iterator[Callable[..., Post]]:
    made: list[Post] = []

    def start(**how: Any) -> Post:
        made.append(Post(**how))
        return made[-1]

    yield start
    for each in made:
        each.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody but this file vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator trusts a certificate of their own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


# --- what arrives


def test_a_letter_as_text_and_as_html(post: Post) -> None:
    through(post.port, mail_from="Faceup <hello@faceup.example>")
    sends()
    letter = post.next_to(ADA)
    message = letter.message
    assert (message["From"], message["To"]) == ("Faceup <hello@faceup.example>", ADA)
    assert letter.subject == "Sign in to Faceup"
    assert letter.link == "https://faceup.example/sign-in/link/0a1b"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert "Sign in to Faceup" not in letter.text
    assert "<h1" in letter.html
    assert message["Date"]
    assert message["Message-ID"]


def test_what_people_typed_is_text_in_every_part(post: Post) -> None:
    through(post.port)
    sends(lasting="<b>20</b> & more ☕")
    letter = post.next_to(ADA)
    assert "<b>20</b> & more ☕" in letter.text
    assert "&lt;b&gt;20&lt;/b&gt; &amp; more ☕" in letter.html


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_name_in_a_subject_starts_no_other_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    (tmp_path / "emails").mkdir()
    (tmp_path / "emails/hello.txt").write_text("Hello {{ name }}\nText\n")
    (tmp_path / "emails/hello.html").write_text("<p>{{ name }}</p>\n")
    monkeypatch.setattr(rendering._templates.loader, "searchpath", [str(tmp_path)])
    letter = rendering.write("hello", public_url="", name=f"Mallory{end}Bcc: eve@evil.example")
    assert letter.keys() == ["Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    raw = letter.as_bytes()
    assert not any(line.lower().startswith(b"bcc") for line in raw.partition(b"\r\n\r\n")[0].splitlines())


@pytest.mark.parametrize(
    "typed",
    [
        "ada@example.com\r\nBcc: eve@evil.example",
        "ada@example.com, eve@evil.example",
        "Ada <ada@example.com>",
        "=?utf-8?q?eve=40evil.example=2C?=@example.com",
        '"eve@evil.example"@example.com',
        "eve%40evil.example",
        "(eve@evil.example)ada@example.com",
    ],
)
def test_an_address_is_one_address(typed: str) -> None:
    with pytest.raises(Invalid, match=r"Enter a full address"):
        clean_email(typed)


def test_an_address_in_another_script(server: Callable[..., Post]) -> None:
    post = server(enable_SMTPUTF8=True)
    through(post.port)
    sends(clean_email("Jörg@Exämple.com"))
    assert post.next_to("jörg@exämple.com").subject == "Sign in to Faceup"
    through(server(enable_SMTPUTF8=False).port)
    fails("jörg@exämple.com")


# --- ways to the server


def test_through_tls_once_connected(server: Callable[..., Post], tls: ssl.SSLContext, trusted: None) -> None:
    post = server(tls_context=tls, require_starttls=True)
    through(post.port, smtp_tls=True)
    sends()
    assert post.next_to(ADA)
    through(post.port, smtp_tls=False)
    fails()


def test_through_tls_from_the_first_byte(
    server: Callable[..., Post], tls: ssl.SSLContext, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = server(ssl_context=tls)
    monkeypatch.setattr(smtp, "TLS_FROM_THE_START", post.port)
    through(post.port, smtp_tls=True)
    sends()
    assert post.next_to(ADA)


def test_a_certificate_that_nobody_vouches_for(server: Callable[..., Post], tls: ssl.SSLContext) -> None:
    post = server(tls_context=tls)
    through(post.port, smtp_tls=True)
    fails()
    assert post.letters == []


def test_tls_that_the_server_does_not_have(post: Post) -> None:
    through(post.port, smtp_tls=True)
    fails()
    assert post.letters == []


def test_with_a_name_and_a_password(server: Callable[..., Post], tls: ssl.SSLContext, trusted: None) -> None:
    def check(
        _server: object, _session: object, _envelope: object, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=given == LoginPassword(b"faceup", b"correct"), handled=False)

    post = server(tls_context=tls, authenticator=check, auth_required=True)
    through(post.port, smtp_tls=True, smtp_user="faceup", smtp_password="correct")
    sends()
    assert post.next_to(ADA)
    through(post.port, smtp_tls=True, smtp_user="faceup", smtp_password="wrong")
    fails()
    through(post.port, smtp_tls=True)
    fails()
    assert len(post.letters) == 1


# --- when it does not work


@pytest.mark.parametrize("answer", ["550 No such mailbox", "451 Later", "421 Going down", "nonsense"])
def test_a_server_that_refuses(post: Post, answer: str) -> None:
    through(post.port)
    post.refuses = answer
    fails()
    post.refuses = ""
    sends()
    assert len(post.letters) == 1


def test_a_server_that_is_gone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        through(taken.getsockname()[1])
        fails()


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        through(silent.getsockname()[1])
        fails()


# --- on a laptop


def test_the_console_prints_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    mail.configure(Settings(_env_file=None, public_url="http://127.0.0.1:8000", secret_key="x"))
    sends()
    said = capsys.readouterr().err
    assert f"Mail to {ADA}: Sign in to Faceup" in said
    assert "http://127.0.0.1:8000/sign-in/link/0a1b" in said
    assert "<" not in said


# --- names in letters


def every_letter() -> list[str]:
    return sorted(path.stem for path in (ROOT / "templates/emails").glob("*.txt"))


def variables(letter: str) -> set[str]:
    """What the templates of a letter are given."""
    found: set[str] = set()
    for ending in ("txt", "html"):
        source = (ROOT / f"templates/emails/{letter}.{ending}").read_text()
        found |= meta.find_undeclared_variables(rendering._templates.parse(source))
    return found - {"link", "site", "button"}


# What no person chooses: our own paths and words, figures, plans; and the user's own new address, to themselves.
OURS = {
    "days",
    "account_id",
    "endpoint_id",
    "ends",
    "free",
    "happened",
    "lasting",
    "left",
    "plan",
    "role",
    "secret",
    "why",
}


def test_every_name_in_a_letter_is_known_to_be_one() -> None:
    told = {letter: variables(letter) for letter in every_letter()}
    assert set().union(*told.values()) == OURS | set(rendering.NAMES)


LINKS = [
    ("http://evil.example click", "http evil·example click"),
    ("HTTPS://evil.example/a?b=c#d", "HTTPS evil·example/a?b=c#d"),
    ("see www.evil.example", "see www·evil·example"),
    ("evil.example", "evil·example"),
    ("evil。example", "evil·example"),
    ("evil．example", "evil·example"),
    ("//evil.example", "evil·example"),
    ("\\\\evil.example", "evil·example"),
    ("mallory@evil.example", "mallory@evil·example"),
    ("mailto:mallory@evil.example", "mailto mallory@evil·example"),
    ("http://10.0.0.1/x", "http 10·0.0.1/x"),
    ("кириллица.рф", "кириллица·рф"),
    ("x" * 100, "x" * 59 + "…"),
]


@pytest.mark.parametrize(("name", "shown"), LINKS)
def test_no_name_is_a_link(name: str, shown: str) -> None:
    """A stranger can call an account anything, and have us mail that to anybody."""
    about = dict.fromkeys(OURS, "1") | {"secret": "0a1b", "account_id": "0c2d", "endpoint_id": "0e3f", "left": 2}
    for letter in every_letter():
        made = rendering.write(
            letter, public_url="https://faceup.example", **about, **dict.fromkeys(rendering.NAMES, name)
        )
        text = made.get_body(("plain",)).get_content()
        html = made.get_body(("html",)).get_content()
        for part in (made["Subject"], text, html):
            for link in re.findall(r"(?:https?:|www\.|mailto:)[^\s\"<]*", part, re.IGNORECASE):
                assert link.startswith("https://faceup.example"), (letter, link)
            assert name not in part, letter
        if letter == "invitation":
            assert made["Subject"] == f"{shown} invites you to {shown} on Faceup"
        assert len(made["Subject"]) <= rendering.MAX_SUBJECT


@pytest.mark.parametrize("name", ["Ada L.", "Dr. Who", "Sprint 1.2", "Q4: planning", "Müller & Söhne", "12:30", "a/b"])
def test_a_name_that_is_none_stays_as_it_is(name: str) -> None:
    assert unlinked(name, rendering.MAX_NAME) == name
