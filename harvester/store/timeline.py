"""A document as a function of its votes: the value of each field, since when, and which page states it.

Votes are added in order of time. What one listing states, or the item's own pages at one host, is a series; its newest
vote counts. Series of one form at one host are a voice; among its listings the one counts that changed its value last.
Between voices the richer form is believed (the order of `Source.forms`), then the source's own host.

A change in a listing is news: the item's own page is to be read again. Meanwhile the new value is shown, if the old one
was shown before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from harvester.parsers.dates import read_date
from harvester.store.keys import is_different, normalize_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harvester.source import DateOrder, Source
    from harvester.store.votes import Vote

NEWS_FIELDS = ("title", "date_text", "summary")
"""The fields that listings state."""
BELIEVED_AFTER = 4
"""Readings of an own page with the old value after which that is believed: a cache may have answered the first ones."""
ADDRESS_FIELDS = ("url", "slug", "record_id", "node_id")
"""The fields that identify an item: once stated, a value stays although a page does not show it."""
_ELLIPSIS = re.compile(r" ?(?:…|\.\.+)$")
Rank = tuple[bool, int, int, str, str]


class ValueOrigin(NamedTuple):
    """Where a value comes from."""

    at: str
    """When the page that states it was captured; empty if unknown."""
    capture: int
    from_start: bool = True
    """Whether its series has stated it since its first vote."""


class FieldValue(NamedTuple):
    """The value of a field. `value` is None where the field was stated before and is not any more."""

    value: Any
    origin: ValueOrigin


@dataclass
class News:
    """A change in a listing that the item's own page has neither confirmed nor denied yet."""

    value: Any
    origin: ValueOrigin
    listing: int
    rank: Rank
    old: Any
    """The value that the richer voice stated then."""
    held: bool
    """Whether the document has the new value meanwhile."""
    slug: str | None
    """The address at which the listing shows it."""
    readings: set[str] = field(default_factory=set)
    """Times at which the richer voice was read since then, and still showed the old value."""


class SuppressedNews(NamedTuple):
    """A walk in which a listing changed so many records that its news of a field replaces no value."""

    listing: int
    field: str
    first_at: str
    last_at: str


@dataclass
class Series:
    """What one listing, or the item's own pages at one host, state about the item."""

    rank: Rank
    whole_source: bool
    first: ValueOrigin
    vote: Vote
    changed: dict[str, str] = field(default_factory=dict)
    """When a field last differed from the dated vote before."""
    began: dict[str, ValueOrigin] = field(default_factory=dict)
    """The origin of the present value of a field, if not the first vote."""
    earlier: dict[str, list[Any]] = field(default_factory=dict)
    """The earlier values of a field."""

    def value(self, name: str) -> Any:
        """Return the present value of a field."""
        return self.vote.statement.fields.get(name)

    def field_value(self, name: str) -> FieldValue:
        """Return the present value of a field, and its origin."""
        return FieldValue(self.value(name), self.began.get(name, self.first))

    def add(self, vote: Vote, order: DateOrder | None) -> None:
        """Add a later vote. `order`: how its archive writes dates of numbers only."""
        before, self.vote = self.vote, vote
        if before.statement.id == vote.statement.id:
            return
        old, new = before.statement.fields, vote.statement.fields
        for name in {*old, *new}:
            if is_field_different(name, old.get(name), new.get(name), order):
                self.began[name] = ValueOrigin(vote.at, vote.capture, from_start=False)
                self.earlier.setdefault(name, []).append(old.get(name))
                if before.at:
                    self.changed[name] = vote.at


class Timeline:
    """The document that its votes make, at the time of the newest vote added so far."""

    def __init__(
        self,
        source: Source,
        suppressed: Sequence[SuppressedNews] = (),
        lost_slugs: Mapping[str, str] | None = None,
    ) -> None:
        self._forms = [form.name for form in source.forms]
        self._losing = {form.name for form in source.forms if form.loses}
        self._hosts = source.hosts
        self._date_order = source.date_order
        self._suppressed = suppressed
        self._lost_slugs = lost_slugs or {}
        self._series_by_rank: dict[Rank, dict[int | None, Series]] = {}
        self._ranks: list[Rank] = []
        self._stated: dict[str, tuple[Rank, str, FieldValue]] = {}
        self._urls: list[tuple[Rank, str, str, str | None, ValueOrigin]] = []
        self.news: dict[str, News] = {}
        """By field; open ones only."""
        self._page_slugs: list[str] = []
        """The slugs that the richest own pages have stated, the newest last."""

    def add(self, vote: Vote) -> None:
        """Add the next vote. Votes are added in order of time."""
        if not vote.statement.own and vote.statement.fields.get("slug") in self._page_slugs[:-1]:
            return  # the document has left this address: another item is there
        rank = self._rank(vote)
        series = self._series(rank, vote)
        before = series.vote
        changed = self._changed(before, vote)
        held = {name: self.value(name) for name in changed}
        series.add(vote, self._date_order)
        self._note_addresses(rank, vote)
        self._note_page_slug(rank, vote)
        for name in changed:
            self._add_news(series, name, before.statement.fields.get(name), held[name])
        for name in [name for name, news in self.news.items() if rank <= news.rank]:
            self._confirm(name, vote)

    def value(self, name: str) -> Any:
        """Return the value of a field now, None if it has none."""
        found = self.field_value(name)
        return found.value if found else None

    def field_value(self, name: str) -> FieldValue | None:
        """Return the value of a field now, and its origin; None if it never was stated."""
        news = self.news.get(name)
        if news and news.held:
            return FieldValue(news.value, news.origin)
        return self._best(name)

    def content(self) -> dict[str, FieldValue]:
        """Return all fields that are or were stated, with their origins."""
        content: dict[str, FieldValue] = {}
        for rank in self._ranks:
            for name, found in self._stated_by(self._series_by_rank[rank]):
                held = content.get(name)
                if held is None or (held.value is None and found.value is not None):
                    content[name] = found
        for name, news in self.news.items():
            if news.held and name in content:
                content[name] = FieldValue(news.value, news.origin)
        return content | self._addresses()

    def _rank(self, vote: Vote) -> Rank:
        statement = vote.statement
        form, host = _order(statement.form, self._forms), _order(statement.host, self._hosts)
        return statement.cut, form, host, statement.host, statement.form

    def _series(self, rank: Rank, vote: Vote) -> Series:
        by_listing = self._series_by_rank.get(rank)
        if by_listing is None:
            by_listing = self._series_by_rank[rank] = {}
            self._ranks = sorted(self._series_by_rank)
        listing = None if vote.statement.own else vote.listing
        if listing not in by_listing:
            by_listing[listing] = Series(rank, vote.whole_source, ValueOrigin(vote.at, vote.capture), vote)
        return by_listing[listing]

    def _changed(self, before: Vote, vote: Vote) -> list[str]:
        """Return the fields that differ from the listing's dated vote before."""
        same = before.statement.id == vote.statement.id or before.parser != vote.parser
        if same or not before.at or vote.statement.own or vote.statement.cut:
            return []
        old, new = before.statement.fields, vote.statement.fields
        shown = (
            NEWS_FIELDS if vote.statement.form not in self._losing else [name for name in NEWS_FIELDS if name in new]
        )
        return [name for name in shown if self._differs(name, old.get(name), new.get(name))]

    def _differs(self, name: str, one: Any, other: Any) -> bool:
        return is_field_different(name, one, other, self._date_order)

    def _add_news(self, series: Series, name: str, before: Any, held: Any) -> None:
        if not any(rank < series.rank for rank in self._ranks):
            return
        best = self._best(name, richer_than=series.rank)
        old, new = best.value if best else None, series.value(name)
        known, vote = self.news.get(name), series.vote
        teaser = is_beginning(new, held)
        if known and known.held and teaser:
            return
        shortened = teaser or is_beginning(new, old)  # the value stays, but the page is due
        if not self._differs(name, old, new) or (
            shortened and (self._differs(name, before, held) or (known and known.held))
        ):
            if not self._differs(name, before, held):
                self.news.pop(name, None)
            return
        if self._differs(name, before, held) and self._was_stated(name, new, richer_than=series.rank):
            return  # the listing lags behind
        takes = not shortened and not self._differs(name, before, held) and not self._is_suppressed(vote, name)
        if known and (known.held or not self._differs(name, known.value, new)) and not takes:
            return
        origin = ValueOrigin(vote.at, vote.capture, from_start=False)
        decider, slug = self._decider(series.rank, name), series.value("slug")
        self.news[name] = News(new, origin, vote.listing or 0, decider, old, takes, slug)

    def _was_stated(self, name: str, value: Any, richer_than: Rank) -> bool:
        """Return whether a richer voice stated a value before, and states another one now."""
        return any(
            not self._differs(name, value, earlier)
            for rank in self._ranks
            if rank < richer_than
            for series in self._series_by_rank[rank].values()
            for earlier in series.earlier.get(name, ())
        )

    def _note_page_slug(self, rank: Rank, vote: Vote) -> None:
        """Note the slug of the richest voice's page. What listings show at an address it has left is another item."""
        slug = vote.statement.fields.get("slug") if vote.statement.own and rank == self._ranks[0] else None
        if slug is None or self._page_slugs[-1:] == [slug]:
            return
        self._page_slugs = [*(before for before in self._page_slugs if before != slug), slug]
        left = self._page_slugs[:-1]
        self.news = {name: news for name, news in self.news.items() if news.slug not in left}

    def _decider(self, than: Rank, name: str) -> Rank:
        richer = [rank for rank in self._ranks if rank < than]
        for rank in richer:
            found = self._newest_of(self._series_by_rank[rank], name)
            if found and found.value is not None:
                return rank
        return richer[-1]

    def _is_suppressed(self, vote: Vote, name: str) -> bool:
        return any(
            one.listing == vote.listing and one.field == name and one.first_at <= vote.at <= one.last_at
            for one in self._suppressed
        )

    def _confirm(self, name: str, vote: Vote) -> None:
        """Decide news by a vote of a richer voice, unless that may come from a cache."""
        news, value = self.news[name], vote.statement.fields.get(name)
        if value is not None and not self._differs(name, value, news.old):
            news.readings.add(vote.at)
            if len(news.readings) < BELIEVED_AFTER:
                return
        del self.news[name]

    def _best(self, name: str, richer_than: Rank | None = None) -> FieldValue | None:
        """Return the value of the first voice that states the field; else where it was stated last."""
        silent: FieldValue | None = None
        for rank in self._ranks:
            if richer_than is not None and rank >= richer_than:
                break
            found = self._newest_of(self._series_by_rank[rank], name)
            if found and found.value is not None:
                return found
            silent = silent or found
        return silent

    def _newest_of(self, by_listing: dict[int | None, Series], name: str) -> FieldValue | None:
        if len(by_listing) == 1:
            (only,) = by_listing.values()
            return only.field_value(name) if only.value(name) is not None or name in only.began else None
        stating = [one for one in by_listing.values() if one.value(name) is not None or name in one.began]
        if len(stating) > 1:
            stating.sort(
                key=lambda one: (one.changed.get(name, ""), one.whole_source, one.first.at, one.vote.statement.hash)
            )
        return stating[-1].field_value(name) if stating else None

    def _stated_by(self, by_listing: dict[int | None, Series]) -> list[tuple[str, FieldValue]]:
        """Return the fields, without addresses, that a voice states or has stated, with their values."""
        if len(by_listing) == 1:
            (only,) = by_listing.values()
            if not only.began:  # as of nearly every item
                fields, first = only.vote.statement.fields, only.first
                return [(name, FieldValue(fields[name], first)) for name in fields if name not in ADDRESS_FIELDS]
        names = {name for series in by_listing.values() for name in (*series.vote.statement.fields, *series.began)}
        found = [(name, self._newest_of(by_listing, name)) for name in names.difference(ADDRESS_FIELDS)]
        return [(name, value) for name, value in found if value]

    def _note_addresses(self, rank: Rank, vote: Vote) -> None:
        """Note addresses and numbers: of each the richest voice that ever stated one, and there the newest."""
        fields, origin = vote.statement.fields, ValueOrigin(vote.at, vote.capture)
        if "url" in fields and fields.get("slug") not in self._lost_slugs:
            self._urls.append((rank, vote.at, fields["url"], fields.get("slug"), origin))
        for name in ADDRESS_FIELDS[1:]:
            if name in fields and not (name == "slug" and fields[name] in self._lost_slugs):
                held = self._stated.get(name)
                if held is None or rank <= held[0]:
                    self._stated[name] = (rank, vote.at, FieldValue(fields[name], origin))

    def _addresses(self) -> dict[str, FieldValue]:
        found: dict[str, FieldValue] = {}
        has_lost = False
        for name in ADDRESS_FIELDS[1:]:
            stated = self._best(name)
            if name == "slug" and stated and stated.value in self._lost_slugs:
                has_lost = True  # and those that it had before lead nowhere, or to other documents
                other = self._stated.get(name)
                if other and other[1] >= self._lost_slugs[stated.value]:  # a page of it was at a lost address once more
                    found[name] = other[2]
            elif stated and stated.value is not None:
                found[name] = stated
            elif name in self._stated:
                found[name] = self._stated[name][2]
        slug = found["slug"].value if "slug" in found else None
        fitting = [one for one in self._urls if one[3] == slug] or ([] if has_lost else self._urls)
        if fitting:
            richest = min(one[0] for one in fitting)
            _, _, url, _, origin = [one for one in fitting if one[0] == richest][-1]
            found["url"] = FieldValue(url, origin)
        return found


def document_states(votes: Sequence[Vote], timeline: Timeline) -> Iterator[tuple[str, dict[str, FieldValue]]]:
    """Yield each time of a vote and the fields that the document had from then on, the oldest first."""
    for number, vote in enumerate(votes):
        timeline.add(vote)
        if number + 1 == len(votes) or votes[number + 1].at != vote.at:
            yield vote.at, timeline.content()


def is_field_different(name: str, one: Any, other: Any, order: DateOrder | None) -> bool:
    """Return whether two values of a field differ in more than how they are printed."""
    if one == other:
        return False
    if isinstance(one, str) and isinstance(other, str):
        if name == "date_text":
            return _comparable_date(one, order) != _comparable_date(other, order)
        return is_different(one, other)
    return bool(one) or bool(other)


def is_beginning(text: Any, whole: Any) -> bool:
    """Return whether a text is only the beginning of another, as a teaser is; with a full stop it is whole."""
    if not isinstance(text, str) or not isinstance(whole, str):
        return False
    begun = _ELLIPSIS.sub("", normalize_text(text))
    return bool(begun) and normalize_text(whole).startswith(begun) and len(begun) < len(normalize_text(whole))


@lru_cache(maxsize=2048)
def _comparable_date(text: str, order: DateOrder | None) -> str:
    return read_date(text, order).edtf or normalize_text(text)


def _order(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)
