"""QR codes, drawn into the page."""

from markupsafe import Markup


def drawn(text: str) -> Markup:
    """Returns a QR code of a text, as an SVG. Segno is imported where it is used: few requests draw one."""
    import segno

    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=0, omitsize=True, dark="#10302a", svgclass=None, lineclass=None)
    return Markup(svg)  # noqa: S704 (segno draws squares, whatever the text says)
