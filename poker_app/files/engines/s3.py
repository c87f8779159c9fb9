"""Files in a bucket of a store that speaks S3, of Amazon or of others: browsers send to it and get from it themselves,
by signed addresses."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from secrets import token_hex
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlsplit

import requests

from poker_app.files.engines.base import (
    ALLOWED_FOR,
    IN_MEMORY,
    OCTETS,
    PIECE,
    SIGNED_FOR,
    TIMEOUTS,
    WAITING,
    StoreError,
    Timeouts,
    Upload,
    copied,
    in_time,
    spooled,
)
from poker_app.settings import Settings

# Seconds for which a browser may show a file from its cache.
CACHED_FOR = 3_600
REACH = "Check S3_ENDPOINT, S3_REGION and the network."
# What to do about an answer of the store, by its code.
_KEYS = "Correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
_PLACE = "Correct S3_BUCKET, S3_REGION and S3_ENDPOINT."
ADVICE = {
    "NoSuchBucket": f"Make the bucket. {_PLACE}",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "AccessDenied": "Give the key the rights of docs/files.md on the bucket.",
    "AuthorizationHeaderMalformed": _PLACE,
    "PermanentRedirect": _PLACE,
    "RequestTimeTooSkewed": "Let the machine follow a time server (NTP).",
}


class Place(NamedTuple):
    """Where a bucket is."""

    bucket: str
    region: str
    endpoint: str
    """Address of the store, without the bucket."""
    own_host: bool
    """Whether the bucket's name is in front of the store's host, and not in the path."""

    @property
    def origin(self) -> str:
        scheme, host = urlsplit(self.endpoint)[:2]
        return f"{scheme}://{self.bucket}.{host}" if self.own_host else f"{scheme}://{host}"


def place(bucket: str, region: str, endpoint: str) -> Place:
    """Finds a bucket: at Amazon where there is no ``endpoint``. A name with dots is no host under a wildcard
    certificate."""
    if not endpoint:
        return Place(bucket, region, f"https://s3.{region}.amazonaws.com", "." not in bucket)
    return Place(bucket, region, endpoint.rstrip("/").replace("{bucket}.", ""), "{bucket}" in endpoint)


class S3:
    """The store ``s3``. ``page`` is the origin of this service's pages, for the check that the bucket lets them send;
    empty where it is not known."""

    def __init__(
        self, where: Place, keys: tuple[str, str] | None, *, page: str = "", timeouts: Timeouts = TIMEOUTS
    ) -> None:
        self._place, self._keys, self._page, self._timeouts = where, keys, page, timeouts
        self.origins: tuple[str, ...] = (where.origin,)

    @classmethod
    def of(cls, settings: Settings) -> "S3":
        """The store that the settings name; without keys in them, with those that boto3 finds by itself."""
        where = place(settings.s3_bucket, settings.s3_region, settings.s3_endpoint)
        keys = (settings.s3_access_key_id, settings.s3_secret_access_key) if settings.s3_access_key_id else None
        scheme, host = urlsplit(settings.public_url)[:2]
        return cls(where, keys, page=f"{scheme}://{host}" if host else "")

    @cached_property
    def _client(self) -> Any:
        # Imported here, so that a process starts without it.
        from boto3.session import Session
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            connect_timeout=self._timeouts.connect,
            read_timeout=self._timeouts.read,
            retries={"total_max_attempts": self._timeouts.tries, "mode": "standard"},
            # Stores beside Amazon's do not all know the newer checksums, and a signed address must not ask for one.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "virtual" if self._place.own_host else "path"},
        )
        key_id, secret = self._keys or (None, None)
        return Session().client(
            "s3",
            region_name=self._place.region,
            endpoint_url=self._place.endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=config,
        )

    def upload(self, key: str, size: int, name: str) -> Upload:
        url = self._signed("put_object", ALLOWED_FOR, key, ContentLength=size, ContentType=OCTETS)
        return Upload(url, {"Content-Type": OCTETS}, "")

    def write(self, key: str, content: IO[bytes], size: int, kind: str, save_as: str | None = None) -> int:
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            count = copied(content, spool, size)
            if count == size:
                spool.seek(0)
                with _translated():
                    self._client.put_object(**self._at(key), Body=spool, ContentLength=size, ContentType=kind or OCTETS)
        return count

    def open(self, key: str, limit: int) -> IO[bytes]:
        with _translated(), closing(self._client.get_object(**self._at(key))["Body"]) as body:
            return spooled(in_time(body.iter_chunks(PIECE), self._timeouts.whole), limit)

    def address(self, key: str, kind: str, save_as: str | None) -> str | None:
        disposition = "inline" if save_as is None else f"attachment; filename*=UTF-8''{quote(save_as, safe='')}"
        return self._signed(
            "get_object",
            SIGNED_FOR,
            key,
            ResponseContentType=kind,
            ResponseContentDisposition=disposition,
            ResponseCacheControl=f"private, max-age={CACHED_FOR}",
        )

    def delete(self, key: str) -> None:
        with _translated():
            self._client.delete_object(**self._at(key))

    def check(self) -> None:
        key = f"{WAITING}{token_hex(8)}"
        with _translated():
            self._client.put_object(**self._at(key), Body=b"\0", ContentType=OCTETS)
            self._client.delete_object(**self._at(key))
        try:
            self.open(key, 1).close()
        except FileNotFoundError:
            pass
        except StoreError as refused:
            message = f"the store does not say of a file that it is not there ({refused})"
            raise StoreError(message, "Give the key s3:ListBucket on the bucket, as docs/files.md does.") from refused
        if self._page:
            self._check_cors(self.upload(key, 1, "").url)

    def _check_cors(self, url: str) -> None:
        """Asks as a browser does before it sends a file from another origin."""
        asked = {
            "Origin": self._page,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type",
        }
        try:
            answer = requests.options(url, headers=asked, timeout=self._timeouts[:2])
        except requests.RequestException as problem:
            # Without the cause, which quotes the signed address.
            message = f"the store did not answer as browsers ask: {type(problem).__name__}"
            raise StoreError(message, REACH) from None
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        if not answer.ok or allowed not in ("*", self._page):
            message = f"pages of {self._page} may not send to the bucket (its answer was {answer.status_code})"
            raise StoreError(message, "Give the bucket the CORS rule of docs/files.md, with that origin.")

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": key}

    def _signed(self, method: str, seconds: int, key: str, **more: object) -> str:
        with _translated():
            wanted = {**self._at(key), **more}
            return str(self._client.generate_presigned_url(method, Params=wanted, ExpiresIn=seconds))


@contextmanager
def _translated() -> Iterator[None]:
    """Raises FileNotFoundError for a key without bytes, and StoreError for whatever else boto3 raises."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        if code == "NoSuchKey":
            raise FileNotFoundError("There is nothing under this key.") from refused
        advice = ADVICE.get(code, "The log says what the store answered.")
        raise StoreError(
            f"the store answered {code}: {refused.response['Error'].get('Message', '')}", advice
        ) from refused
    except NoCredentialsError as missing:
        raise StoreError(str(missing), "Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.") from missing
    except BotoCoreError as problem:
        raise StoreError(str(problem), REACH) from problem
