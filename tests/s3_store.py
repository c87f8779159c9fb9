"""A real store that speaks S3, in a process of its own: moto's server, and in front of it what moto does not do.

Signatures are recomputed after Amazon's description of Signature Version 4, and refused where they are wrong, expired,
or for another length, header or body. Pages of other origins are answered by the bucket's CORS rules alone.
"""

import hashlib
import hmac
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, quote

from werkzeug.wrappers import Request, Response

from poker_app.settings import ROOT

KEY_ID, SECRET, REGION, BUCKET = "AKIAFACEUPTESTS", "a secret of the tests", "eu-central-1", "faceup-files"
# The same without s3:ListBucket: for it nothing is not there.
BLIND_KEY_ID = "AKIAFACEUPBLIND"
CORS_RULE = {"AllowedMethods": ["PUT"], "AllowedHeaders": ["content-type"], "MaxAgeSeconds": 3_000}
SKEW = timedelta(minutes=15)
_AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=(\S+?), ?SignedHeaders=(\S+?), ?Signature=([0-9a-f]{64})")
_DATE = "%Y%m%dT%H%M%SZ"

Wsgi = Callable[..., Iterable[bytes]]


class S3Server:
    """The server, with a bucket to which pages of any origin may send."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.s3_store"]
        self._server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout
        with self._server.stdout as said:
            self.url = said.readline().strip()
        self.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.lets_pages_send("*")

    def stop(self) -> None:
        self.client.close()
        self._server.terminate()
        self._server.wait(20)

    @cached_property
    def client(self) -> Any:
        """The library's client, with the server's keys."""
        from boto3.session import Session

        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        return Session().client("s3", region_name=REGION, endpoint_url=self.url, **keys)

    def lets_pages_send(self, *origins: str) -> None:
        rule = {**CORS_RULE, "AllowedOrigins": list(origins)}
        self.client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})

    def empty(self) -> None:
        for key in self.stored():
            self.client.delete_object(Bucket=BUCKET, Key=key)

    def stored(self) -> set[str]:
        """The keys that the bucket has something under."""
        return {each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])}

    @property
    def settings(self) -> dict[str, str]:
        """As the environment has them."""
        place = {"FILES": "s3", "S3_BUCKET": BUCKET, "S3_REGION": REGION, "S3_ENDPOINT": self.url}
        return {**place, "S3_ACCESS_KEY_ID": KEY_ID, "S3_SECRET_ACCESS_KEY": SECRET}


# --- in the server's process


class Refused(Exception):
    """An answer of S3 that is an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Strict:
    """A WSGI application that passes on to ``moto`` what S3 would take."""

    def __init__(self, moto: Wsgi) -> None:
        self._moto = moto

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        allowed = _allowed_by_cors(request)
        if request.method == "OPTIONS":
            answer = Response(status=200 if allowed else 403)
        else:
            try:
                body = request.get_data()
                if len(body) != (request.content_length or 0):
                    raise Refused(400, "IncompleteBody")
                _check_signature(request, body)
            except Refused as refused:
                answer = _error(refused.status, refused.code)
            else:
                environ["wsgi.input"] = BytesIO(body)
                answer = Response.from_app(self._moto, environ)
                if answer.status_code == 404 and BLIND_KEY_ID in request.headers.get("Authorization", ""):
                    answer = _error(403, "AccessDenied")
        for name in [name for name, _ in answer.headers if name.lower().startswith("access-control-")]:
            answer.headers.remove(name)
        answer.headers.update(allowed)
        return answer(environ, start_response)


def _error(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code></Error>", status, mimetype="text/xml")


def _allowed_by_cors(request: Request) -> dict[str, str]:
    """The headers by which a browser lets a page of another origin go on; none where no rule allows it."""
    from moto.s3.models import s3_backends

    origin = request.headers.get("Origin")
    bucket = s3_backends["123456789012"]["aws"].buckets.get(request.path.split("/")[1])
    method = request.headers.get("Access-Control-Request-Method", request.method)
    wanted = {name.strip().lower() for name in request.headers.get("Access-Control-Request-Headers", "").split(",")}
    for rule in bucket.cors if bucket and origin else ():
        headers = rule.allowed_headers or []
        allowed = {each.lower() for each in ([headers] if isinstance(headers, str) else headers)}
        if method in rule.allowed_methods and wanted - {""} <= allowed and {origin, "*"} & set(rule.allowed_origins):
            return {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": ", ".join(rule.allowed_methods),
                "Access-Control-Allow-Headers": ", ".join(sorted(allowed)),
                "Vary": "Origin",
            }
    return {}


def _check_signature(request: Request, body: bytes) -> None:
    """Raises Refused, unless the request is signed by the key, is not too old, and is as it was signed."""
    raw_path, _, raw_query = request.environ["REQUEST_URI"].partition("?")
    query = parse_qsl(raw_query, keep_blank_values=True)
    given = dict(query)
    now = datetime.now(UTC)
    if "X-Amz-Signature" in given:
        credential, names, signature = (given[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature"))
        signed_at, payload = given["X-Amz-Date"], "UNSIGNED-PAYLOAD"
        query = [(name, value) for name, value in query if name != "X-Amz-Signature"]
        if now > _moment(signed_at) + timedelta(seconds=int(given["X-Amz-Expires"])):
            raise Refused(403, "AccessDenied")
    elif found := _AUTHORIZATION.fullmatch(request.headers.get("Authorization", "")):
        credential, names, signature = found.groups()
        signed_at, payload = request.headers["X-Amz-Date"], request.headers["X-Amz-Content-SHA256"]
        if abs(now - _moment(signed_at)) > SKEW:
            raise Refused(403, "RequestTimeTooSkewed")
        if payload not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            raise Refused(400, "XAmzContentSHA256Mismatch")
    else:
        raise Refused(403, "AccessDenied")
    key_id, _, scope = credential.partition("/")
    if key_id not in (KEY_ID, BLIND_KEY_ID):
        raise Refused(403, "InvalidAccessKeyId")
    if scope != f"{signed_at[:8]}/{REGION}/s3/aws4_request":
        raise Refused(400, "AuthorizationHeaderMalformed")
    unsigned = {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")} | {"host"}
    if not unsigned <= set(names.split(";")):
        raise Refused(403, "AccessDenied")
    canonical = "\n".join(
        [
            request.method,
            raw_path,
            "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query)),
            *(f"{name}:{request.headers.get(name, '').strip()}" for name in names.split(";")),
            "",
            names,
            payload,
        ]
    )
    wanted = "\n".join(["AWS4-HMAC-SHA256", signed_at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + SECRET.encode()
    for part in (*scope.split("/"), wanted):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(key.hex(), signature):
        raise Refused(403, "SignatureDoesNotMatch")


def _moment(signed_at: str) -> datetime:
    return datetime.strptime(signed_at, _DATE).replace(tzinfo=UTC)


def main() -> None:
    """Serves at a port of the system's choice, and prints its address once it listens."""
    import logging

    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Strict(create_backend_app("s3")), threaded=True)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
