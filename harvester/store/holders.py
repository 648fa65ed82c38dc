"""Which item an address leads to, and since when: a function of what was shown there, in order of time.

An address is the key of a URL (slug, record number or node number). What a listing shows at an address belongs to the
item that holds it. An item's own page also says what it is itself: its numbers and its canonical address. Where that
does not fit, one page is not believed: servers mix pages up. It is a claim, until a listing that shows the same title
and date, or another reading at least a day apart, confirms it. Two different numbers of one kind are two items.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from harvester.parsers.dates import read_date
from harvester.store.keys import kind_of, normal_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harvester.source import Source
    from harvester.store.votes import Statement, Vote

APART = timedelta(days=1)
"""How far two readings must lie apart to confirm each other: a cache may answer the same for hours."""
NUMBERS = ("record", "node")
"""Kinds of keys that stay with an item; a slug is a present address and may move."""


Listing = tuple[str, str, "int | None"]
"""The form, the host and the number of a listing."""


@dataclass(eq=False)
class Item:
    """An archival item: its numbers, what is shown of it, and the addresses that it has or had."""

    numbers: dict[str, str] = field(default_factory=dict)
    """Keys by kind."""
    statements: dict[int, None] = field(default_factory=dict)
    """Ids of statements, the earliest first."""
    since: dict[str, str] = field(default_factory=dict)
    """When each of its keys was first shown to be its own."""
    until: dict[str, str] = field(default_factory=dict)
    """When another item took over an address that this one had."""


@dataclass(frozen=True)
class Shown:
    """One vote, as far as identity goes."""

    at: str
    statement: Statement
    address: str | None
    """The key of the address at which it was shown."""
    numbers: dict[str, str]
    """Keys by kind, record and node, that a row's address or a page itself states."""
    slugs: tuple[str, ...]
    """Keys of slugs: the address, and the canonical address that a page states."""
    title: str
    date: str
    uri: str
    listing: Listing

    @property
    def keys(self) -> tuple[str, ...]:
        """All strong keys that it states."""
        return tuple(dict.fromkeys((*filter(None, [self.address]), *self.numbers.values(), *self.slugs)))

    def agrees(self, other: Shown) -> bool:
        """Return whether both show one title and date."""
        return self.title == other.title and self.date == other.date

    def differs(self, other: Shown) -> bool:
        """Return whether they have neither title nor date in common. That both are undated is nothing in common."""
        return self.title != other.title and (self.date != other.date or not self.date)


def shown_by(vote: Vote, source: Source) -> Shown:
    """Return a vote as far as identity goes. What a page that is not whole says of itself is not believed."""
    said = vote.statement
    fields = said.fields
    address = said.key if kind_of(said.key) != "natural" else None
    believed = not (said.own and said.cut)
    numbers = {
        kind: f"{source.name}:{kind}:{fields[f'{kind}_id']}"
        for kind in NUMBERS
        if fields.get(f"{kind}_id") and believed
    }
    slugs = (f"{source.name}:slug:{fields['slug']}",) if fields.get("slug") and believed else ()
    text = fields.get("date_text") or ""
    date = read_date(text, source.date_order).edtf or text if text else ""
    return Shown(
        vote.at,
        said,
        address,
        numbers,
        slugs,
        normal_title(fields.get("title", "")),
        date,
        vote.file[0],
        (said.form, said.host, vote.listing),
    )


class Holders:
    """Resolves what was shown into items. `claims`: statements of own pages that are not believed."""

    def __init__(self, shown: Sequence[Shown]) -> None:
        self._shown = shown
        self._holder: dict[str, Item] = {}
        self._item_of: dict[int, Item] = {}
        self.claims: set[int] = set()
        for one in shown:
            if one.statement.own:
                self._take_page(one)
            else:
                self._take_row(one)
        for readings in _unchanged(shown):
            self._settle_together(readings)

    @property
    def items(self) -> list[Item]:
        """The items that something is shown of, the earliest first."""
        return list(dict.fromkeys(self._item_of.values()))

    def item_of(self, statement: int) -> Item | None:
        """Return the item that a statement is of, None for a claim."""
        return self._item_of.get(statement)

    def holder_of(self, key: str) -> Item | None:
        """Return the item that a key leads to now."""
        return self._holder.get(key)

    def _settle_together(self, readings: list[Shown]) -> None:
        """Let readings of an address between which it showed nothing else be of one item: that of the last."""
        last = readings[-1].statement.id
        for number in {one.statement.id for one in readings} - {last}:
            if last in self.claims:
                self._disown(number)
            else:
                self.claims.discard(number)
                self._assign(number, self._item_of[last])

    def _disown(self, statement: int) -> None:
        item = self._item_of.pop(statement, None)
        if item is not None:
            item.statements.pop(statement, None)
        self.claims.add(statement)

    def _take_row(self, row: Shown) -> None:
        """Give a row to the holder of its address; a row that states a number goes by that."""
        item = self._known(row.numbers.values())
        if item is None:
            item = next((held for key in row.keys if (held := self._holder.get(key)) and _fits(held, row)), None)
        item = item or Item()
        for key in row.keys:
            self._bind(key, item, row.at)
        self._assign(row.statement.id, item)

    def _take_page(self, page: Shown) -> None:
        holder = self._holder.get(page.address) if page.address else None
        item = self._alias(page) if holder is None else self._confirmed(page, holder)
        if item is None:
            self._disown(page.statement.id)
            return
        self.claims.discard(page.statement.id)
        for key in page.keys:
            self._bind(key, item, page.at)
        self._assign(page.statement.id, item)

    def _alias(self, page: Shown) -> Item | None:
        """Return the item of an address that nothing was shown at before."""
        named = self._named(page)
        if not named:
            return Item()
        item = self._known(page.numbers.values()) or named[0]
        others = [other for other in named if other is not item]
        return item if _fits(item, page) and all(not other.numbers for other in others) else None

    def _confirmed(self, page: Shown, holder: Item) -> Item | None:
        """Return the item that a page at a held address is of; None while it is a claim."""
        others = [other for other in self._named(page) if other is not holder]
        known = any(holder.numbers.get(kind) == key for kind, key in page.numbers.items())
        if _fits(holder, page):
            if known and all(not other.numbers for other in others):
                return holder  # the same item under a further address
            moved = any(slug != page.address and kind_of(page.address or "") == "slug" for slug in page.slugs)
            rows = self._rows_in_effect(page)
            if not others and not moved and not (rows and all(page.differs(row) for row in rows)):
                return holder
        return self._taken_over(page, holder, others) if self._is_believed(page) else None

    def _taken_over(self, page: Shown, holder: Item, others: list[Item]) -> Item | None:
        """Return the item that has the address of a believed page now, and let it go from the holder."""
        target = self._known(page.numbers.values()) or next((other for other in others if _fits(other, page)), None)
        if target is None or not _fits(target, page):
            target = holder if _fits(holder, page) else Item()
        if target is holder:
            return holder
        if not holder.numbers:
            self._absorb(holder, target)  # a rename: the holder was only known by its new address
            return target
        rows = self._rows_before(page)
        since = rows[0].at if rows else page.at
        assert page.address is not None  # noqa: S101 - only an address has a holder
        self._hand_over(page.address, target, since)
        for row in rows:
            self._assign(row.statement.id, target)
        return target

    def _is_believed(self, page: Shown) -> bool:
        """Return whether a listing, or another reading of the address, confirms what a page says of itself."""
        if any(row.agrees(page) for row in self._rows_in_effect(page, after=True)):
            return True
        readings = [one for one in self._shown if one.statement.own and one.address == page.address]
        place = readings.index(page)
        return any(self._confirm_each_other(page, other) for other in _run_of(readings, place))

    @staticmethod
    def _confirm_each_other(page: Shown, other: Shown) -> bool:
        if not page.at or not other.at:
            return False
        return abs(datetime.fromisoformat(page.at) - datetime.fromisoformat(other.at)) >= APART

    def _rows_in_effect(self, page: Shown, *, after: bool = False) -> list[Shown]:
        """Return what listings show at the page's address when it is read, each its newest row.

        What a listing shows next where it showed nothing yet; `after`: of all listings.
        """
        before, later = self._rows_around(page)
        found = [rows[-1] for rows in before.values()]
        return found if found and not after else found + [rows[0] for rows in later.values()]

    def _rows_around(self, page: Shown) -> tuple[dict[Listing, list[Shown]], dict[Listing, list[Shown]]]:
        """Return the rows at the page's address until it was read, and those after it, by listing."""
        before: dict[Listing, list[Shown]] = {}
        later: dict[Listing, list[Shown]] = {}
        for one in self._shown:
            if not one.statement.own and page.address in one.keys:
                rows = before if one.at <= page.at else later
                rows.setdefault(one.listing, []).append(one)
        return before, later

    def _rows_before(self, page: Shown) -> list[Shown]:
        """Return the rows at the page's address that show what it shows, without another one of their listing since."""
        found: list[Shown] = []
        for rows in self._rows_around(page)[0].values():
            found += takewhile(lambda row: row.agrees(page), reversed(rows))
        return sorted(found, key=lambda row: row.at)

    def _named(self, page: Shown) -> list[Item]:
        return list(dict.fromkeys(self._holder[key] for key in page.keys if key in self._holder))

    def _known(self, keys: Iterable[str]) -> Item | None:
        return next((self._holder[key] for key in keys if key in self._holder), None)

    def _assign(self, statement: int, item: Item) -> None:
        before = self._item_of.get(statement)
        if before is not None and before is not item:
            before.statements.pop(statement, None)
        self._item_of[statement] = item
        item.statements[statement] = None

    def _bind(self, key: str, item: Item, at: str) -> None:
        """Let a key lead to an item, which may lose its former holder."""
        holder = self._holder.get(key)
        if holder is item:
            return
        if holder is not None and not holder.numbers:
            self._absorb(holder, item)
            return
        if holder is not None:
            self._hand_over(key, item, at)
            return
        self._holder[key] = item
        item.since.setdefault(key, at)
        if kind_of(key) in NUMBERS:
            item.numbers[kind_of(key)] = key

    def _hand_over(self, key: str, item: Item, at: str) -> None:
        holder = self._holder[key]
        holder.until[key] = at
        self._holder[key] = item
        item.since[key] = at
        item.until.pop(key, None)

    def _absorb(self, item: Item, into: Item) -> None:
        """Make one item of two: the first was only known by an address of the second."""
        for statement in list(item.statements):
            self._assign(statement, into)
        for key in [key for key, holder in self._holder.items() if holder is item]:
            self._holder[key] = into
            into.since.setdefault(key, item.since.get(key, ""))


def _fits(item: Item, shown: Shown) -> bool:
    """Return whether no number says that an item is another one."""
    return all(item.numbers.get(kind, key) == key for kind, key in shown.numbers.items())


def _unchanged(shown: Sequence[Shown]) -> Iterator[list[Shown]]:
    """Yield the readings of own pages that say the same, by address, as long as it showed nothing else between.

    A capture that says what the one before it says is kept as a reading of that, if it comes later; so these are one.
    """
    pages = sorted((one for one in shown if one.statement.own), key=lambda one: one.uri)  # stable: still by time
    for _, readings in groupby(pages, key=lambda one: (one.uri, one.statement.hash)):
        yield list(readings)


def _run_of(readings: list[Shown], place: int) -> list[Shown]:
    """Return the readings around one that say the same of themselves, with none against between."""
    said = (readings[place].numbers, readings[place].slugs)
    first = last = place
    while first > 0 and (readings[first - 1].numbers, readings[first - 1].slugs) == said:
        first -= 1
    while last + 1 < len(readings) and (readings[last + 1].numbers, readings[last + 1].slugs) == said:
        last += 1
    return readings[first : last + 1]
