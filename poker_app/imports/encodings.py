"""Detects the encoding of a file and decodes it."""

import codecs

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Of Windows and of older Macs. The library takes Spanish in them for Polish.
_WESTERN = ("cp1252", "mac_roman")
_WESTERN_SIGNS = frozenset(
    "äöüßÄÖÜàâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛáíóúñÁÍÓÚÑãõÃÕåÅøØìòÌÒ¿¡ªº“”„‘’‚‹›«»–—…•·€£§©®™°±×½¼¾²³µ´\xa0\xad"
)
# Bytes by which an encoding is detected.
MAX_SAMPLE = 64 * 1024


def decoded(content: bytes) -> str:
    """The text. Bytes that no encoding explains become U+FFFD. A NUL is left out: no database keeps it."""
    return _decoded(content).replace("\0", "")


def _decoded(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    if encoding := _without_mark(content[:MAX_SAMPLE]):
        return content.decode(encoding, errors="replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode(_single_byte(content), errors="replace")


def _without_mark(sample: bytes) -> str:
    """UTF-16 without a mark: every other byte of most texts is 0 there."""
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(zeros) > 2 and 2 * zeros.count(0) > len(zeros):
            return encoding
    return ""


def _single_byte(content: bytes) -> str:
    unusual = bytes(sorted({byte for byte in content if byte > 127}))
    for encoding in _WESTERN:
        if set(unusual.decode(encoding, errors="replace")) <= _WESTERN_SIGNS:
            return encoding
    from charset_normalizer import from_bytes

    best = from_bytes(content[:MAX_SAMPLE]).best()
    return best.encoding if best else "cp1252"
