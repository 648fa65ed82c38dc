"""Protects the parsers from hostile pages: limits checked in one pass over the bytes, before any tree is built.

lexbor takes seconds for 40,000 nested elements and for 40,000 attributes of one tag, inside C, where no timeout
works; unclosed `<b>` are reopened in every paragraph. No page of an archive comes near any of these limits.
"""

from __future__ import annotations

import re

from stringzilla import count

from harvester.model import Refused

DEEPEST = 256
"""Elements open at once, in a page with more than FEW_TAGS. Pages seen have up to 40."""
FEW_TAGS = 2048
"""Opening tags that take no parser long, however they are nested; most pages have fewer."""
MOST_TAGS = 40_000
"""Tags in a page, closing ones too. Pages seen have up to 5,000; the reference reader takes a second for these."""
MOST_WORK = 5_000_000
"""Sum of the open elements at every tag: bounds the tree that unclosed elements can blow up."""
MOST_ATTRIBUTES = 1000
"""Attributes of one tag."""
_SHORT = 128 * 1024
"""In so few bytes no number of attributes takes more than a second."""
_LONG_TAG = 4096

_VALUE = rb"\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+"
_ATTRIBUTE = rb"=?+[^\s/>=]++(?:" + _VALUE + rb")?+"
# Like tags in the HTML standard; possessive, so that it never backtracks.
_TAG = re.compile(rb"</?[a-zA-Z][^\s/>]*+(?:[\s/]++|" + _ATTRIBUTE + rb"|=)*+>?")
_EACH_ATTRIBUTE = re.compile(_ATTRIBUTE)
_NAME = re.compile(rb"<(/?)([a-zA-Z][^\s/>]{0,20})")
_NO_CONTENT = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
# Their end tags may be left out, and they cannot nest without a table or a list around them, which is counted.
_CLOSE_THEMSELVES = frozenset(b"p li td th tr dt dd option optgroup tbody thead tfoot colgroup rp rt".split())
_UNCOUNTED = _NO_CONTENT | _CLOSE_THEMSELVES
# They stay open, or are reopened, when the element around them closes.
_FORMATTING = frozenset(b"a b big code em font i nobr s small strike strong tt u".split())
_RAW = frozenset({b"script", b"style"})
_BARRIERS = frozenset(b"applet caption html table marquee object template svg math".split())


def check_limits(data: bytes) -> Refused | None:
    """Return why these bytes are not to be parsed; None if they may be."""
    opens = count(data, b"<")
    if opens > MOST_TAGS:
        return Refused("too-many-tags", f"more than {MOST_TAGS} tags: no page of an archive")
    if len(data) <= _SHORT and (opens <= FEW_TAGS or opens - data.count(b"</") <= FEW_TAGS):
        return None
    return _many_attributes(data) or _nesting(data)


def _many_attributes(data: bytes) -> Refused | None:
    if len(data) > _SHORT:
        for tag in _TAG.finditer(data):
            if tag.end() - tag.start() > _LONG_TAG and _attributes(tag[0]) > MOST_ATTRIBUTES:
                return Refused("too-many-attributes", f"a tag with more than {MOST_ATTRIBUTES} attributes")
    return None


def _nesting(data: bytes) -> Refused | None:
    """Return the refusal of a page whose elements are nested too deeply; the count is rather too high than too low."""
    stack: list[bytes] = []
    work, raw = 0, b""
    for closing, name in _NAME.findall(data.lower()):
        if raw or name in _UNCOUNTED:
            raw = b"" if closing and name == raw else raw
            continue
        if not closing:
            raw = name if name in _RAW else b""
            stack += [] if raw else [name]
        elif stack and stack[-1] == name:
            stack.pop()
        else:
            _close(stack, name)
        work += len(stack)
        if len(stack) > DEEPEST or work > MOST_WORK:
            return Refused("too-deep", f"more than {DEEPEST} elements inside one another: no page of an archive")
    return None


def _attributes(tag: bytes) -> int:
    return sum(1 for _ in _EACH_ATTRIBUTE.finditer(tag))


def _close(stack: list[bytes], name: bytes) -> None:
    """Close an element if one of that name is open and no element between prevents it."""
    for index in range(len(stack) - 1, -1, -1):
        if stack[index] == name:
            # Formatting elements continue after the element that is closed.
            stack[index:] = [inner for inner in stack[index + 1 :] if inner in _FORMATTING or name in _FORMATTING]
            return
        if stack[index] in _BARRIERS:
            return
