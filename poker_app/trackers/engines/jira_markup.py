"""Markdown in Jira's two markups: the documents (ADF) of Jira Cloud and the wiki markup of Jira Data Center.

ADF: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
Wiki: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode


def to_adf(markdown: str) -> dict[str, Any]:
    """Markdown as a document."""
    return {"type": "doc", "version": 1, "content": _blocks(_tree(markdown).children, nested=False)}


def to_wiki(markdown: str) -> str:
    """Markdown as wiki markup."""
    return "\n\n".join(_wiki_block(block) for block in _tree(markdown).children)


@cache
def _parser() -> "MarkdownIt":
    """Imported where it is used: few requests write a comment."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False})


def _tree(markdown: str) -> "SyntaxTreeNode":
    from markdown_it.tree import SyntaxTreeNode

    return SyntaxTreeNode(_parser().parse(markdown))


# --- to documents


def _blocks(nodes: "Sequence[SyntaxTreeNode]", *, nested: bool) -> list[dict[str, Any]]:
    """In a document, what stands in lists and quotations (``nested``) has no headings, rules and quotations."""
    made: list[dict[str, Any]] = []
    for node in nodes:
        if node.type in ("bullet_list", "ordered_list"):
            name = "bulletList" if node.type == "bullet_list" else "orderedList"
            made.append({"type": name, "content": [_item(each) for each in node.children]})
        elif node.type in ("fence", "code_block"):
            made.append({"type": "codeBlock", "content": _text(node.content.rstrip("\n"), ())})
        elif node.type == "blockquote":
            inside = _blocks(node.children, nested=True)
            made += inside if nested or not inside else [{"type": "blockquote", "content": inside}]
        elif node.type == "hr":
            made += [] if nested else [{"type": "rule"}]
        elif node.type == "heading" and not nested:
            made.append({"type": "heading", "attrs": {"level": int(node.tag[1:])}, "content": _inline(node, ())})
        else:
            made.append({"type": "paragraph", "content": _inline(node, ())})
    return made


def _item(node: "SyntaxTreeNode") -> dict[str, Any]:
    content = _blocks(node.children, nested=True)
    if not content or content[0]["type"] not in ("paragraph", "codeBlock"):
        content = [{"type": "paragraph", "content": []}, *content]
    return {"type": "listItem", "content": content}


def _inline(node: "SyntaxTreeNode", marks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A text has each mark once."""
    made: list[dict[str, Any]] = []
    for each in node.children:
        if each.type in ("strong", "em"):
            others = [mark for mark in marks if mark["type"] != each.type]
            made += _inline(each, (*others, {"type": each.type}))
        elif each.type == "link":
            made += _inline(each, (*marks, {"type": "link", "attrs": {"href": str(each.attrs["href"])}}))
        elif each.type == "code_inline":
            # Beside code a document allows the mark of a link only.
            links = [mark for mark in marks if mark["type"] == "link"]
            made += _text(each.content, (*links, {"type": "code"}))
        elif each.type == "hardbreak":
            made.append({"type": "hardBreak"})
        elif each.type == "softbreak":
            made += _text(" ", marks)
        elif each.type == "inline":
            made += _inline(each, marks)
        else:
            made += _text(each.content, marks)
    return made


def _text(text: str, marks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    if not text:
        return []
    return [{"type": "text", "text": text, **({"marks": [*marks]} if marks else {})}]


# --- to wiki markup

_SPECIAL = re.compile(r"[{}\[\]*_|!^~+]|(?<!\w)[-#]|-(?!\w)|^[hb](?=[1-6q]\.)")


def _wiki_block(node: "SyntaxTreeNode", bullets: str = "") -> str:
    if node.type in ("bullet_list", "ordered_list"):
        bullets += "*" if node.type == "bullet_list" else "#"
        return "\n".join(_wiki_item(each, bullets) for each in node.children)
    if node.type in ("fence", "code_block"):
        return f"{{code}}\n{node.content}{{code}}"
    if node.type == "blockquote":
        return "{quote}\n" + "\n\n".join(_wiki_block(each) for each in node.children) + "\n{quote}"
    if node.type == "hr":
        return "----"
    if node.type == "heading":
        return f"h{node.tag[1:]}. {_wiki_inline(node)}"
    return _wiki_inline(node)


def _wiki_item(node: "SyntaxTreeNode", bullets: str) -> str:
    lines = [_wiki_block(each, bullets) for each in node.children]
    if node.children and node.children[0].type in ("bullet_list", "ordered_list"):
        return "\n".join(lines)
    return f"{bullets} " + "\n".join(lines)


def _wiki_inline(node: "SyntaxTreeNode") -> str:
    written = []
    for each in node.children:
        if each.type in ("strong", "em"):
            mark = "*" if each.type == "strong" else "_"
            written.append(f"{mark}{_wiki_inline(each)}{mark}")
        elif each.type == "link":
            written.append(f"[{_wiki_inline(each)}|{each.attrs['href']}]")
        elif each.type == "code_inline":
            written.append("{{" + _escaped(each.content) + "}}")
        elif each.type == "inline":
            written.append(_wiki_inline(each))
        elif each.type in ("hardbreak", "softbreak"):
            written.append("\n" if each.type == "hardbreak" else " ")
        else:
            written.append(_escaped(each.content))
    return "".join(written)


def _escaped(text: str) -> str:
    # Two backslashes are a line break there, so that one cannot be escaped by another.
    return _SPECIAL.sub(r"\\\g<0>", text.replace("\\", "\0")).replace("\0", "&#92;")
