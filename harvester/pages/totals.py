"""What a declared total means: how many records there are, at least, about so many, or as many as the site shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

TotalKind = Literal["exact", "floor", "estimate", "ceiling"]
"""`exact`: so many; `floor`: at least so many; `estimate`: about so many; `ceiling`: the site shows no more."""

_FLOOR = re.compile(r"(?i)over|more than|at least|>|[+]|or more|mehr als|plus de")
_CEILING = re.compile(r"(?i)up to|at most|maximum|first")
_LIMITED = re.compile(
    r"(?i)\b(?:limited to|(?:only|display(?:s|ed|ing)?|show(?:s|n|ing)?) (?:the |a )?first|no more than|at most"
    r"|a maximum of|up to|the first|first) (?:the )?(?:first )?"
    r"(?P<number>\d[\d,.]*(?:[ ’']\d{3})*) (?:results?|records?|items?|entries|documents?|hits|matches)\b"
    r"|\b(?:results?|records?|items?|entries|documents?|hits|matches) (?:(?:are|is|were|have been) )?"
    r"(?:limited|capped|truncated) (?:to|at) (?:the )?(?:first )?(?P<other>\d[\d,.]*(?:[ ’']\d{3})*)"
)
_NO_DIGIT = re.compile(r"\D")
LONGEST_LINE = 200
"""Of a page's lines only those no longer than this say what a site shows at most; summaries are longer."""
SPACES = str.maketrans({"\xa0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " "})
"""No-break and thin spaces, which stand between the thousands of a number, as spaces."""


def kind_of(found: re.Match[str]) -> TotalKind:
    """Return what the words around the total of a range line mean."""
    groups = found.groupdict()
    words = " ".join(filter(None, (groups.get("before"), groups.get("after"))))
    if not words.strip():
        return "exact"
    if _FLOOR.search(words):
        return "floor"
    return "ceiling" if _CEILING.search(words) else "estimate"


def is_ceiling(lines: Iterable[str], total: int) -> bool:
    """Say whether a line of a page says that the site shows no more than `total` records."""
    for line in lines:
        found = _LIMITED.search(line) if len(line) <= LONGEST_LINE else None
        if found and _NO_DIGIT.sub("", found["number"] or found["other"]) == str(total):
            return True
    return False
