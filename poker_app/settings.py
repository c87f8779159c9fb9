"""Every setting: name, type, default, help. The only reader of the environment."""

import re
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from poker_app.files_settings import check_store
from poker_app.key_file import kept_key
from poker_app.provider_settings import ProviderSettings, check_providers
from poker_app.realtime_settings import check_engine

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = ROOT / "instance"

# Links in the footer of every page: the setting of each label.
FOOTER = {
    "Help": "help_url",
    "Privacy": "privacy_url",
    "Terms": "terms_url",
    "Imprint": "imprint_url",
    "Status": "status_url",
}

# 'self', an https:// origin whose first name may be a star, and, to try it, http:// on this machine. A star stands
# before two names at least; a semicolon, which would begin another part of the policy, is nowhere.
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
FRAME_ANCESTOR = re.compile(
    rf"'self'|(https://(\*\.{_LABEL}\.)?{_LABEL}(\.{_LABEL})*|http://(localhost|127\.0\.0\.1))(:\d{{1,5}})?"
)

EngineName = Literal["embedded", "pusher", "ably", "sockudo", "reverb", "soketi", "fanout", "none"]


class Settings(BaseSettings):
    """Read once, by ``create_app``. The table in docs/settings.md is made from these fields (``make settings``)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,  # secrets are among it, and the sentence ends up in logs
    )

    host: str = Field("127.0.0.1", description="Address that `make run` listens on. `0.0.0.0` lets your network in.")
    port: int = Field(8000, ge=1, le=65535, description="Port that `make run` listens on.")
    database_url: str = Field(
        f"sqlite:///{INSTANCE / 'faceup.db'}",
        description="SQLAlchemy URL of the database: SQLite or PostgreSQL. Default: `instance/faceup.db`.",
    )
    secret_key: str = Field(
        "",
        description="Signs cookies. Without one, a random key is kept in `instance/secret_key`; "
        "set it wherever the disk does not last.",
    )
    public_url: str = Field(
        "", description="Address people reach the service at, for links and QR codes. Default: the request's own."
    )
    trusted_hosts: list[str] = Field(
        [],
        description='Host names answered to, as JSON such as `["faceup.example"]`. Empty: any, but with `AUTH=open` '
        "only literal addresses, `localhost`, this machine's name and the host of `PUBLIC_URL`.",
    )
    frame_ancestors: list[str] = Field(
        [],
        description="Sites that may show a session in a frame of their pages, as JSON such as "
        '`["https://teams.microsoft.com","https://*.cloud.microsoft"]`. Empty: none. See `docs/embedding.md`.',
    )
    proxies: int = Field(
        0, ge=0, le=5, description="How many reverse proxies in front set `X-Forwarded-For`, `-Proto` and `-Host`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["console", "json"] = Field("console", description="Log lines for people or for machines.")

    help_url: str = Field(
        "", description="What the footer's *Help* leads to: `https://…` or `mailto:…`. Empty: not shown."
    )
    privacy_url: str = Field("", description="The same for *Privacy*.")
    terms_url: str = Field("", description="The same for *Terms*.")
    imprint_url: str = Field("", description="The same for *Imprint*.")
    status_url: str = Field("", description="The same for *Status*.")

    auth: Literal["open", "accounts"] = Field(
        "open",
        description="Who may open a session. `open`: everybody who reaches the service, for a laptop or a trusted "
        "network. `accounts`: people who sign in; guests still join with a name.",
    )
    providers: list[ProviderSettings] = Field(
        [],
        description="Other services that people sign in with, as JSON such as "
        '`[{"preset":"google","client_id":"…","client_secret":"…"}]`. See `docs/sign-in.md`.',
    )
    clerk_webhook_secret: str = Field(
        "", repr=False, description="Signing secret of Clerk's webhooks to `/webhooks/clerk`, beginning with `whsec_`."
    )
    clerk_accounts: dict[str, str] = Field(
        {},
        description="Which accounts the members of Clerk's groups (`org_…`) are teammates of, as JSON such as "
        '`{"org_2x4f":"k7qm3fdw9rtz5bnh"}`.',
    )
    mail: Literal["console", "smtp"] = Field(
        "console", description="Where mail goes: `console` prints it, `smtp` sends it."
    )
    mail_from: str = Field("Faceup <faceup@localhost>", description="Sender of every mail.")
    smtp_host: str = Field("", description="The mail server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port. 465 means TLS from the first byte.")
    smtp_tls: bool = Field(True, description="Whether mail travels through TLS (STARTTLS, except on port 465).")
    smtp_user: str = Field("", description="Name at the mail server, if it wants one.")
    smtp_password: str = Field("", description="Password at the mail server.")

    billing: Literal["off", "fake", "stripe"] = Field(
        "off",
        description="Whether sessions cost credits. `off`: all is free and without limits. `fake`: plans and credits "
        "with a checkout that takes no money, to try them. `stripe`: for real.",
    )
    plans_file: str = Field("", description="TOML file with plans and packs of your own. Default: the standard ones.")
    stripe_secret_key: str = Field("", repr=False, description="Stripe's secret key, or better a restricted one.")
    stripe_webhook_secret: str = Field(
        "",
        repr=False,
        description="Signing secret of Stripe's webhooks to `/webhooks/stripe`, beginning with `whsec_`.",
    )
    stripe_webhook_secret_old: str = Field(
        "", repr=False, description="The signing secret before, as long as Stripe still signs with both."
    )
    stripe_api_base: str = Field("", description="Another address than Stripe's own, for tests only.")
    stripe_automatic_tax: bool = Field(False, description="Whether Stripe computes the tax. Set it up there first.")
    stripe_tax_ids: bool = Field(True, description="Whether the checkout asks companies for their tax id.")
    stripe_promotion_codes: bool = Field(True, description="Whether the checkout takes promotion codes.")

    files: Literal["disk", "s3", "uploadthing", "off"] = Field(
        "disk",
        description="Where files beside tasks lie. `disk`: in a folder of this machine. `s3`: in a bucket, of Amazon "
        "or of any other store that speaks S3. `uploadthing`: at that service. `off`: none can be added, as on Vercel "
        "unless it is set, where no folder lasts. See `docs/files.md`.",
    )
    files_folder: str = Field("", description="The folder for `disk`. Default: `instance/files`.")
    s3_bucket: str = Field("", description="Name of the bucket.")
    s3_region: str = Field("", description="Its region, such as `eu-central-1`; `auto` where the store has none.")
    s3_endpoint: str = Field(
        "",
        description="Address of another store than Amazon's, such as `https://s3.example.com`, or "
        "`https://{bucket}.s3.example.com` where each bucket has a host.",
    )
    s3_access_key_id: str = Field(
        "", description="The key. Without one, boto3 finds a role of the machine, or a key in its own files."
    )
    s3_secret_access_key: str = Field("", repr=False, description="The key's secret.")
    uploadthing_token: str = Field(
        "", repr=False, description="Token of an app at UploadThing, from its dashboard: API Keys, version 7."
    )
    uploadthing_base: str = Field("", description="Another address than UploadThing's own, for tests only.")

    tracker_keys: list[str] = Field(
        [],
        repr=False,
        description="Keys that encrypt the tokens of trackers and the secrets of webhooks, as JSON, the newest first. "
        "Without one, a key is kept in `instance/tracker_key`; set it wherever the disk does not last. See "
        "`docs/trackers.md`.",
    )
    trackers_inside: bool = Field(
        False, description="Whether trackers in private networks, and trackers without `https://`, may be connected."
    )

    webhooks_inside: bool = Field(
        False,
        description="Whether an account's webhooks may be sent into private networks, and without `https://`. See "
        "`docs/webhooks.md`.",
    )

    realtime: EngineName = Field(
        "embedded",
        description="Who carries events to the browsers. `embedded` needs nothing and one process; "
        "`none` leaves polling. See `docs/realtime.md`.",
    )
    pusher_app_id: str = Field("", description="The engine's app id. `embedded` makes its own.")
    pusher_key: str = Field("", description="The engine's public key; with the cluster all the browser ever sees.")
    pusher_secret: str = Field("", description="The engine's secret; never leaves the server.")
    pusher_cluster: str = Field("", description="Cluster of the hosted service, such as `eu`.")
    pusher_host: str = Field("", description="Host of a self-hosted engine, as the server reaches it.")
    pusher_port: int = Field(
        0, ge=0, le=65535, description="Port of a self-hosted engine. Default: 443, or 80 without TLS."
    )
    pusher_tls: bool = Field(True, description="Whether the engine is reached through TLS.")
    pusher_client_host: str = Field(
        "", description="Host of the engine as browsers reach it, where that differs from `PUSHER_HOST`."
    )
    pusher_client_port: int = Field(
        0, ge=0, le=65535, description="Port of the engine as browsers reach it, where that differs from `PUSHER_PORT`."
    )

    grip_url: str = Field(
        "",
        repr=False,
        description="Control address of the proxy for `fanout`, with its keys, such as "
        "`http://127.0.0.1:5561?iss=pushpin&key=…`.",
    )

    vercel: bool = Field(False, description="Set by Vercel's functions. What cannot work there is refused.")
    database_pool: int = Field(
        5,
        ge=0,
        le=100,
        description="Connections that a process opens to PostgreSQL at most; requests beyond them wait for one. `0` "
        "opens one for each request: for functions behind a pooler.",
    )
    cron_secret: str = Field(
        "", description="What whoever starts the jobs under `/jobs/` sends as `Authorization: Bearer …`. Empty: nobody."
    )

    operators: list[str] = Field(
        [],
        description="Addresses of the users who may open `/operator`, as JSON such as "
        '`["olga@example.com"]`. Needs `AUTH=accounts`.',
    )
    metrics_token: str = Field(
        "",
        repr=False,
        description="What Prometheus sends to `/metrics` as `Authorization: Bearer …`. Empty: there is no such page.",
    )
    prometheus_multiproc_dir: str = Field(
        "",
        description="Empty folder in which several worker processes count together; to be set in the environment "
        "itself, since the metrics' library reads it there.",
    )
    tracing_endpoint: str = Field(
        "",
        description="Address of an OpenTelemetry collector that takes OTLP over HTTP, such as "
        "`http://127.0.0.1:4318`. Empty: nothing is traced. Needs `requirements-tracing.txt`.",
    )
    tracing_ratio: float = Field(1.0, ge=0, le=1, description="How many of the requests are traced, from 0 to 1.")

    @field_validator("tracker_keys")
    @classmethod
    def _are_keys(cls, keys: list[str]) -> list[str]:
        for key in keys:
            if not re.fullmatch(r"[A-Za-z0-9_-]{43}=", key):
                raise ValueError("Each of TRACKER_KEYS is 32 random bytes in URL-safe base64: 44 characters.")
        return keys

    @field_validator("frame_ancestors")
    @classmethod
    def _are_sites(cls, sites: list[str]) -> list[str]:
        for site in sites:
            if not FRAME_ANCESTOR.fullmatch(site):
                raise ValueError(
                    "Each of FRAME_ANCESTORS is a site without a path, such as https://wiki.example.com, all that end "
                    "alike, such as https://*.example.com, or 'self'."
                )
        return sites

    @field_validator("database_url")
    @classmethod
    def _modern_scheme(cls, url: str) -> str:
        """Replaces ``postgres://``, which hosting platforms hand out and SQLAlchemy no longer reads."""
        for old in ("postgres://", "postgresql://"):
            if url.startswith(old):
                return "postgresql+psycopg://" + url.removeprefix(old)
        return url

    @model_validator(mode="after")
    def _footer_leads_somewhere(self) -> Self:
        for name in FOOTER.values():
            if (address := getattr(self, name)) and not re.fullmatch(r"(https?://[^/\s]|mailto:[^@\s]+@)\S+", address):
                raise ValueError(
                    f"{name.upper()} is a whole address, such as https://faceup.example/help or "
                    "mailto:help@faceup.example."
                )
        return self

    @property
    def footer(self) -> list[tuple[str, str]]:
        """Links in the footer: label and address of each that is set."""
        return [(label, address) for label, name in FOOTER.items() if (address := getattr(self, name))]

    @model_validator(mode="after")
    def _people_complete(self) -> Self:
        if self.public_url and not re.match(r"https?://[^/\s]", self.public_url):
            raise ValueError("PUBLIC_URL is a whole address, such as https://faceup.example.")
        if self.auth == "accounts" and not self.public_url:
            # A link in a mail must not lead to whatever host a request claimed to be for.
            raise ValueError("AUTH=accounts also needs PUBLIC_URL, the address that links in mails lead to.")
        if self.billing != "off" and self.auth == "open":
            raise ValueError(f"BILLING={self.billing} also needs AUTH=accounts, or nobody could own what is paid for.")
        if self.billing == "stripe":
            self._check_stripe()
        check_providers(self.providers, auth=self.auth)
        clerk = any(each.preset == "clerk" for each in self.providers)
        if (self.clerk_webhook_secret or self.clerk_accounts) and not clerk:
            raise ValueError("CLERK_WEBHOOK_SECRET and CLERK_ACCOUNTS also need a `clerk` among PROVIDERS.")
        if self.operators and self.auth == "open":
            raise ValueError("OPERATORS also needs AUTH=accounts: where nobody signs in nobody is known by an address.")
        if self.mail == "smtp" and not self.smtp_host:
            raise ValueError("MAIL=smtp also needs SMTP_HOST.")
        return self

    def _check_stripe(self) -> None:
        if not self.stripe_secret_key.startswith(("sk_", "rk_")):
            raise ValueError("BILLING=stripe also needs STRIPE_SECRET_KEY, which begins with sk_ or rk_.")
        if not self.stripe_webhook_secret.startswith("whsec_"):
            raise ValueError("BILLING=stripe also needs STRIPE_WEBHOOK_SECRET, which begins with whsec_.")
        if self.stripe_webhook_secret_old and not self.stripe_webhook_secret_old.startswith("whsec_"):
            raise ValueError("STRIPE_WEBHOOK_SECRET_OLD begins with whsec_.")
        if self.stripe_api_base and "_live_" in self.stripe_secret_key:
            raise ValueError("STRIPE_API_BASE is for tests: a live key is not sent anywhere but to Stripe.")

    @model_validator(mode="after")
    def _fit_for_functions(self) -> Self:
        if not self.vercel:
            return self
        reasons = {
            "a PostgreSQL database (DATABASE_URL): a file does not last there": self.on_sqlite,
            "SECRET_KEY: each instance would make up its own": not self.secret_key,
            "no FILES=disk: a folder does not last there": self.files == "disk" and self._chose_files,
            "an engine outside (REALTIME): sockets end at one instance there": self.realtime == "embedded",
        }
        if missing := [reason for reason, lacks in reasons.items() if lacks]:
            raise ValueError(f"On Vercel this needs {'; and '.join(missing)}.")
        return self

    @model_validator(mode="after")
    def _engine_complete(self) -> Self:
        check_engine(self)
        return self

    @model_validator(mode="after")
    def _store_complete(self) -> Self:
        check_store(self)
        return self

    @property
    def stores_files(self) -> bool:
        """Whether files can be added: in no folder on Vercel, unless it is asked for there, which is refused."""
        return self.files != "off" and not (self.files == "disk" and self.vercel and not self._chose_files)

    @property
    def _chose_files(self) -> bool:
        return "files" in self.model_fields_set

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def make_database_folder(self) -> None:
        """Creates the folder of SQLite's file: SQLite makes the file only."""
        if self.on_sqlite and (path := self.database_url.removeprefix("sqlite:///")) not in ("", ":memory:"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)

    @cached_property
    def signing_key(self) -> str:
        """``SECRET_KEY``, or a random key that the first start writes beside the database."""
        if self.secret_key:
            return self.secret_key
        return kept_key(INSTANCE / "secret_key")


def as_table() -> str:
    """The settings as the Markdown table of docs/settings.md."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if name == "database_url" or field.default in ("", [], {}) else f"`{field.default}`"
        rows.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)
