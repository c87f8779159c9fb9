"""Encodes pictures anew, so that anything a camera or an attacker put beside the pixels is gone."""

import threading
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from poker_app.errors import Invalid
from poker_app.files.kinds import PICTURES

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

# Pixels of a picture, of all its frames together: 160 MB while it is made anew.
MAX_PIXELS = 40_000_000
MAX_FRAMES = 300
# The longest side that is kept: twice the width of a large window.
MAX_SIDE = 2_560
# Width and height that a thumbnail fits into, at twice the size in which it is shown.
THUMBNAIL = (320, 240)
THUMBNAIL_KIND = "image/webp"
TOO_LARGE = f"This picture has more than {MAX_PIXELS // 1_000_000} million pixels. Make it smaller and add it again."
BROKEN = "This picture could not be read. Save it again, or add it in another format."

# One at a time in a process, so that what they take of memory is bounded.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Made:
    """A picture encoded anew and its thumbnail, each at its beginning, with their lengths in bytes; ``width`` and
    ``height`` are the picture's, in pixels."""

    content: IO[bytes]
    size: int
    thumbnail: IO[bytes]
    thumbnail_size: int
    width: int
    height: int


def remake(content: IO[bytes], kind: str) -> Made:
    """Encodes a picture of this media type anew, in its own format: upright, at most ``MAX_SIDE`` long, without
    metadata. The thumbnail is a WebP.

    Raises:
        Invalid: (422) it is broken, or has more than ``MAX_PIXELS``.
    """
    from PIL import Image

    with _turn:
        try:
            with Image.open(content, formats=[name for name, each in PICTURES.items() if each == kind]) as picture:
                frames = int(getattr(picture, "n_frames", 1))
                if picture.width * picture.height * frames > MAX_PIXELS or frames > MAX_FRAMES:
                    raise Invalid(TOO_LARGE)
                return _remade(picture, frames)
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, Image.DecompressionBombError) as problem:
            # The library's many readers raise these for bytes that are no picture.
            raise Invalid(BROKEN) from problem


def _remade(picture: "Picture", frames: int) -> Made:
    from PIL import ImageOps, ImageSequence

    form = picture.format or ""
    profile = picture.info.get("icc_profile")
    more: dict[str, Any] = {"icc_profile": profile} if profile else {}
    if frames > 1:
        shown = [_fitting(frame.convert("RGBA")) for frame in ImageSequence.Iterator(picture)]
        lasting = picture.info.get("duration", 100)
        more |= {"save_all": True, "append_images": shown[1:], "loop": 0, "duration": lasting or 100}
        first = shown[0]
    else:
        first = _fitting(_plain(ImageOps.exif_transpose(picture)))
        if form == "JPEG":
            more |= {"quality": 85, "progressive": True}
            first = first.convert("RGB")
        elif form == "WEBP":
            more |= {"quality": 85}
    kept: IO[bytes] = SpooledTemporaryFile(max_size=1_000_000)  # noqa: SIM115 (closed by the caller that stores it)
    first.save(kept, form, **more)
    size = kept.tell()
    kept.seek(0)
    small = first.convert("RGBA" if first.has_transparency_data else "RGB")
    small.thumbnail(THUMBNAIL)
    thumbnail = BytesIO()
    small.save(thumbnail, "WEBP", quality=80)
    thumbnail_size = thumbnail.tell()
    thumbnail.seek(0)
    return Made(kept, size, thumbnail, thumbnail_size, first.width, first.height)


def _plain(picture: "Picture") -> "Picture":
    """Converts a picture to a mode that every format takes, without anything beside the pixels."""
    wanted = "RGBA" if picture.has_transparency_data else "L" if picture.mode in ("1", "L") else "RGB"
    plain = picture.convert(wanted)
    plain.info = {}
    return plain


def _fitting(picture: "Picture") -> "Picture":
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return picture
