"""The trackers port: issues are brought in from a tracker, and estimates are written back to it.

An account connects a tracker with a token. Tokens are encrypted at rest (``encryption``), decrypted only for one
``Tracker`` at a time, and never logged or sent to a browser.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from poker_app import encryption
from poker_app.encryption import Vault
from poker_app.settings import Settings
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Sealed, TrackerFailure


@dataclass(frozen=True, slots=True)
class Credential:
    """A field of the form that connects a tracker. ``secret``: it is never shown again. ``default`` stands in for an
    empty one; without it the field has to be filled in. One without a hint is not asked for."""

    name: str
    label: str
    hint: str
    secret: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class TrackerKind:
    """A tracker that can be connected. ``engine`` is the module and class that speak with it, loaded when it is used;
    ``query`` is the name of its own query language, "" where words are searched only; ``rights`` says what its token
    has to be allowed."""

    label: str
    engine: str
    credentials: tuple[Credential, ...]
    rights: str
    query: str = ""


_TOKEN = "token"  # noqa: S105  (the name of a field)
_JIRA_RIGHTS = "Browse projects; for estimates to be written back also Edit issues and, for comments, Add comments."
TRACKERS = {
    "jira": TrackerKind(
        "Jira Cloud",
        "jira_cloud:JiraCloud",
        (
            Credential("address", "Address", "Such as https://example.atlassian.net."),
            Credential("email", "E-mail", "Of the person whose token it is."),
            Credential(_TOKEN, "API token", "From id.atlassian.com: Security, API tokens.", secret=True),
        ),
        _JIRA_RIGHTS,
        query="JQL",
    ),
    "jira-data-center": TrackerKind(
        "Jira Data Center",
        "jira_data_center:JiraDataCenter",
        (
            Credential("address", "Address", "Such as https://jira.example.com."),
            Credential(_TOKEN, "Personal access token", "From your profile: Personal Access Tokens.", secret=True),
        ),
        _JIRA_RIGHTS,
        query="JQL",
    ),
    "github": TrackerKind(
        "GitHub",
        "github:GitHub",
        (
            Credential(_TOKEN, "Token", "A fine-grained personal access token, or a classic one.", secret=True),
            Credential(
                "address",
                "Address of the API",
                "Only for an Enterprise Server, such as https://github.example.com/api/v3.",
                default="https://api.github.com",
            ),
        ),
        "Issues: read, and write for estimates. Projects: read and write, for estimates in a project's field.",
        query="GitHub search",
    ),
    "gitlab": TrackerKind(
        "GitLab",
        "gitlab:GitLab",
        (
            Credential(
                _TOKEN, "Access token", "Personal, of a group or of a project, with the scope api.", secret=True
            ),
            Credential("address", "Address", "Only for a GitLab of your own.", default="https://gitlab.com"),
        ),
        "The scope read_api, or api for estimates to be written back.",
    ),
    "linear": TrackerKind(
        "Linear",
        "linear:Linear",
        (
            Credential(_TOKEN, "API key", "From Settings, Security and access: Personal API keys.", secret=True),
            Credential("address", "Address of the API", "", default="https://api.linear.app"),
        ),
        "Read, and Write for estimates to be written back.",
    ),
    "azure-devops": TrackerKind(
        "Azure DevOps",
        "azure_devops:AzureDevOps",
        (
            Credential("address", "Address", "Such as https://dev.azure.com/example."),
            Credential(_TOKEN, "Personal access token", "From User settings: Personal access tokens.", secret=True),
        ),
        "Work Items: Read, and Read & write for estimates to be written back. Project and Team: Read.",
        query="WIQL",
    ),
}


class _Engine(Protocol):
    def of(self, credentials: Mapping[str, str], *, inside: bool) -> Tracker: ...


_inside = False


def configure(settings: Settings) -> None:
    """Reads whether trackers in private networks may be asked."""
    global _inside
    _inside = settings.trackers_inside


def vault() -> Vault:
    """The vault of tokens.

    Raises:
        TrackerFailure: there is no key, and none can be written.
    """
    try:
        return encryption.vault(Sealed)
    except OSError:
        raise TrackerFailure("Tokens cannot be encrypted here until the setting TRACKER_KEYS is there.") from None


def tracker(kind: str, credentials: Mapping[str, str]) -> Tracker:
    """A tracker, with the credentials that ``TRACKERS`` names for its kind.

    Raises:
        Rejected: the address is none, or is not encrypted, or the token has a character that no token has.
    """
    module, name = TRACKERS[kind].engine.split(":")
    engine = cast(_Engine, getattr(import_module(f"poker_app.trackers.engines.{module}"), name))
    given = {each.name: credentials.get(each.name) or each.default for each in TRACKERS[kind].credentials}
    return engine.of(given, inside=_inside)
