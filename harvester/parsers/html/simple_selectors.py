"""Tells apart what several simple selectors have found together: those of a tag, a class, or a tag with a class."""

from __future__ import annotations

import re
from functools import lru_cache

_ALTERNATIVE = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?(?:\.(?P<name>[a-z][a-z0-9_-]*))?")
_WHITE = re.compile(r"[ \t\n\f\r]+")
_CAPITAL = re.compile("[A-Z]")


@lru_cache(maxsize=1024)
def is_simple(selector: str) -> bool:
    """Return whether all alternatives of a selector are simple."""
    return bool(selector) and all(one and _ALTERNATIVE.fullmatch(one) for one in _alternatives(selector))


@lru_cache(maxsize=4096)  # the pages of an archive have few kinds of elements
def matching_selectors(selectors: tuple[str, ...], tag: str, classes: str) -> tuple[str, ...] | None:
    """Return the simple ones of some selectors that an element matches, each as often as its alternatives do.

    None if a class has capital letters: whether these matter depends on the page.
    """
    if _CAPITAL.search(classes):
        return None
    names = _WHITE.split(classes)
    return tuple(
        selector
        for selector in filter(is_simple, dict.fromkeys(selectors))
        for one in _alternatives(selector)
        if (found := _ALTERNATIVE.fullmatch(one)) and found["tag"] in (None, tag) and found["name"] in (None, *names)
    )


def _alternatives(selector: str) -> list[str]:
    return [one.strip() for one in selector.split(",")]
