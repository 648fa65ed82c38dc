"""The text of HTML with the borders of its blocks, and its labelled values.

Before an engine parses a page, the borders of its blocks are written into it as tabs and its line breaks as line
feeds, which are only white space to any parser. So the text of an element, one call in both engines, shows where its
blocks begin and end, and no tree is walked. In the same way each link begins with a mark.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stringzilla import find, translate

from harvester.source import FACETS, LEFT_OUT

Part = tuple[str, ...]
"""The lines of one block of text."""
LINK = "\x1f"
"""Precedes the text of each link in a page's text; all other control characters are removed."""

_BLOCKS = (
    rb"p|d(?:iv|[dlt])|t(?:[dhr]|able|body|head|foot|itle)|h[1-6r]|li|ul|ol|s(?:ection|elect)|header|footer|main|nav"
    rb"|a(?:rticle|side|ddress)|f(?:orm|ieldset|igure|igcaption)|b(?:lockquote|utton)|caption|pre|option|label"
)
# Letters of either case take twice as long to compare, and few pages have capital ones.
_BLOCK_TAG = re.compile(rb"<(?=/?(?:%b|(?=[a-z]{0,9}[A-Z])(?i:%b))[\s/>])" % (_BLOCKS, _BLOCKS))
_LINK = re.compile(rb"<(?=[aA] )")  # a pattern that begins with a letter is found faster than `replace` finds several
_BREAK = re.compile(rb"<(?=[bB][rR][\s/>])")
_BREAKS = (b"<br", b"<BR", b"<Br", b"<bR")
# Control characters could steer the terminal or end the text in a program that reads it. Two patterns that begin with
# different letters, so that both are found in one search.
_C1_BYTES = re.compile(rb"\xc2[\x80-\x9f]")
_ENTITIES = re.compile(
    rb"&#(?:[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|7[fF]|8[1dD]|9[0dD])|0*(?:[0-8]|1[1245-9]|2\d|3[01]|127|129|141|14[34]|157))"
    rb"(?![0-9a-fA-F]);?"
)
_WHITE = bytes.maketrans(bytes([*range(32), 127]), b" " * 33)


def mark_block_borders(data: bytes) -> bytes:
    """Write the borders of blocks as tabs, line breaks as line feeds, and a mark before each link."""
    data = translate(data, _WHITE)
    data = _C1_BYTES.sub(b" ", data) if b"\xc2" in data else data
    data = _ENTITIES.sub(b" ", data) if find(data, b"&#") >= 0 else data
    data = _BREAK.sub(b"\n<", data) if any(find(data, tag) >= 0 for tag in _BREAKS) else data
    data = _BLOCK_TAG.sub(b"\t<", data)
    return _LINK.sub(b"\x1f<", data)


_LONG = 1000
"""Characters from which on a text is looked through as a whole."""


def parts_of(text: str) -> list[Part]:
    """Return the parts of an element's text, each as its lines, without white space around them."""
    if "\t" not in text and "\n" not in text and "  " not in text:  # as most links and values are
        line = text.replace(LINK, "").strip()
        return [(line,)] if line else []
    text = text.replace(LINK, "")
    lines = [*filter(None, map(str.strip, text.split("\t")))]
    if len(text) > _LONG and "\n" not in text and find(text, "  ") < 0:  # as nearly all texts of documents are
        return [(line,) for line in lines]
    return [_part(line) if "\n" in line or "  " in line else (line,) for line in lines]


def _part(text: str) -> Part:
    return tuple(filter(None, map(_single_spaced, text.split("\n"))))


def _single_spaced(line: str) -> str:
    return " ".join(filter(None, line.split(" "))).strip()


def line_of(text: str) -> str:
    """Return a text as one line."""
    if "\t" not in text and "\n" not in text and "  " not in text:  # as most labels and values are
        return text.replace(LINK, "").strip()
    return " ".join(lines_of(text))


def lines_of(text: str) -> list[str]:
    """Return the lines of an element's text, those of all its parts."""
    return [line for part in parts_of(text) for line in part]


def nth_line(text: str, number: int) -> str:
    """Return a line of an element's text, by its number from 1 on; empty if it has fewer."""
    lines = lines_of(text)
    return lines[number - 1] if number <= len(lines) else ""


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


OTHER = "other"
"""The facet of values for which there is no field: each is kept behind its label."""
JOINT = "; "
"""Separates several values of a field that has one."""


def label_of(text: str) -> str:
    """Return a label as it is compared."""
    return printed_label(text).casefold()


def printed_label(text: str) -> str:
    """Return a label as it is printed, without its colon."""
    return text.strip().rstrip(":：").strip()


def labelled_parts(
    parts: Sequence[Part], fields: Mapping[str, str], *, others: bool
) -> tuple[dict[str, Any], list[Part]]:
    """Return the labelled values in the parts of a record, and the other parts; a final colon marks a label."""
    values: list[tuple[str, list[str]]] = []
    rest: list[Part] = []
    for part in parts:
        text = " ".join(part)
        if text.endswith(":") or label_of(text) in fields:
            values.append((printed_label(text), []))
        elif values:
            values[-1][1].append(text)
        else:
            rest.append(part)
    return stated_fields(values, fields, others=others), rest


def stated_fields(
    values: Iterable[tuple[str, Sequence[str]]], fields: Mapping[str, str], *, others: bool
) -> dict[str, Any]:
    """Return the fields of a record that labelled values state; facets become its terms.

    `others`: the values of labels that have no field are kept, too, each behind its label.
    """
    stated: dict[str, Any] = {}
    terms: dict[tuple[str, str], None] = {}
    for label, texts in values:
        field = fields.get(label.casefold()) or (OTHER if others and label else None)
        if field == LEFT_OUT:
            continue
        if field == OTHER:
            terms |= {(OTHER, f"{label}: {text}"): None for text in texts}
        elif field in FACETS:
            terms |= {(str(field), text): None for text in texts}
        elif field and texts:
            stated.setdefault(field, JOINT.join(dict.fromkeys(texts)))
    return stated | ({"terms": tuple(terms)} if terms else {})
