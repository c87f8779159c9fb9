"""The token of an UploadThing app: what ``UPLOADTHING_TOKEN`` holds."""

import base64
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

MALFORMED = (
    "UPLOADTHING_TOKEN is not a token of UploadThing. Copy it whole, without quotation marks, from the dashboard: API "
    "Keys, version 7."
)
OLD = "UPLOADTHING_TOKEN is a key of UploadThing's version 6. Copy the token of version 7 from the dashboard: API Keys."

# A host's name or a part of one.
_Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")]


class Token(BaseModel):
    """The app that a token is for, and the key that signs for it. Uploads go to a region of the ingest host."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, hide_input_in_errors=True)

    api_key: str = Field(pattern="^sk_", repr=False)
    app_id: _Host
    regions: list[_Host] = Field(min_length=1)
    ingest_host: _Host = "ingest.uploadthing.com"


def read_token(text: str) -> Token:
    """Decodes a token: the base64 form of a JSON object. Raises ValueError with a sentence for one that is malformed,
    which does not quote the token."""
    if text.startswith("sk_"):
        raise ValueError(OLD)
    try:
        return Token.model_validate_json(base64.b64decode(text, validate=True))
    except ValueError:
        # Without the cause, which quotes parts of it.
        raise ValueError(MALFORMED) from None
