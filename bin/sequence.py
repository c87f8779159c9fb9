#!/usr/bin/env python3
"""Draw a sequence of messages as SVG, from lines of text. Without arguments: docs/pictures/vote.svg from docs/vote.txt.

lane a = Title | subtitle     a column, from left to right
a -> b: text                  a message
a => b: text                  an answer, dashed
a: text                       what happens at a
# text                        a comment
"""

import re
import sys
import textwrap
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE, PICTURE = ROOT / "docs/vote.txt", ROOT / "docs/pictures/vote.svg"

# Pixels.
LANE, HEAD, MARGIN, LINE = 190, 64, 20, 16
GAP = 18  # between two steps
LETTER = 6.3  # the width of a letter of 12 pixels, about
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #14231f }
.title { font-weight: 600; font-size: 14px }
.small { fill: #4c5d57; font-size: 11px }
.lane { fill: #c4e0d3; stroke: #00513f }
.life { stroke: #9fb3ab; stroke-dasharray: 2 4 }
.note { fill: #fcf3cf; stroke: #b07d1e }
.message { stroke: #00513f; stroke-width: 1.5 }
.answer { stroke-dasharray: 6 4 }
"""


def parse(text):
    """Lanes, as {key: (title, subtitle)}, and steps, as (from, to, dashed, text). Raises ValueError."""
    lanes, steps = {}, []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if found := re.fullmatch(r"lane (\w+) = ([^|]+?)(?: \| (.+))?", line):
            lanes[found[1]] = found[2], found[3] or ""
        elif (found := re.fullmatch(r"(\w+)(?: (->|=>) (\w+))?: (.+)", line)) and {found[1], found[3] or found[1]} <= {
            *lanes
        }:
            steps.append((found[1], found[3] or found[1], found[2] == "=>", found[4]))
        else:
            raise ValueError(f"not a lane, a message or a note: {line}")
    return lanes, steps


def drawn(text):
    """The picture of a text, as SVG. Raises ValueError for a line that says nothing known."""
    lanes, steps = parse(text)
    middle = {key: MARGIN + LANE * place + LANE / 2 for place, key in enumerate(lanes)}
    width = MARGIN * 2 + LANE * len(lanes)
    body, y = [], MARGIN + HEAD + GAP
    for number, (start, end, dashed, words) in enumerate(steps, 1):
        draw = note if start == end else message
        piece, height = draw(f"{number}. {shortened(words)}", middle[start], middle[end], y, dashed)
        body += piece
        y += height + GAP
    heads = [piece for key, names in lanes.items() for piece in head(middle[key], y, *names)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + MARGIN:g}" role="img">',
            f"<style>{STYLE}</style>",
            '<defs><marker id="tip" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
            '<path d="M0 0L9 4L0 8z" fill="#00513f"/></marker></defs>',
            f'<rect width="{width}" height="{y + MARGIN:g}" rx="12" fill="#f6f8f6"/>',
            *heads,
            *body,
            "</svg>\n",
        ]
    )


def head(x, bottom, title, subtitle):
    """A lane's box and the line below it."""
    yield f'<path class="life" d="M{x:g} {MARGIN + HEAD}V{bottom:g}"/>'
    yield f'<rect class="lane" x="{x - LANE / 2 + 8:g}" y="{MARGIN}" width="{LANE - 16}" height="{HEAD - 14}" rx="8"/>'
    yield from centred([title], x, MARGIN + (22 if subtitle else 30), "title")
    yield from centred([subtitle] if subtitle else [], x, MARGIN + 39, "small")


def message(words, start, end, y, dashed):
    """An arrow from one lane to another, with its text above it."""
    lines = folded(words, max(abs(end - start), LANE) - 16)
    height = len(lines) * LINE + 6
    kind = "message answer" if dashed else "message"
    arrow = f'<path class="{kind}" d="M{start:g} {y + height:g}H{end:g}" marker-end="url(#tip)"/>'
    return [*backed(lines, (start + end) / 2, y), arrow], height


def note(words, x, _end, y, _dashed):
    """A box on one lane."""
    lines = folded(words, LANE - 32)
    height = len(lines) * LINE + 10
    box = f'<rect class="note" x="{x - LANE / 2 + 8:g}" y="{y:g}" width="{LANE - 16}" height="{height}" rx="4"/>'
    return [box, *centred(lines, x, y + 17)], height


def shortened(words):
    """A text with the names of its files alone: paths are for the tests and for whoever moves them."""
    return re.sub(r"(?<![\w/])(?:\w+/)+(?=[\w-]+\.(?:py|js)\b)", "", words)


def folded(words, width):
    return textwrap.wrap(words, int(width / LETTER))


def backed(lines, x, y):
    """Lines of text with a background, so that lanes do not run through them."""
    wide = max(map(len, lines)) * LETTER + 8
    yield f'<rect x="{x - wide / 2:g}" y="{y:g}" width="{wide:g}" height="{len(lines) * LINE + 2}" fill="#f6f8f6"/>'
    yield from centred(lines, x, y + 13)


def centred(lines, x, y, kind=""):
    about = f' class="{kind}"' if kind else ""
    for place, line in enumerate(lines):
        yield f'<text{about} x="{x:g}" y="{y + place * LINE:g}" text-anchor="middle">{escape(line)}</text>'


if __name__ == "__main__":
    source, picture = map(Path, sys.argv[1:]) if len(sys.argv) > 1 else (SOURCE, PICTURE)
    picture.write_text(drawn(source.read_text()))
