"""Which item an address leads to, and since when: a function of what was shown there, in order of time.

An address is the key of a URL (slug, record number or node number). What a listing shows at an address belongs to the
item that holds it. An item's own page also states its own numbers and canonical address. Where these do not fit, a
single page is not believed, because servers confuse pages. It is a claim until it is confirmed: by a listing that shows
the same title and date, or by another reading at least a day apart. Two different numbers of one kind mean two items.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from harvester.parsers.dates import read_date
from harvester.store.keys import kind_of, normalize_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harvester.source import Source
    from harvester.store.votes import Statement, Vote

MIN_INTERVAL = timedelta(days=1)
"""How far apart two readings must be to confirm each other: a cache may return the same answer for hours."""
NUMBERS = ("record", "node")
"""Kinds of keys that stay with an item; a slug is its present address and may move."""


ListingId = tuple[str, str, "int | None"]
"""The form, the host and the number of a listing."""


@dataclass(eq=False)
class Item:
    """An archival item: its numbers, its statements, and the addresses that it has or had."""

    numbers: dict[str, str] = field(default_factory=dict)
    """Keys by kind."""
    statements: dict[int, None] = field(default_factory=dict)
    """Ids of statements, the earliest first."""
    since: dict[str, str] = field(default_factory=dict)
    """When each of its keys was first shown to be its own."""
    until: dict[str, str] = field(default_factory=dict)
    """When another item took over an address that this one had."""


@dataclass(frozen=True)
class IdentityVote:
    """The part of a vote that decides identity."""

    at: str
    statement: Statement
    address: str | None
    """The key of the address at which it was shown."""
    numbers: dict[str, str]
    """Record and node keys, by kind, that a row's address or the page itself states."""
    slugs: tuple[str, ...]
    """Keys of slugs: the address, and the canonical address that a page states."""
    title: str
    date: str
    uri: str
    listing: ListingId

    @property
    def keys(self) -> tuple[str, ...]:
        """All strong keys that the vote states."""
        return tuple(dict.fromkeys((*filter(None, [self.address]), *self.numbers.values(), *self.slugs)))

    def agrees(self, other: IdentityVote) -> bool:
        """Return whether both show the same title and date."""
        return self.title == other.title and self.date == other.date

    def differs(self, other: IdentityVote) -> bool:
        """Return whether they share neither title nor date. That both are undated does not count as shared."""
        return self.title != other.title and (self.date != other.date or not self.date)


def identity_vote(vote: Vote, source: Source) -> IdentityVote:
    """Return the identity part of a vote. What an incomplete page says about itself is not used."""
    statement = vote.statement
    fields = statement.fields
    address = statement.key if kind_of(statement.key) != "natural" else None
    believed = not (statement.own and statement.cut)
    numbers = {
        kind: f"{source.name}:{kind}:{fields[f'{kind}_id']}"
        for kind in NUMBERS
        if fields.get(f"{kind}_id") and believed
    }
    slugs = (f"{source.name}:slug:{fields['slug']}",) if fields.get("slug") and believed else ()
    text = fields.get("date_text") or ""
    date = read_date(text, source.date_order).edtf or text if text else ""
    return IdentityVote(
        vote.at,
        statement,
        address,
        numbers,
        slugs,
        normalize_title(fields.get("title", "")),
        date,
        vote.file[0],
        (statement.form, statement.host, vote.listing),
    )


class AddressHolders:
    """Groups what was shown into items. `claims`: ids of statements of own pages that are not believed."""

    def __init__(self, shown: Sequence[IdentityVote]) -> None:
        self._shown = shown
        self._holder: dict[str, Item] = {}
        self._item_of: dict[int, Item] = {}
        self.claims: set[int] = set()
        for one in shown:
            if one.statement.own:
                self._add_page(one)
            else:
                self._add_row(one)
        for readings in _unchanged_readings(shown):
            self._unite_readings(readings)

    @property
    def items(self) -> list[Item]:
        """The items that have statements, the earliest first."""
        return list(dict.fromkeys(self._item_of.values()))

    def item_of(self, statement: int) -> Item | None:
        """Return the item of a statement, None for a claim."""
        return self._item_of.get(statement)

    def holder_of(self, key: str) -> Item | None:
        """Return the item that a key leads to now; None without one."""
        return self._holder.get(key)

    def _unite_readings(self, readings: list[IdentityVote]) -> None:
        """Assign readings of one page that show the same to one item: that of the last reading."""
        last = readings[-1].statement.id
        for number in {one.statement.id for one in readings} - {last}:
            if last in self.claims:
                self._make_claim(number)
            else:
                self.claims.discard(number)
                self._assign(number, self._item_of[last])

    def _make_claim(self, statement: int) -> None:
        item = self._item_of.pop(statement, None)
        if item is not None:
            item.statements.pop(statement, None)
        self.claims.add(statement)

    def _add_row(self, row: IdentityVote) -> None:
        """Assign a row to the holder of its address; a number that the row states goes first."""
        item = self._first_holder(row.numbers.values())
        if item is None:
            item = next((held for key in row.keys if (held := self._holder.get(key)) and _fits(held, row)), None)
        item = item or Item()
        for key in row.keys:
            self._bind(key, item, row.at)
        self._assign(row.statement.id, item)

    def _add_page(self, page: IdentityVote) -> None:
        holder = self._holder.get(page.address) if page.address else None
        item = self._item_of_new_address(page) if holder is None else self._item_of_held_address(page, holder)
        if item is None:
            self._make_claim(page.statement.id)
            return
        self.claims.discard(page.statement.id)
        for key in page.keys:
            self._bind(key, item, page.at)
        self._assign(page.statement.id, item)

    def _item_of_new_address(self, page: IdentityVote) -> Item | None:
        """Return the item of a page at an address where nothing was shown before; None if it is a claim."""
        named = self._named_items(page)
        if not named:
            return Item()
        item = self._first_holder(page.numbers.values()) or named[0]
        others = [other for other in named if other is not item]
        return item if _fits(item, page) and all(not other.numbers for other in others) else None

    def _item_of_held_address(self, page: IdentityVote, holder: Item) -> Item | None:
        """Return the item of a page at an address that has a holder; None while the page is a claim."""
        others = [other for other in self._named_items(page) if other is not holder]
        known = any(holder.numbers.get(kind) == key for kind, key in page.numbers.items())
        if _fits(holder, page):
            if known and all(not other.numbers for other in others):
                return holder  # the same item at a further address
            moved = any(slug != page.address and kind_of(page.address or "") == "slug" for slug in page.slugs)
            rows = self._rows_in_effect(page)
            if not others and not moved and not (rows and all(page.differs(row) for row in rows)):
                return holder
        return self._new_holder(page, holder, others) if self._is_believed(page) else None

    def _new_holder(self, page: IdentityVote, holder: Item, others: list[Item]) -> Item | None:
        """Return the item that a believed page's address belongs to now, and transfer it from the holder."""
        target = self._first_holder(page.numbers.values()) or next(
            (other for other in others if _fits(other, page)), None
        )
        if target is None or not _fits(target, page):
            target = holder if _fits(holder, page) else Item()
        if target is holder:
            return holder
        if not holder.numbers:
            self._absorb(holder, target)  # a rename: the holder was known only by its new address
            return target
        rows = self._rows_before(page)
        since = rows[0].at if rows else page.at
        assert page.address is not None  # noqa: S101 - only an address has a holder
        self._transfer(page.address, target, since)
        for row in rows:
            self._assign(row.statement.id, target)
        return target

    def _is_believed(self, page: IdentityVote) -> bool:
        """Return whether a listing, or another reading of the address, confirms what a page states about itself."""
        if any(row.agrees(page) for row in self._rows_in_effect(page, after=True)):
            return True
        readings = [one for one in self._shown if one.statement.own and one.address == page.address]
        position = readings.index(page)
        return any(self._are_apart(page, other) for other in _equal_readings(readings, position))

    @staticmethod
    def _are_apart(page: IdentityVote, other: IdentityVote) -> bool:
        if not page.at or not other.at:
            return False
        return abs(datetime.fromisoformat(page.at) - datetime.fromisoformat(other.at)) >= MIN_INTERVAL

    def _rows_in_effect(self, page: IdentityVote, *, after: bool = False) -> list[IdentityVote]:
        """Return the rows of listings at the page's address when it was read, the newest of each listing.

        If no listing had shown a row yet, these are the next ones; with `after`, the next ones are always added.
        """
        before, later = self._rows_around(page)
        found = [rows[-1] for rows in before.values()]
        return found if found and not after else found + [rows[0] for rows in later.values()]

    def _rows_around(
        self, page: IdentityVote
    ) -> tuple[dict[ListingId, list[IdentityVote]], dict[ListingId, list[IdentityVote]]]:
        """Return the rows at the page's address up to its reading, and those after it, by listing."""
        before: dict[ListingId, list[IdentityVote]] = {}
        later: dict[ListingId, list[IdentityVote]] = {}
        for one in self._shown:
            if not one.statement.own and page.address in one.keys:
                rows = before if one.at <= page.at else later
                rows.setdefault(one.listing, []).append(one)
        return before, later

    def _rows_before(self, page: IdentityVote) -> list[IdentityVote]:
        """Return the rows at the page's address that agree with it, back to the last of their listing that does not."""
        found: list[IdentityVote] = []
        for rows in self._rows_around(page)[0].values():
            found += takewhile(lambda row: row.agrees(page), reversed(rows))
        return sorted(found, key=lambda row: row.at)

    def _named_items(self, page: IdentityVote) -> list[Item]:
        return list(dict.fromkeys(self._holder[key] for key in page.keys if key in self._holder))

    def _first_holder(self, keys: Iterable[str]) -> Item | None:
        return next((self._holder[key] for key in keys if key in self._holder), None)

    def _assign(self, statement: int, item: Item) -> None:
        before = self._item_of.get(statement)
        if before is not None and before is not item:
            before.statements.pop(statement, None)
        self._item_of[statement] = item
        item.statements[statement] = None

    def _bind(self, key: str, item: Item, at: str) -> None:
        """Make a key lead to an item; its former holder may lose it."""
        holder = self._holder.get(key)
        if holder is item:
            return
        if holder is not None and not holder.numbers:
            self._absorb(holder, item)
            return
        if holder is not None:
            self._transfer(key, item, at)
            return
        self._holder[key] = item
        item.since.setdefault(key, at)
        if kind_of(key) in NUMBERS:
            item.numbers[kind_of(key)] = key

    def _transfer(self, key: str, item: Item, at: str) -> None:
        holder = self._holder[key]
        holder.until[key] = at
        self._holder[key] = item
        item.since[key] = at
        item.until.pop(key, None)

    def _absorb(self, item: Item, into: Item) -> None:
        """Merge an item into another: it was only known by an address of that one."""
        for statement in list(item.statements):
            self._assign(statement, into)
        for key in [key for key, holder in self._holder.items() if holder is item]:
            self._holder[key] = into
            into.since.setdefault(key, item.since.get(key, ""))


def _fits(item: Item, shown: IdentityVote) -> bool:
    """Return whether no number says that an item and a vote differ."""
    return all(item.numbers.get(kind, key) == key for kind, key in shown.numbers.items())


def _unchanged_readings(shown: Sequence[IdentityVote]) -> Iterator[list[IdentityVote]]:
    """Yield groups of readings of own pages that show the same, by address, without a different reading between.

    A capture with the same content as the one before it is stored as a reading of that one, if it comes later; so these
    belong together.
    """
    pages = sorted((one for one in shown if one.statement.own), key=lambda one: one.uri)  # stable: still by time
    for _, readings in groupby(pages, key=lambda one: (one.uri, one.statement.hash)):
        yield list(readings)


def _equal_readings(readings: list[IdentityVote], position: int) -> list[IdentityVote]:
    """Return the adjacent readings that state the same numbers and slugs."""
    stated = (readings[position].numbers, readings[position].slugs)
    first = last = position
    while first > 0 and (readings[first - 1].numbers, readings[first - 1].slugs) == stated:
        first -= 1
    while last + 1 < len(readings) and (readings[last + 1].numbers, readings[last + 1].slugs) == stated:
        last += 1
    return readings[first : last + 1]
