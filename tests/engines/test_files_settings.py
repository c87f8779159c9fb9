"""What is missing or contradictory about a store of files is said at the start."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from poker_app import files
from poker_app.files_settings import STORES
from poker_app.settings import Settings

S3 = {"files": "s3", "s3_bucket": "faceup-files", "s3_region": "eu-central-1"}
FUNCTION = {"vercel": True, "database_url": "postgresql://x/y", "realtime": "none"}


def made(**given: Any) -> Settings:
    return Settings(_env_file=None, secret_key="x", **given)


def test_every_name_that_may_be_given_has_its_rows() -> None:
    names = {name for name in get_args(Settings.model_fields["files"].annotation) if name != "off"}
    assert names == STORES.keys() == files.ENGINES.keys()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"files": "s3"}, "FILES=s3 also needs S3_BUCKET, S3_REGION."),
        ({**S3, "s3_region": ""}, "FILES=s3 also needs S3_REGION."),
        ({**S3, "files_folder": "/srv/files"}, "FILES=s3 has no use for FILES_FOLDER: leave out one or the other."),
        # The default must not win over what was filled in.
        ({"s3_bucket": "faceup-files"}, "FILES=disk has no use for S3_BUCKET: leave out one or the other."),
        ({**S3, "s3_access_key_id": "AKIA"}, "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are set together"),
        ({**S3, "s3_secret_access_key": "x"}, "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are set together"),
        ({**S3, "s3_bucket": "s3://faceup-files"}, "S3_BUCKET is a bucket's name alone"),
        ({**S3, "s3_bucket": "faceup-files/uploads"}, "S3_BUCKET is a bucket's name alone"),
        ({**S3, "s3_endpoint": "s3.example.com"}, "S3_ENDPOINT is a store's address without the bucket"),
        ({**S3, "s3_endpoint": "https://s3.example.com/faceup-files"}, "S3_ENDPOINT is a store's address without"),
        ({**FUNCTION, "files": "disk"}, "no FILES=disk: a folder does not last there"),
    ],
)
def test_what_cannot_work_is_said(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as raised:
        made(**given)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("given", "stores"),
    [
        ({}, True),
        (S3, True),
        ({**S3, "s3_access_key_id": "AKIA", "s3_secret_access_key": "x"}, True),
        ({**S3, "s3_endpoint": "http://127.0.0.1:9000"}, True),
        ({**S3, "s3_endpoint": "http://[::1]:9000/"}, True),
        ({**S3, "s3_endpoint": "https://{bucket}.fra.example.com"}, True),
        ({**S3, "files": "off"}, False),
        (FUNCTION, False),
        ({**FUNCTION, "files": "off"}, False),
        ({**FUNCTION, **S3}, True),
    ],
)
def test_what_works_is_taken(given: dict[str, Any], stores: bool) -> None:
    assert made(**given).stores_files == stores
