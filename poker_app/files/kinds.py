"""The media type of an uploaded file, detected from its content and never from its name."""

import zipfile
import zlib
from codecs import getincrementaldecoder
from typing import IO, NamedTuple

from poker_app.errors import Invalid

PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
"""Pictures by the name that the library for pictures gives their format."""
PDF, TEXT = "application/pdf", "text/plain"
_OFFICE = "application/vnd.openxmlformats-officedocument"
# The part that makes a package of ECMA-376 what it is, by its path.
OFFICE = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OFFICE}.presentationml.presentation",
}


class Kind(NamedTuple):
    """How a media type is called, and the ending of a file's name that goes with it."""

    label: str
    ending: str


KINDS = {
    PDF: Kind("PDF", ".pdf"),
    TEXT: Kind("Text", ".txt"),
    OFFICE["word/document.xml"]: Kind("Word", ".docx"),
    OFFICE["xl/workbook.xml"]: Kind("Excel", ".xlsx"),
    OFFICE["ppt/presentation.xml"]: Kind("PowerPoint", ".pptx"),
    "image/png": Kind("PNG", ".png"),
    "image/jpeg": Kind("JPEG", ".jpg"),
    "image/webp": Kind("WEBP", ".webp"),
    "image/gif": Kind("GIF", ".gif"),
}
UNKNOWN = (
    "This kind of file is not taken. Pictures (PNG, JPEG, WebP, GIF), PDF, Word, Excel, PowerPoint and plain text are."
)
# A package lists its parts at its end; one with more parts is no document that a person wrote.
MAX_PARTS = 10_000
_ARCHIVE = b"PK\x03\x04"
# Bytes of a text that are looked at at once.
PIECE = 256 * 1024
# Bytes that no text has: all controls but tab, line feed, form feed, carriage return and escape.
_NO_TEXT = bytes(set(range(32)) - {9, 10, 12, 13, 27}) + b"\x7f"
# Beginnings of files that a browser or a shell would run.
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml", b"<?php", b"#!")


def saved_as(name: str, kind: str) -> str:
    """The name with the ending that goes with a media type, whatever it was called before."""
    ending = KINDS[kind].ending
    return name if name.lower().endswith(ending) else name + ending


def kind_of(content: IO[bytes]) -> str:
    """Detects the media type of a file. The stream is at its beginning again afterwards.

    Raises:
        Invalid: (422) it is of no kind that is taken.
    """
    kind = _picture(content)
    if kind is None:
        head = content.read(len(_ARCHIVE) + 1)
        content.seek(0)
        if head.startswith(_ARCHIVE):
            kind = _package(content)
        elif head.startswith(b"%PDF-"):
            kind = PDF
        elif _is_text(content):
            kind = TEXT
    content.seek(0)
    if kind is None:
        raise Invalid(UNKNOWN)
    return kind


def _picture(content: IO[bytes]) -> str | None:
    """Media type of a picture, by its header alone."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(content, formats=list(PICTURES)) as picture:
            return PICTURES[picture.format or ""]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    finally:
        content.seek(0)


def _package(content: IO[bytes]) -> str | None:
    """Media type of an Office document; None for any other archive."""
    try:
        with zipfile.ZipFile(content) as package:
            names = package.namelist()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, UnicodeDecodeError):
        return None
    if len(names) > MAX_PARTS or "[Content_Types].xml" not in names or any("vbaProject" in name for name in names):
        return None
    return next((kind for part, kind in OFFICE.items() if part in names), None)


def _is_text(content: IO[bytes]) -> bool:
    """Whether the file is UTF-8 without control characters, and nothing that a browser or a shell would run."""
    head = content.read(PIECE)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MARKUP):
        return False
    content.seek(0)
    decoder = getincrementaldecoder("utf-8")()
    try:
        while piece := content.read(PIECE):
            if piece.translate(None, _NO_TEXT) != piece:
                return False
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
