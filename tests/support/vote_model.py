"""The rules by which votes make a document, as a slow and plain fold; and small pages that vote.

A vote is what one capture says of an item, at its time. `held` goes through the votes in order of time and keeps, of
each field, what is held; it looks at all votes up to then again and again, and knows nothing of tables.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from harvester.model import Capture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

OWN_HOST, ALIAS = "digitalarchive.wilsoncenter.org", "wilson-center.drivingcreative.com"
HOSTS = (OWN_HOST, ALIAS)
WHOLE, SEARCH, OTHER = "/search?page=0", "/search?search_api_fulltext=No", "/search?search_api_fulltext=to"
PAGE = "page"
"""Stands for the document's own page, where listings stand otherwise."""
FIELDS = ("title", "date", "summary")
READINGS = 4
"""So often an own page that shows the old value still is read before it is believed."""


@dataclass(frozen=True)
class Stated:
    """What a page says of an item, as printed."""

    title: str
    date: str | None = None
    summary: str | None = None
    record: str = "110001"
    node: str = "80001"
    slug: str = "letter"


@dataclass(frozen=True, repr=False)
class Vote:
    """What a page says at a time: `place` is a listing, or PAGE."""

    at: datetime | None
    host: str
    place: str
    stated: Stated

    def __repr__(self) -> str:
        when = f"{self.at:%d %H:%M}" if self.at else "undated"
        return f"{when} {self.host[:7]} {self.place}: {self.stated.title} | {self.stated.date} | {self.stated.summary}"

    @property
    def is_own(self) -> bool:
        return self.place == PAGE

    @property
    def series(self) -> tuple[str, str]:
        return self.host, self.place

    @property
    def voice(self) -> tuple[int, int]:
        """Sorts voices, the richest first: own pages before listings, the own host before its aliases."""
        return int(not self.is_own), HOSTS.index(self.host)

    def value(self, field: str) -> str | None:
        return getattr(self.stated, field)  # type: ignore[no-any-return]


def in_order(votes: Iterable[Vote]) -> list[Vote]:
    """Return votes as they count: undated ones first, then by time, rows before own pages."""
    return sorted(votes, key=lambda vote: (vote.at is not None, (vote.at and vote.at.isoformat()) or "", vote.is_own))


def held(votes: Sequence[Vote], field: str) -> str | None:
    """Return what is held of a field of the document that all these votes are of."""
    news: _News | None = None
    passed: list[Vote] = []
    for vote in in_order(votes):
        news = _after(news, vote, passed, field)
        passed.append(vote)
    return news.value if news else _by_voices(passed, field)


@dataclass(frozen=True)
class _News:
    """A listing says otherwise than was held before: its value counts until the richer voice decides.

    `voice`: the one whose value is not held meanwhile, `old`; it decides, or a richer one. As long as it says the old
    value still, a cache may have answered.
    """

    voice: tuple[int, int]
    old: str | None
    value: str | None
    readings: int = 0


def _after(news: _News | None, vote: Vote, passed: list[Vote], field: str) -> _News | None:
    """Return the news that counts after a vote."""
    stated = vote.value(field)
    if news and vote.voice <= news.voice:
        still_old = stated is not None and stated == news.old and news.readings + 1 < READINGS
        news = replace(news, readings=news.readings + 1) if still_old else None
    richer = [other for other in passed if other.voice < vote.voice]
    before = [other for other in passed if other.series == vote.series and other.at is not None]
    if vote.is_own or not richer or not before or before[-1].value(field) == stated:
        return news
    value = news.value if news else _by_voices(passed, field)
    if stated == value or _is_beginning(stated, value, field) or before[-1].value(field) != value:
        return news
    if stated == _by_voices(richer, field) or _is_beginning(stated, _by_voices(richer, field), field):
        return None  # the listing agrees with the richer voice again
    voices = sorted({other.voice for other in richer})
    voice = next((voice for voice in voices if _stated(richer, voice, field) is not None), voices[-1])
    return _News(voice, _stated(richer, voice, field), stated)


def _is_beginning(new: str | None, value: str | None, field: str) -> bool:
    """Return whether a text is a teaser of another; one that ends with a full stop is a text of its own."""
    return field != "date" and bool(new and value) and str(value).startswith(str(new).rstrip("…").strip())


def _by_voices(votes: list[Vote], field: str) -> str | None:
    """Return the value of the first voice that states one."""
    for voice in sorted({vote.voice for vote in votes}):
        value = _stated(votes, voice, field)
        if value is not None:
            return value
    return None


def _stated(votes: list[Vote], voice: tuple[int, int], field: str) -> str | None:
    return _of_voice([vote for vote in votes if vote.voice == voice], field)


def _of_voice(votes: list[Vote], field: str) -> str | None:
    """Return what a voice says: of one series its newest vote; of several listings, the one that changed last.

    A listing that never stated the field says nothing of it.
    """
    series = {vote.series: [other for other in votes if other.series == vote.series] for vote in votes}
    series = {name: own for name, own in series.items() if any(vote.value(field) is not None for vote in own)}

    def rank(name: tuple[str, str]) -> tuple[str, bool, str]:
        own = series[name]
        return _changed_at(own, field), name[1] == WHOLE, own[0].at.isoformat() if own[0].at else ""

    return series[max(series, key=rank)][-1].value(field) if series else None


def _changed_at(votes: list[Vote], field: str) -> str:
    """Return when a series last said otherwise than in its dated vote before; empty if it never did."""
    dated = [vote for vote in votes if vote.at]
    changes = [two.at for one, two in itertools.pairwise(dated) if one.value(field) != two.value(field)]
    return changes[-1].isoformat() if changes and changes[-1] else ""


# small pages

_LISTING = """<!DOCTYPE html><html><head><title>Search</title></head><body><a href="#main">Skip to content</a><main>
<h2>Results:</h2><p><strong>{first}</strong> - <strong>{last}</strong> of <strong>{total}</strong></p><h3>Documents</h3>
<table class="table table-hover table-striped"><tbody>{rows}</tbody></table></main>
<footer>Footer</footer></body></html>"""
_ROW = """<tr><td class="document contextual-region">{date}
<h4 class="title"><a href="/document/{slug}">{title}</a></h4><div class="description">{summary}</div></td></tr>"""
_PAGE = """<!DOCTYPE html><html><head><title>{title}</title></head><body><main><article>
<header><h1 class="title">{title}</h1>{date}</header><div class="text-block">{summary}</div>
<div class="information-block"><div class="sub-title">Rights</div><div class="text">Free.</div></div>
<div class="information-block"><div class="sub-title">Record ID</div><div class="text">{record}</div></div>
</article></main><footer>Footer</footer>
<script type="application/json">{{"path":{{"currentPath":"node\\/{node}"}}}}</script></body></html>"""


def _parts(stated: Stated) -> dict[str, str]:
    return {
        "title": escape(stated.title),
        "date": f'<div class="date">{stated.date}</div>' if stated.date else "",
        "summary": f"<p>{escape(stated.summary)}</p>" if stated.summary else "",
        "slug": stated.slug,
        "record": stated.record,
        "node": stated.node,
    }


def listing(rows: Sequence[Stated], place: str, at: datetime | None, host: str = OWN_HOST) -> Capture:
    """Return a capture of a listing that shows these rows."""
    shown = "".join(_ROW.format(**_parts(stated)) for stated in rows)
    body = _LISTING.format(first=1, last=len(rows), total=len(rows), rows=shown)
    return Capture(f"https://{host}{place}", body.encode(), at, media_type="text/html", http_status=200)


def own_page(stated: Stated, at: datetime | None, host: str = OWN_HOST, slug: str | None = None) -> Capture:
    """Return a capture of a document's page, at its address or at another one."""
    uri = f"https://{host}/document/{slug or stated.slug}"
    return Capture(uri, _PAGE.format(**_parts(stated)).encode(), at, media_type="text/html", http_status=200)


def capture_of(vote: Vote) -> Capture:
    """Return the capture that votes so."""
    if vote.is_own:
        return own_page(vote.stated, vote.at, vote.host)
    return listing([vote.stated], vote.place, vote.at, vote.host)
