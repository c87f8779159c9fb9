"""The settings of each store of files, and the check that they are complete and do not contradict each other."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from poker_app.uploadthing_token import read_token


class StoreSettings(Protocol):
    """The settings of the store."""

    @property
    def files(self) -> str: ...
    @property
    def s3_bucket(self) -> str: ...
    @property
    def s3_endpoint(self) -> str: ...
    @property
    def s3_access_key_id(self) -> str: ...
    @property
    def s3_secret_access_key(self) -> str: ...
    @property
    def uploadthing_token(self) -> str: ...
    @property
    def uploadthing_base(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Store:
    """The settings of one store. Those of the others are refused beside it: they were filled in for something."""

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


STORES = {
    "disk": Store(takes=("files_folder",)),
    "s3": Store(needs=("s3_bucket", "s3_region"), takes=("s3_endpoint", "s3_access_key_id", "s3_secret_access_key")),
    "uploadthing": Store(needs=("uploadthing_token",), takes=("uploadthing_base",)),
}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ENDPOINT = re.compile(r"https?://(\{bucket\}\.)?[a-zA-Z0-9.-]+(:\d{1,5})?/?|https?://\[[0-9a-fA-F:]+\](:\d{1,5})?/?")


def check_store(settings: StoreSettings) -> None:
    """Checks the store's settings. Raises ValueError with what is missing or contradictory."""
    name = settings.files
    if name == "off":
        return
    own = STORES[name]
    every = [each for store in STORES.values() for each in (*store.needs, *store.takes)]
    if strange := _given(settings, [each for each in every if each not in (*own.needs, *own.takes)]):
        raise ValueError(f"FILES={name} has no use for {', '.join(strange)}: leave out one or the other.")
    given = _given(settings, own.needs)
    if missing := [needed.upper() for needed in own.needs if needed.upper() not in given]:
        raise ValueError(f"FILES={name} also needs {', '.join(missing)}.")
    if name == "s3":
        _check_s3(settings)
    if name == "uploadthing":
        _check_uploadthing(settings)


def _check_s3(settings: StoreSettings) -> None:
    if bool(settings.s3_access_key_id) != bool(settings.s3_secret_access_key):
        raise ValueError("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are set together, or neither is.")
    if not _BUCKET.fullmatch(settings.s3_bucket):
        raise ValueError("S3_BUCKET is a bucket's name alone, such as faceup-files.")
    if settings.s3_endpoint and not _ENDPOINT.fullmatch(settings.s3_endpoint):
        raise ValueError(
            "S3_ENDPOINT is a store's address without the bucket, such as https://s3.example.com, or "
            "https://{bucket}.s3.example.com where each bucket has a host."
        )


def _check_uploadthing(settings: StoreSettings) -> None:
    token = read_token(settings.uploadthing_token)
    if settings.uploadthing_base and "_live_" in token.api_key:
        raise ValueError("UPLOADTHING_BASE is for tests: a live key signs for no other than UploadThing.")


def _given(settings: StoreSettings, names: Iterable[str]) -> list[str]:
    return [name.upper() for name in names if getattr(settings, name)]
