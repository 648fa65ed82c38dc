"""Bitmaps, in memory, of the documents with each date, kind, party, term and listing, for exact counts.

SQLite would look up each of a million documents found; sets of their numbers are compared in thousandths of a second.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from heapq import merge
from itertools import count, islice
from typing import TYPE_CHECKING

from pyroaring import BitMap

from .labels import listing_labels
from .queries import json_ids
from .search_request import TERMS, UNSTATED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .queries import Reader
    from .search_dates import Period

    Values = dict[str, BitMap]

# From an index that holds all of it: reading the documents themselves would read their summaries, too.
DOCUMENTS = """SELECT id, kind, sender, recipient, source, date_from, date_to, gone_at
    FROM documents INDEXED BY documents_filter"""
DATED = "SELECT date_from, id FROM documents INDEXED BY documents_date WHERE date_from IS NOT NULL ORDER BY 1, 2"
# What has no beginning (before 1956) stands where it ends.
ENDING = """SELECT date_to, id FROM documents INDEXED BY documents_date
    WHERE date_from IS NULL AND date_to IS NOT NULL ORDER BY 1, 2"""
CHANGED = "SELECT id FROM documents INDEXED BY documents_changed ORDER BY last_changed DESC, id DESC"
FILED = f"""SELECT facet, term, json_group_array(document_id) FROM document_terms
    WHERE facet IN ({", ".join(f"'{facet}'" for facet in TERMS)}) GROUP BY facet, term"""
LISTED = """SELECT listing_id, json_group_array(document_id)
    FROM captures CROSS JOIN sightings ON capture_id = captures.id
    WHERE listing_id IS NOT NULL AND document_id IS NOT NULL GROUP BY listing_id"""
LISTINGS = "SELECT id, name, key, declared_total FROM listings"
# A document that is dated to a month or a year may be of any day of it.
BEGUN = """SELECT id FROM documents INDEXED BY documents_date
    WHERE date_from >= ?1 AND date_from <= ?2 AND coalesce(date_to, date_from) >= ?3"""
GOING_ON = """SELECT d.id FROM json_each(?1) AS spanning CROSS JOIN documents AS d ON d.id = spanning.value
    WHERE d.date_to >= ?2 AND d.date_from < ?3"""
_SERIAL = count()


@dataclass
class Facets:
    """The documents of one database by each of their values."""

    documents: BitMap = field(default_factory=BitMap)
    values: dict[str, Values] = field(default_factory=dict)
    years: dict[int, BitMap] = field(default_factory=dict)
    """A document that may be of several years (1956-1957, 1950s) is in each of them."""
    before: list[tuple[str, int]] = field(default_factory=list)
    """The documents whose date has no beginning, with their last day; in `years` they are in the year of that."""
    after: list[tuple[str, int]] = field(default_factory=list)
    """Those whose date has no end, with their first day."""
    labels: dict[str, str] = field(default_factory=dict)
    """The names of listings by their numbers."""
    orders: dict[str, array[int]] = field(default_factory=dict)
    """All documents in each order; undated ones last, whichever way dates go."""
    serial: int = field(default_factory=lambda: next(_SERIAL))
    _places: dict[str, array[int]] = field(default_factory=dict)

    def having(self, facet: str, value: str) -> BitMap:
        """Return the documents that have a value."""
        if facet == "party":
            return self.having("sender", value) | self.having("recipient", value)
        if facet == "gone" and value == "no":
            return self.documents - self.having("gone", "yes")
        return self.values.get(facet, {}).get(value, BitMap())

    def dated(self, read: Reader, period: Period) -> BitMap:
        """Return the documents that may be of a period: whole years from memory, what is finer from the tables."""
        if not self.years:
            return BitMap()
        first = date.fromisoformat(period.start or f"{min(self.years):04}-01-01")
        last = date.fromisoformat(period.end or f"{max(self.years):04}-12-31")
        found = BitMap()
        for year, documents in self.years.items():
            begun, ended = date(year, 1, 1), date(year, 12, 31)
            if first <= begun and ended <= last:
                found |= documents
            elif begun <= last and first <= ended:
                found |= self._within(read, year, first.isoformat(), min(last, ended).isoformat())
        found |= BitMap(number for day, number in self.before if day >= first.isoformat())
        return found | BitMap(number for day, number in self.after if day <= last.isoformat())

    def _within(self, read: Reader, year: int, first: str, last: str) -> BitMap:
        """Return the documents that may be of some days of a year: begun in it, or before and going on."""
        begun = (number for (number,) in read.tuples(BEGUN, f"{year:04}", last, first))
        spanning = self.years[year] & self.years.get(year - 1, BitMap())
        going_on = read.tuples(GOING_ON, json_ids(spanning), first, f"{year:04}") if spanning else ()
        return BitMap(begun) | BitMap(number for (number,) in going_on)

    def sorted(self, found: BitMap, order: str) -> Iterator[int]:
        """Return documents in an order: of many by going through all, of few by their places among all."""
        every = self.orders[order]
        if len(found) * 20 > len(every):
            return filter(found.__contains__, every)
        if order not in self._places:
            self._places[order] = _places(every)
        return iter(sorted(found, key=self._places[order].__getitem__))

    def page(self, found: BitMap, order: str, start: int, stop: int) -> list[int]:
        """Return some documents in an order."""
        return list(islice(self.sorted(found, order), start, stop))


def load_facets(read: Reader) -> Facets:
    """Read all facets from the tables."""
    facets = Facets()
    one_each: dict[str, defaultdict[str, array[int]]]
    one_each = {name: defaultdict(_array) for name in ("kind", "sender", "recipient", "source", "gone")}
    spans: defaultdict[tuple[str, str], array[int]] = defaultdict(_array)
    kinds, senders, recipients, sources, gone = one_each.values()
    every = _array()
    for number, kind, sender, recipient, source, date_from, date_to, gone_at in read.tuples(DOCUMENTS):
        every.append(number)
        kinds[kind or UNSTATED].append(number)
        sources[source].append(number)
        if sender:
            senders[sender].append(number)
        if recipient:
            recipients[recipient].append(number)
        if gone_at:
            gone["yes"].append(number)
        if date_from or date_to:
            # One where nothing says how far the others go.
            spans[(date_from or date_to)[:4], (date_to or date_from)[:4]].append(number)
            if not date_from:
                facets.before.append((date_to, number))
            elif not date_to:
                facets.after.append((date_from, number))
    facets.documents = BitMap(every)
    facets.values = {facet: {value: BitMap(ids) for value, ids in held.items()} for facet, held in one_each.items()}
    facets.years = _years(spans)
    facets.values |= _many(read)
    facets.labels = listing_labels(read(LISTINGS))
    facets.orders = _orders(read, facets.documents)
    return facets


def parse_ids(text: str) -> BitMap:
    """Return the document ids in a JSON list made by SQLite: three times as fast as row by row."""
    return BitMap(array("I", json.loads(text)))


def _array() -> array[int]:
    return array("I")


def _years(spans: Mapping[tuple[str, str], array[int]]) -> dict[int, BitMap]:
    """Return the documents of each year; a document with a span is in each year of it."""
    years: dict[int, BitMap] = {}
    for (first, last), begun in spans.items():
        held = BitMap(begun)
        for year in range(int(first), max(int(first), int(last)) + 1):
            years[year] = years.get(year, BitMap()) | held
    return dict(sorted(years.items()))


def _many(read: Reader) -> dict[str, Values]:
    """Return the facets of which a document may have many: terms and listings."""
    found: dict[str, Values] = {facet: {} for facet in (*TERMS, "listing")}
    for facet, term, held in read.tuples(FILED):
        found[facet][term] = parse_ids(held)
    for listing, held in read.tuples(LISTED):
        found["listing"][str(listing)] = parse_ids(held)
    return found


def _orders(read: Reader, documents: BitMap) -> dict[str, array[int]]:
    dated = array("I", (number for _, number in merge(read.tuples(DATED), read.tuples(ENDING))))
    undated = array("I", documents - BitMap(dated))
    changed = array("I", (number for (number,) in read.tuples(CHANGED)))
    return {"date": dated + undated, "newest": dated[::-1] + undated, "changed": changed}


def _places(every: array[int]) -> array[int]:
    """Return the place of each document by its number."""
    places = array("I", bytes(4 * (max(every, default=0) + 1)))
    for place, number in enumerate(every):
        places[number] = place
    return places
