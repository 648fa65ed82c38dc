"""Dates as the archives print them, and as EDTF. Printed dates have no time zone."""

from __future__ import annotations

import calendar
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from harvester.model import PrintedDate
from harvester.parsers.date_grammar import NO_DAY, Reading, read
from harvester.parsers.date_words import names_date

if TYPE_CHECKING:
    from harvester.source import DateOrder

MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_BEGINNING = re.compile(r"(?:[0-9]{1,2}\s+)?(?P<word>[A-Z][a-z]*)(?:,?\s+[0-9]{0,2})?(?:,?\s*[0-9]{0,3})?|[0-9]{1,3}")
LONGEST = 80
"""No printed date is longer; a longer text is looked at no further."""
LONGEST_UNREAD = 40
"""What is longer and cannot be read is a title, though it names a date."""
# Invisible characters, left by word processors and web pages.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


NO_DATE = PrintedDate()


def looks_like_date(text: str) -> bool:
    """Return whether `text` is worded as a date and nothing else, though the day may not exist (February 30)."""
    return len(text) <= LONGEST and _read(text, None) is not None


def may_be_date(text: str) -> bool:
    """Return whether `text`, where a date is expected, may be one that cannot be read: it is short and names one."""
    return len(text) <= LONGEST_UNREAD and not text.endswith((".", "!", ":")) and names_date(text)


def may_begin_date(text: str) -> bool:
    """Return whether `text` may be a date whose end was cut off (`July 9, 19`)."""
    found = _BEGINNING.fullmatch(text) if len(text) <= LONGEST else None
    return found is not None and any(month.startswith(found["word"] or "") for month in MONTHS)


def read_date(text: str | None, order: DateOrder | None = None) -> PrintedDate:
    """Return the date that is printed as `text`. A text that cannot be read is kept without EDTF.

    `order`: how the source writes dates of numbers only; without it such a date has two readings.
    """
    text = (text or "").strip()
    if not text:
        return NO_DATE
    found = _read(text, order) if len(text) <= LONGEST else None
    return PrintedDate(text) if found is None or found is NO_DAY else PrintedDate(text, *found)


@lru_cache(maxsize=8192)
def _read(text: str, order: DateOrder | None) -> Reading | None:
    return read(text if text.isascii() else text.translate(_INVISIBLE).strip(), order)
