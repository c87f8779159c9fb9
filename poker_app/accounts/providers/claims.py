"""Claims about a user, parsed from what a provider says: its identity, a name, an address, and whether that is
verified."""

from collections.abc import Mapping
from dataclasses import dataclass

from poker_app.accounts.providers.failures import Failed
from poker_app.accounts.users import MAX_NAME, clean_email
from poker_app.errors import Invalid
from poker_app.provider_settings import ProviderSettings
from poker_app.rules.printable import one_line, without_hidden

MAX_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Claims:
    """``issuer`` and ``subject`` identify the user. ``email`` is the address that the provider has for them; it proves
    something only if ``email_verified``."""

    issuer: str
    subject: str
    name: str
    email: str | None
    email_verified: bool


def read(provider: ProviderSettings, issuer: str, said: Mapping[str, object]) -> Claims:
    """Parses the standard claims of OpenID Connect.

    Raises:
        Failed: (502) there is no usable subject.
    """
    subject = said.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or without_hidden(subject) != subject:
        raise Failed(provider, "no usable subject")
    email = address(said.get("email"))
    return Claims(
        issuer=issuer.rstrip("/"),
        subject=subject,
        name=_name(said, email),
        email=email,
        email_verified=bool(email) and (provider.trust_email or _says_verified(provider, said)),
    )


def address(said: object) -> str | None:
    """An address in our own form, or None for anything else."""
    try:
        return clean_email(said) if isinstance(said, str) else None
    except Invalid:
        return None


def short_name(*candidates: object) -> str:
    """The first candidate that is a name, cut to our length; else «Somebody»."""
    for each in candidates:
        name = one_line(each) if isinstance(each, str) else ""
        if name:
            return name[:MAX_NAME].rstrip()
    return "Somebody"


def _name(said: Mapping[str, object], email: str | None) -> str:
    both = " ".join(str(said[part]) for part in ("given_name", "family_name") if isinstance(said.get(part), str))
    before_at = email.partition("@")[0] if email else None
    return short_name(said.get("name"), both, said.get("preferred_username"), said.get("nickname"), before_at)


def _says_verified(provider: ProviderSettings, said: Mapping[str, object]) -> bool:
    # Microsoft's directories let administrators write any address; only this claim says that the domain is theirs.
    name = "xms_edov" if provider.preset == "microsoft" else "email_verified"
    return said.get(name) in (True, "true", "1")
