"""Which parts of the records are their fields, and the selectors that say so, tried in the records themselves."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from harvester.learn.fields import MOST_ROWS, date_of, key_of, labelled, slots, summary_of, title_of
from harvester.learn.headings import dates_above
from harvester.learn.rows import MOST_STEPS
from harvester.parsers.dates import read_date
from harvester.parsers.dates_within import dates_within, is_date, only_date, with_whole_year
from harvester.parsers.html.engines import FAST
from harvester.parsers.html.selected_rows import select_in
from harvester.parsers.html.text import line_of, nth_line
from harvester.source import RECORD, split_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.fields import Choice, Slot
    from harvester.learn.rows import Rows
    from harvester.parsers.html.engines import Node
    from harvester.source import DateOrder

_CELL = re.compile(r"td(?::nth-child\((\d+)\))?( > .*)?")
_LONGEST_HEADING = 60
_DOTTED = re.compile(r"\d{1,2}\. ?\d{1,2}\. ?\d{2,4}")
_SOME, _MOSTLY = 0.1, 0.9
_OFTEN = 0.6
"""The share of records with a date of their own from which dates above them do not count."""


@dataclass(frozen=True)
class Fields:
    """The parts of the records of some pages, each with its evidence. `above`: the date of several records.

    `key`: what identifies records without links. `columns`: the headings of a table's columns.
    """

    pages: tuple[Rows, ...]
    title: Choice | None
    date: Choice | None
    above: Choice | None
    summary: Choice | None
    labels: tuple[Slot, ...]
    columns: tuple[str, ...]
    key: Choice | None = None

    def title_of(self, page: int, number: int) -> str:
        """Return the title of a record, by the numbers of its page and its own; empty if none is seen."""
        return self._text(self.title, page, number)

    def date_of(self, page: int, number: int) -> str | None:
        """Return the date of a record, as printed; None if none is seen."""
        return self._text(self.date, page, number) or self._text(self.above, page, number) or None

    @staticmethod
    def _text(choice: Choice | None, page: int, number: int) -> str:
        return choice.slot.values.get(page * MOST_ROWS + number, "") if choice and number < MOST_ROWS else ""

    @property
    def filled(self) -> int:
        """How many titles and dates there are."""
        titles = len(self.title.slot.values) if self.title else 0
        own, above = (
            len(one.slot.values) * max(one.slot.dated, one.slot.dates) if one else 0.0
            for one in (self.date, self.above)
        )
        return titles + round(own + 0.8 * above)

    @property
    def edges(self) -> int:
        """How many of the first and last records of pages have a date."""
        return sum(
            any(map(dates_within, page.tree.lines(block.first_text, block.end_text)))
            for page in self.pages
            for block in (page.group.blocks[0], page.group.blocks[-1])
        )

    @property
    def _dates(self) -> list[tuple[str, ...]]:
        texts = [text for choice in (self.date, self.above) if choice for text in choice.slot.texts]
        return [dates_within(text) for text in texts]

    @property
    def has_ambiguous_dates(self) -> bool:
        """Whether dates are numbers of which nothing in themselves tells the day from the month."""
        return any(read_date(one).precision == "ambiguous" for found in self._dates for one in found[:1])

    @property
    def sorted_order(self) -> DateOrder | None:
        """In which order dates of numbers are written, if the records of all pages are sorted by only one of both."""
        orders: tuple[DateOrder, DateOrder] = ("day-month", "month-day")
        sorts = [order for order in orders if all(_is_sorted(days, order) for days in self._days_of_pages())]
        return sorts[0] if len(sorts) == 1 else None

    def _days_of_pages(self) -> Iterator[list[str]]:
        """Yield the dates of the records of each page, as printed, the same ones that follow each other once."""
        for at in range(len(self.pages)):
            printed = (only_date(self.date_of(at, number) or "") for number in range(MOST_ROWS))
            yield [day for day, _ in groupby(filter(None, printed))]

    @property
    def has_dotted_dates(self) -> bool:
        """Whether dates are numbers with dots: 3.4.1950."""
        dates = self._dates
        return sum(any(map(_DOTTED.fullmatch, found)) for found in dates) * 2 > len(dates)

    @property
    def has_short_years(self) -> bool:
        """Whether dates have years of two digits, at least those of one page."""
        dates = self._dates
        return sum(any(with_whole_year(one, 1900) != one for one in found) for found in dates) > _SOME * len(dates)

    @property
    def chosen(self) -> Iterator[tuple[str, Choice]]:
        """Yield the fields that are in the records."""
        several = {"title": self.title, "date": self.date, "summary": self.summary, "record_id": self.key}
        for field, choice in several.items():
            if choice is not None:
                yield field, choice

    @property
    def named_columns(self) -> dict[str, tuple[str, str]]:
        """The columns of a table with their fields and why; empty if the fields are no cells of rows."""
        if any(not _is_row(page) for page in self.pages):
            return {}
        columns: dict[str, tuple[str, str]] = {}
        heads = self._heads()
        for field, choice in self.chosen:
            found = _CELL.fullmatch(choice.slot.path)
            if not choice.slot.selector:
                continue
            if found is None:
                return {}
            number = int(found[1] or 1)
            if found[2] and not self._fills(choice.slot, number):
                return {}
            columns[heads.get(number, str(number))] = (field, choice.why)
        others = {head: (head, "") for head in heads.values() if head not in columns}  # kept under their headings
        return columns | others if columns else {}

    def _fills(self, slot: Slot, column: int) -> bool:
        """Return whether a text inside of cells is all that stands there: a column is read whole."""
        right = 0
        for at, page in enumerate(self.pages):
            for number, block in enumerate(page.group.blocks[:MOST_ROWS]):
                cells = page.tree.elements[block.head].children[column - 1 : column]
                right += [page.tree.text(cell) for cell in cells] == [slot.values.get(at * MOST_ROWS + number)]
        return right >= _MOSTLY * len(slot.values)

    def _heads(self) -> dict[int, str]:
        """Return the headings that name a column, by its number: those that stand there once, if only they are `th`."""
        if not all(_is_headed(page, len(self.columns)) for page in self.pages):
            return {}
        number = Counter(self.columns)
        return {
            at: head
            for at, head in enumerate(self.columns, 1)
            if head and not head.isdecimal() and number[head] == 1 and len(head) <= _LONGEST_HEADING
        }

    @property
    def selectors(self) -> dict[str, tuple[str, str]]:
        """The selectors of the fields and why; those that no selector can express are left out."""
        found: dict[str, tuple[str, str]] = {}
        for field, choice in self.chosen:
            several = _alternatives(choice.slot.selector) if choice.slot.selector else ()
            selector = next((one for one in several if self._selects(one, choice.slot)), None)
            if selector:
                found[field] = (selector, choice.why)
        return found

    @property
    def named_labels(self) -> dict[str, str]:
        """The labels that stand before a field in its line or above it, with the field."""
        return {choice.slot.heading: field for field, choice in self.chosen if not choice.slot.selector}

    def _selects(self, selector: str, slot: Slot) -> bool:
        """Return whether the first text that a selector selects in the records is that of a place.

        A date that it selects where the place has none speaks neither for it nor against it.
        """
        inside, line = split_line(selector)
        right = looked_at = 0
        for at, page in enumerate(self.pages):
            for number, node in enumerate(page.nodes[:MOST_ROWS]):
                wanted = slot.values.get(at * MOST_ROWS + number, "")
                found = select_in(FAST, node, inside)
                first = next(filter(None, (_text(one, line) for one in found)), "")
                looked_at += bool(wanted or (first and not (slot.dated > _MOSTLY and is_date(first))))
                right += bool(wanted) and first == wanted
        return looked_at > 0 and right >= _MOSTLY * looked_at


def _is_sorted(printed: Sequence[str], order: DateOrder) -> bool:
    days = [day for one in printed if (day := read_date(one, order).first_day)]
    return days == sorted(days) or days == sorted(days, reverse=True)


def fields_of(pages: Sequence[Rows], *, keyed: bool = False) -> Fields:
    """Return what is seen in the records of some pages of one listing. `keyed`: what identifies them is looked for."""
    columns = _headings(pages[0])
    places = [*slots(pages, columns), *labelled(pages)]
    rows = sum(min(len(page.group.blocks), MOST_ROWS) for page in pages)
    title, date = title_of(places, rows), date_of(places, rows)
    own = len(date.slot.values) * max(date.slot.dated, date.slot.dates) / rows if date else 0.0
    above = dates_above(pages) if own < _OFTEN else None
    date = None if above else date
    taken = [choice.slot for choice in (title, date) if choice]
    labels = tuple(one for one in places if not one.selector)
    summary = summary_of(places, taken, rows)
    taken += [summary.slot] if summary else []
    key = key_of(places, taken, rows) if keyed else None
    return Fields(tuple(pages), title, date, above, summary, labels, columns, key)


def _text(node: Node, line: int | None) -> str:
    text = FAST.text(node)
    return line_of(text) if line is None else nth_line(text, line)


def _is_row(page: Rows) -> bool:
    """Return whether records are the rows of a table without cells that are headings."""
    elements = page.tree.elements
    head = elements[page.group.blocks[0].head]
    return head.tag == "tr" and all(elements[child].tag == "td" for child in head.children)


def _is_headed(page: Rows, columns: int) -> bool:
    """Return whether the headings of the columns are marked as such, one for each."""
    table = page.tree.table_around(page.group.blocks[0].head)
    if table is None:
        return False
    inside = page.tree.elements[table : page.tree.elements[table].end]
    return sum(element.tag == "th" for element in inside) == columns > 0


def _headings(page: Rows) -> tuple[str, ...]:
    """Return the headings of the columns of a table; none if its records are no rows."""
    tree, head = page.tree, page.group.blocks[0].head
    if tree.elements[head].tag != "tr":
        return ()
    table = tree.table_around(head)
    for at in range(table + 1, head) if table is not None else ():
        if tree.elements[at].tag == "tr" and len(tree.elements[at].children) > 1:
            return tuple(tree.text(cell) for cell in tree.elements[at].children)
    return ()


def _alternatives(selector: str) -> Iterator[str]:
    """Yield selectors that may select the same, the shortest first."""
    inside, line = split_line(selector)
    end = "" if line is None else f"::line({line})"
    steps = inside.split(" > ")
    for start in reversed(range(len(steps))):
        if len(steps) - start <= MOST_STEPS:
            yield " > ".join(steps[start:]) + end
    if RECORD not in inside and " " not in inside.replace(" > ", "") and len(steps) <= MOST_STEPS:
        yield f"{RECORD} > {inside}{end}"
