"""From the grammar's entries to records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.pages.dates import read_date
from harvester.pages.page import Record
from harvester.pages.undated import ends_sentence, is_no_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.pages.ending import Ending
    from harvester.pages.entries import Entry
    from harvester.source import DateOrder, Form

FEWEST_TO_JUDGE_BY = 3
"""Of fewer records it says nothing of the page that all lack a summary."""


@dataclass(frozen=True)
class Placed:
    """An entry at its position, and the record that it is: None if its title is missing."""

    position: int
    entry: Entry
    record: Record | None
    is_first: bool


def place(
    entries: Sequence[Entry], form: Form, first: int, ending: Ending, order: DateOrder | None
) -> Iterator[Placed]:
    """Give each entry its position and its record."""
    for number, entry in enumerate(entries):
        is_last = number == len(entries) - 1
        open_end = None if not is_last or ending.proven else ending
        record = _record(entry, form, first + number, open_end, order)
        yield Placed(first + number, entry, record, number == 0)


def titles_are_gone(entries: Sequence[Entry]) -> bool:
    """Say whether the page has dates and summaries only: the same text that is one block of all the others."""
    alone = [entry for entry in entries if entry.title and not entry.summary and ends_sentence(entry.title.text)]
    return len(entries) >= FEWEST_TO_JUDGE_BY and len(alone) == len(entries)


def _record(entry: Entry, form: Form, position: int, open_end: Ending | None, order: DateOrder | None) -> Record | None:
    """Make the record. Nothing after the last record of a page without a proven end says that it is whole."""
    if entry.title is None or _is_summary(entry, form):
        return None
    return Record(
        position,
        title=entry.title.text,
        date=read_date(entry.date.text if entry.date else None, order),
        summary="\n\n".join(block.paragraph for block in entry.summary) or None,
        cut=open_end is not None or bool(entry.unclear),
        open_title=open_end is not None and not open_end.closed and not entry.summary and not entry.unclear,
        loses_date="years" in form.loses,
    )


def _is_summary(entry: Entry, form: Form) -> bool:
    """Say whether what stands in the title's place is a summary, because the form has lost the title."""
    assert entry.title is not None  # noqa: S101 - asked only of entries that have one
    alone = not entry.summary and not entry.unclear and ends_sentence(entry.title.text)
    return is_no_title(entry.title.text) or ("capitals" in form.loses and alone)
