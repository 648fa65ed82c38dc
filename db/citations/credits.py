"""Translators, as locations name them: `RGANI, f. 5. Translated by Gary Goldberg.` names one."""

from __future__ import annotations

import re

_BY = re.compile(
    r"\btranslat(?:ed|ion)\b(?:\s+(?:and|&)\s+\w+|\s+(?:for|from)\s+[\w\s]{1,40}?)?\s+by\s+", re.IGNORECASE
)
# A name ends with its sentence; a full stop behind an initial ends none.
_END = re.compile(
    r"(?<![\s.][^\W\d_])\.(?=\s|$)|;|[\n(]|,?\s+(?:and|&)\s+(?=(?:edited|contributed|obtained|provided)\b)"
)
_NAME = re.compile(r"[^\W\d_a-z][\w'’-]*\.?(?:[\s-]+[^\W\d_][\w'’.-]*){0,5}")


def translators(location: str) -> tuple[str, ...]:
    """Return the translators' names in a location, in order; empty where it names none."""
    found: list[str] = []
    for match in _BY.finditer(location):
        names = _END.split(location[match.end() :], maxsplit=1)[0]
        parts = re.split(r",\s*(?:and\s+)?|\s+and\s+|\s*&\s*", names)
        found += [part.strip() for part in parts if _NAME.fullmatch(part.strip())]
    return tuple(dict.fromkeys(found))
