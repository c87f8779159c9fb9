"""The server and the token: from the environment, else from the file that ``faceup login`` writes."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit


class NotLoggedIn(Exception):
    """No server or no token is known."""


class NoAddress(Exception):
    """What was typed is no address of a server."""


@dataclass(frozen=True, slots=True)
class Login:
    """A server's address and a token for it."""

    server: str
    token: str


def file() -> Path:
    """Where the login is kept: in the folder of the user's configuration."""
    default = "~/AppData/Roaming" if os.name == "nt" else "~/.config"
    folder = os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME") or default
    return Path(folder).expanduser() / "faceup" / "login.json"


def known() -> Login:
    """The login: FACEUP_URL and FACEUP_TOKEN go before the file. Raises NotLoggedIn."""
    kept = json.loads(file().read_text()) if file().exists() else {}
    server = os.environ.get("FACEUP_URL") or kept.get("server")
    token = os.environ.get("FACEUP_TOKEN") or kept.get("token")
    if not server or not token:
        missing = "token" if server else "server"
        raise NotLoggedIn(f"No {missing} is known yet. Run `faceup login` first, or set FACEUP_URL and FACEUP_TOKEN.")
    return Login(server_of(server), token.strip())


def keep(login: Login) -> None:
    """Writes the login into its file, for this user alone."""
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
        json.dump(asdict(login), opened)
    new.replace(path)


def server_of(typed: str) -> str:
    """The server's address, however it was typed or copied: ``https://faceup.example.com``. Raises NoAddress."""
    typed = typed.strip()
    parts = urlsplit(typed if "://" in typed else f"https://{typed}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NoAddress(f"“{typed}” is no address of a server. One looks like https://faceup.example.com.")
    return f"{parts.scheme}://{parts.netloc}"
