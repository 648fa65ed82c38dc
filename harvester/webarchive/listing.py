"""What the index of a web archive lists of a source: written into the table of captures, and which of it is wanted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from harvester.model import Problem
from harvester.readers.cdx import REVISIT
from harvester.readers.filenames import Names
from harvester.readers.warc import PAGE_TYPES
from harvester.store.presence import PROOF
from harvester.store.web_captures import WebCapture, insert_captures, known_addresses, known_dialect, listing_totals
from harvester.store.withdrawal.withdrawn import is_withdrawn_address
from harvester.urls import canonical, in_other_order, listing_for, listing_of, page_url
from harvester.webarchive.index import Target, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from harvester.source import Source
    from harvester.store.run import Run
    from harvester.store.web_captures import Scope
    from harvester.webarchive.index import Index
    from harvester.webarchive.index_lines import IndexLine

Versions = Literal["newest", "changed", "all"]
READABLE = frozenset({None, 200, 203, 404, 410})
"""Statuses of captures that may say something: of a page, or that there is none. An index may not know the status."""
MISSING = frozenset({404, 410})
MOST_PROBES = 5
"""Addresses that TimeMaps are asked of to see whether there are any: the front page, and the listing's first pages."""


class PageAddresses:
    """The addresses of a source's pages: hosts are aliases, and so are http and https."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names = Names((source,))

    def stored(self, address: str) -> str | None:
        """Return an address as captures of it are stored; None if it is no page of the source."""
        return self._names.address(address)

    def page(self, address: str) -> str | None:
        """Return the page that an address means, on the archive's own host; None if it is none."""
        stored = self.stored(address)
        return canonical(stored, self._source) if stored else None


class CaptureListing:
    """Asks an index for all pages of a source, and writes what it lists. `left_out`: how many lines are no pages."""

    def __init__(self, run: Run, source: Source, scope: Scope, index: Index, progress: Callable[[], None]) -> None:
        self._run, self._source, self._scope, self._index = run, source, scope, index
        self._addresses = PageAddresses(source)
        self._progress = progress
        self._pages_requested: set[str] = set()
        self.left_out: Counter[str] = Counter()

    def list_all(self) -> bool:
        """List what is not listed yet in this run; return whether anything was requested.

        TimeMaps are of single pages: after captures were read, more pages may be known.
        """
        if self._index.dialect is None:
            probes = [f"{self._source.root()}/", *self._known_pages()][:MOST_PROBES]
            self._index.recognise(probes, known_dialect(self._run.db, self._scope.web_archive))
        elif self._index.dialect != "timemap":
            return False
        before = self._index.queries
        if self._index.dialect == "timemap":
            self._list_pages()
        else:
            for target in self._targets():
                for answer in self._index.list_matching(target, Window(self._scope.since, self._scope.until)):
                    self._add(answer.lines)
                    self._note_unreadable(answer.unreadable)
        for why in self._index.failed:
            self._run.add_run_problem(Problem("error", "not-listed", f"{why}: run it again later"), self._index.url)
        self._index.failed.clear()
        return self._index.queries > before

    def _targets(self) -> list[Target]:
        """Return what to ask the index for: all hosts of the source, or one page at each of them."""
        if self._scope.page is None:
            return list(dict.fromkeys(map(Target.host, self._source.hosts)))
        parts = urlsplit(self._scope.page)
        return [Target(parts._replace(netloc=host).geturl(), "exact") for host in self._source.hosts]

    def _list_pages(self) -> None:
        for address in self._known_pages():
            if address not in self._pages_requested:
                self._pages_requested.add(address)
                for answer in self._index.list_page(address):
                    within = [
                        line for line in answer.lines if self._scope.since <= line.captured_at <= self._scope.until
                    ]
                    self._add(within)
                    self._note_unreadable(answer.unreadable)

    def _known_pages(self) -> list[str]:
        """Return the addresses of all pages of which is known that there are such."""
        if self._scope.page:
            return [self._scope.page]
        pages = [
            page for one in known_addresses(self._run.db, self._source.name) if (page := self._addresses.page(one))
        ]
        return list(dict.fromkeys([*self._listing_pages(), *pages]))

    def _listing_pages(self) -> Iterator[str]:
        if self._source.pager is None:
            return
        whole = listing_for(self._source)
        orders = [one.url for one in (whole, in_other_order(whole, self._source)) if one]
        for url, total in [*((url, 0) for url in orders), *listing_totals(self._run.db, self._source.name)]:
            listing = listing_of(url, self._source)
            if listing:
                yield url
                for number in range(1 if self._source.pager.next else max(1, -(-total // self._source.pager.size))):
                    yield page_url(listing, number, self._source)

    def _add(self, lines: Iterable[IndexLine]) -> None:
        """Write the lines that are of pages; count the others."""
        captures = [capture for line in lines if (capture := self._capture(line))]
        with self._run.transaction():
            insert_captures(self._run.db, self._scope, self._run.id, captures)
        self._progress()

    def _capture(self, line: IndexLine) -> WebCapture | None:
        uri = self._addresses.stored(line.address)
        page = canonical(uri, self._source) if uri else None
        if uri is None or page is None or (self._scope.page and page != self._scope.page):
            self.left_out["of other addresses"] += 1
        elif not is_wanted_kind(line):
            self.left_out["redirects, errors and other kinds"] += 1
        elif any(is_withdrawn_address(self._run.db, address) for address in {uri, page}):
            self.left_out["of withdrawn documents"] += 1
        else:
            return WebCapture(0, page, uri, line.address, line.captured_at, line.media_type, line.status, line.digest)
        return None

    def _note_unreadable(self, lines: list[str]) -> None:
        if lines:
            message = f"{len(lines)} lines of the index make no sense, and were left out"
            self._run.add_run_problem(Problem("warning", "index-line", message, extract=lines[0]), self._index.url)


def is_wanted_kind(line: IndexLine) -> bool:
    """Return whether a capture may be of a page: no redirect, no error of the moment, no picture."""
    if line.status not in READABLE:
        return False
    return line.status in MISSING or line.media_type == REVISIT or line.media_type in PAGE_TYPES


def choose(captures: Sequence[WebCapture], versions: Versions) -> list[WebCapture]:
    """Return the wanted captures of one page, the newest first. `captures` are all of it, the oldest first.

    `changed`: of captures in a row that have one digest the first, which is when the page began to say so, and the
    newest of all. That a page is missing takes two captures to prove, so the first two. A digest that is not known
    equals no other.
    """
    if versions == "newest":
        return [captures[-1]]
    if versions == "all":
        return [*reversed(captures)]
    wanted: list[WebCapture] = []
    repeated = 0  # how many captures before this one have its digest, in a row
    for number, capture in enumerate(captures):
        before = captures[number - 1].digest if number else None
        repeated = repeated + 1 if capture.digest is not None and capture.digest == before else 0
        first = captures[number - repeated]  # that the page was as before is listed without a status
        is_news = repeated < (PROOF if first.status in MISSING else 1)
        if is_news or number == len(captures) - 1:
            wanted.append(capture)
    return wanted[::-1]
