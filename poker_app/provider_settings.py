"""The setting PROVIDERS: external services for signing in, and the checks of each at the start."""

import re
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

GOOGLE, MICROSOFT, GITHUB = "https://accounts.google.com", "https://login.microsoftonline.com", "https://github.com"

# Each preset's name on the button, and its issuer if there is only one.
PRESETS = {
    "clerk": ("Clerk", None),
    "google": ("Google", GOOGLE),
    "microsoft": ("Microsoft", MICROSOFT),
    "keycloak": ("Keycloak", None),
    "github": ("GitHub", GITHUB),
    "oidc": ("single sign-on", None),
}
# Examples of an issuer, for presets where it has to be given.
EXAMPLES = {
    "clerk": "https://clerk.example.com",
    "keycloak": "https://id.example.com/realms/team",
    "oidc": "https://id.example.com",
}
LOOPBACK = ("localhost", "127.0.0.1")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")


class ProviderSettings(BaseModel):
    """One service for signing in. Fields that are left out are filled in from the preset; a missing one is refused by
    name."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    preset: str
    # In addresses: `/sign-in/with/<name>`.
    name: str = ""
    # On the button: "Continue with <label>".
    label: str = ""
    issuer: str = ""
    client_id: str = ""
    client_secret: str = Field("", repr=False)
    # Microsoft's only: a directory's id, or `common`, `organizations`, `consumers`.
    tenant: str = ""
    # Every address that this provider tells is taken as proven, even where it does not say so.
    trust_email: bool = False

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        preset = given.get("preset") if isinstance(given, dict) else None
        if not isinstance(preset, str) or preset not in PRESETS:
            return given
        label, issuer = PRESETS[preset]
        known = {"name": preset, "label": label, "issuer": issuer or ""}
        if preset == "microsoft":
            known["tenant"] = "common"
        return {**known, **given}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.preset not in PRESETS:
            raise ValueError(f"There is no preset `{self.preset}`. The presets are {', '.join(PRESETS)}.")
        who = f"The provider `{self.name}` ({self.preset})"
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{who} needs a name of a-z, 0-9 and hyphens: it stands in addresses.")
        if not self.issuer:
            raise ValueError(f"{who} also needs `issuer`, such as {EXAMPLES[self.preset]}.")
        for field in ("client_id", "client_secret"):
            if not getattr(self, field):
                raise ValueError(f"{who} also needs `{field}`.")
        where = urlsplit(self.issuer)
        if where.scheme != "https" and not (where.scheme == "http" and where.hostname in LOOPBACK):
            raise ValueError(f"{who}: the issuer must be an https:// address.")
        if not where.hostname or where.query or where.fragment:
            raise ValueError(f"{who}: the issuer is an address without `?` and `#`.")
        if (self.preset == "microsoft") != bool(self.tenant) or (self.tenant and not _TENANT.fullmatch(self.tenant)):
            raise ValueError(f"{who}: `tenant` is for Microsoft only, and is a directory's id or domain, or `common`.")
        return self


def check_providers(providers: list[ProviderSettings], *, auth: str) -> None:
    """Checks PROVIDERS as a whole: unique names, one Clerk at most, and sign-in switched on. Raises ValueError."""
    names = [each.name for each in providers]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"Two of PROVIDERS are called `{doubled[0]}`: give each a `name` of its own.")
    issuers = [each.issuer.rstrip("/") for each in providers if each.preset == "clerk"]
    if len(issuers) > 1:
        raise ValueError("Only one of PROVIDERS can have the preset `clerk`: its webhooks do not say who sent them.")
    if providers and auth == "open":
        raise ValueError("PROVIDERS are for people who sign in: set AUTH=accounts, or leave PROVIDERS out.")
