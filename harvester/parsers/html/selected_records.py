"""Finds and reads records where a definition says that they are: blocks and fields by selectors, tables by columns."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harvester.model import Record
from harvester.parsers.dates import read_date
from harvester.parsers.dates_within import is_date, only_date, with_whole_year
from harvester.parsers.html.record_blocks import RecordBlock
from harvester.parsers.html.selected_rows import MOST_ROWS, Above, rows_of, select_in
from harvester.parsers.html.text import label_of, line_of, lines_of, nth_line, parts_of, printed_label, stated_fields
from harvester.source import FACETS, FIELDS, RECORD, split_line
from harvester.urls import Address, read_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.model import PrintedDate
    from harvester.parsers.html.engines import Engine, Node
    from harvester.source import HtmlForm, HtmlListing, Source

EXACT = ("day", "ambiguous")
"""Precision of dates that are believed within a longer text: of others it is not clear what belongs to them."""
FEW_ROWS = 3
"""Rows from which on the first one may name the columns."""
_YEAR = re.compile(r"(?<![\d-])(?:1\d|20)\d\d(?!\d)")
_KNOWN = {name: name for name in (*FIELDS, *FACETS)}


def date_within(printed: str | None, form: HtmlForm, source: Source) -> PrintedDate:
    """Return the date in the text of its element; if the text is none as a whole, the day that stands in it."""
    order, years = source.date_order, source.short_years
    date = read_date(printed and form.date_in(printed), order)
    inside = only_date(printed) if printed and not date.edtf else None
    if not printed or inside is None or _YEAR.search(printed.replace(inside, "")):
        return date  # beside another year it may be the end of a span
    found = read_date(inside if years is None else with_whole_year(inside, years), order)
    if found.precision not in EXACT:
        return date
    return replace(found, text=printed) if ":" in printed and is_date(printed) else found  # with its time of day


class SelectedRecords:
    """The records of one page, by the selectors of its form."""

    def __init__(self, engine: Engine, root: Node, form: HtmlListing, source: Source) -> None:
        assert form.selectors is not None  # noqa: S101 - the form's reader has seen to it
        self._engine, self._root, self._form, self._source = engine, root, form, source
        self._selectors = form.selectors
        self._fields = [(field, *split_line(selector)) for field, selector in form.selectors.fields]
        self._title = next((inside for field, inside, _ in self._fields if field == "title" and inside != RECORD), None)
        self._own_labels = {label_of(label): field for label, field in form.labels if field in _KNOWN}
        titled = any(field == "title" for _, field in form.labels)
        self.reads_fields = bool(self._fields or form.selectors.above or form.selectors.columns or titled)
        """Whether the fields are selected, too; else a block is read by its structure."""

    @cached_property
    def _blocks(self) -> list[Node]:
        return self._engine.select(self._root, self._selectors.record)

    @property
    def left_out(self) -> int:
        """How many blocks stand on the page that are not looked at."""
        return max(0, len(self._blocks) - MOST_ROWS)

    @cached_property
    def rows(self) -> list[RecordBlock]:
        """The rows of the page; those without a text or, in a table, without a cell are none."""
        rows = rows_of(self._engine, self._root, self._blocks[:MOST_ROWS], self._selectors, self._is_item)
        self._columns = self._columns_of_tables(rows) if self._selectors.columns else {}
        found = [self._row(row) for row in rows if self._is_filled(row)]
        return found[1:] if self._begins_with_headings(found) else found

    def _is_item(self, href: str) -> bool:
        return read_link(href, self._source) is not None

    @cached_property
    def _above(self) -> Above:
        return Above(self._engine, self._root, self._selectors.above)

    def _begins_with_headings(self, rows: list[RecordBlock]) -> bool:
        """Return whether the first row of a table names its columns: it alone has neither a link nor a date."""
        if not self._columns or len(rows) < FEW_ROWS or any(row.address is None for row in rows[1:FEW_ROWS]):
            return False
        dated = [self._reads_date(row) for row in rows[:FEW_ROWS]]
        return rows[0].address is None and not dated[0]

    def _reads_date(self, row: RecordBlock) -> bool:
        return any(field == "date" and read_date(value[0]).edtf for field, value in self._values(row.block) if value)

    def _is_filled(self, row: Node) -> bool:
        """Return whether a row may be a record: it has text and, in a table, cells that are no headers."""
        has_cells = not self._columns or self._engine.select(row, "td")
        return bool(has_cells and self._engine.text(row).strip())

    def _row(self, row: Node) -> RecordBlock:
        titles = self._titles(row)
        links = self._engine.select(row, self._source.addresses.selector) if self._source.addresses else []
        for node in (*titles, row, *links):
            address = read_link(self._engine.attribute(node, "href"), self._source)
            text = line_of(self._engine.text(node))
            if address and (text or self.reads_fields):  # an icon may be the link, and the title stand elsewhere
                return RecordBlock(row, text, address)
        return RecordBlock(row, "", self._key(row))

    def _titles(self, row: Node) -> list[Node]:
        """Return the elements that are titles, each before the links around it."""
        found = select_in(self._engine, row, self._title)[:1] if self._title else []
        return [step for node in found for step in reversed(self._engine.path(node)) if self._engine.tag(step) == "a"]

    def _key(self, row: Node) -> Address | None:
        """Return an address without a place, for a record that only its key identifies."""
        values = dict(self._values(row)).get(self._selectors.key or "", [])
        return Address("", record_id=values[0]) if values else None

    def read(self, row: RecordBlock, position: int, *, cut: bool) -> Record:
        """Return the record of a row."""
        stated: dict[str, Any] = stated_fields(self._values(row.block), _KNOWN, others=True)
        title = stated.pop("title", None) or row.link
        printed = stated.pop("date", None)
        date = date_within(printed, self._form, self._source)
        url, slug, record_id, node_id = row.address or (None, None, None, None)
        keys = {"slug": slug, "node_id": node_id} | ({"record_id": record_id} if record_id else {})
        return Record(position, title, date, url=url or None, cut=cut, **{**stated, **keys})

    def _values(self, row: Node) -> Iterator[tuple[str, list[str]]]:
        """Yield the fields of a row with their values."""
        for field, inside, line in self._fields:
            nodes = select_in(self._engine, row, inside)
            texts = [
                self._value(node, field) if line is None else nth_line(self._engine.text(node), line) for node in nodes
            ]
            filled = list(filter(None, texts))
            yield field, filled[:1] if field in ("title", "date") else filled
        cells = self._engine.select(row, "td") if self._columns else []
        for number, field in self._columns.items():
            value = self._value(cells[number], field) if number < len(cells) else ""
            if value:
                yield field, [value]
        yield from self._described(row)
        yield from self._labelled_lines(row)
        yield from self._above.of(row)

    def _described(self, row: Node) -> Iterator[tuple[str, list[str]]]:
        """Yield the labels of a description list (`dl`) in a row with their values."""
        label, values = "", list[str]()
        for node in self._engine.select(row, "dt, dd"):
            text = self._value(node, "")
            if self._engine.tag(node) == "dd":
                values += [text] if text else []
                continue
            if label and values:
                yield label, values
            label, values = printed_label(text), []
            label = self._form.labelled.get(label_of(text), label)
        if label and values:
            yield label, values

    def _labelled_lines(self, row: Node) -> Iterator[tuple[str, list[str]]]:
        """Yield the fields that lines of a row state behind one of the archive's own labels, or after it."""
        own = self._own_labels
        lines = lines_of(self._engine.text(row)) if own else []
        for line, after in zip(lines, [*lines[1:], ""], strict=False):
            label, _, value = line.partition(":")
            if label_of(label) in own and (value.strip() or after):
                yield own[label_of(label)], [value.strip() or after]

    def _value(self, node: Node, field: str) -> str:
        text = self._engine.text(node)
        labels = self._engine.select(node, self._selectors.label) if self._selectors.label else []
        for label in (self._engine.text(found).strip() for found in labels):
            text = text.partition(label)[2] if label and text.strip().startswith(label) else text
        parts = parts_of(text)
        if field == "summary":
            parts = [part for part in parts if not self._form.is_noise(" ".join(part))]
            return "\n\n".join("\n".join(part) for part in parts)
        return " ".join(line for part in parts for line in part)

    def _columns_of_tables(self, rows: Sequence[Node]) -> dict[int, str]:
        """Return the columns of the first table around rows that has them: menus may be tables, too."""
        tables: dict[int, Node] = {}
        for row in rows:
            around = [step for step in self._engine.path(row) if self._engine.tag(step) == "table"]
            if around:
                tables.setdefault(self._engine.key(around[-1]), around[-1])
        return next(filter(None, map(self._columns_of, tables.values())), {})

    def _columns_of(self, table: Node) -> dict[int, str]:
        """Return the fields of a table's columns, by the columns' numbers from 0."""
        heads = [label_of(line_of(self._engine.text(node))) for node in self._engine.select(table, "th")]
        columns = {}
        for head, field in self._selectors.columns:
            if head.isdecimal():
                columns[int(head) - 1] = field
            elif label_of(head) in heads:
                columns[heads.index(label_of(head))] = field
        return columns
