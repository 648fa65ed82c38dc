"""Lists the captures of a source's pages from the index of a web archive, in the dialect that it speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

from harvester.errors import HarvesterError
from harvester.webarchive.client import OUT_OF_TIME, HarvestEndedError, NoAnswerError
from harvester.webarchive.index_lines import IndexAnswer, read_index
from harvester.webarchive.place import FIRST_YEAR, query_url, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harvester.webarchive.client import WebAnswer, WebArchiveClient
    from harvester.webarchive.place import Dialect, WebArchive

MOST_LINES = 150_000
"""How many lines the Internet Archive returns at most for one query."""
MOST_BYTES = 256 * 1024**2
SHORTEST_WINDOW = timedelta(days=1)
MOST_OUT_OF_TIME = 12
"""So often in a row the index may find nothing in time, although less and less is asked for, before the run ends."""
MOST_PARTS = 100_000
"""Parts of one list: more is a circle."""


class Target(NamedTuple):
    """What an index is asked for: every page of a host, or one page. http and https are one to it."""

    url: str
    match: Literal["host", "exact"]

    @classmethod
    def host(cls, host: str) -> Target:
        """Return every page of a host; `www.` before it makes no difference either."""
        return cls(f"{host.removeprefix('www.')}/", "host")


@dataclass(frozen=True)
class Window:
    """A span of time that is asked for at once, both ends included."""

    since: datetime
    until: datetime

    def halves(self) -> tuple[Window, Window] | None:
        """Return both halves; None if it is too short for that."""
        length = self.until - self.since
        if length < 2 * SHORTEST_WINDOW:
            return None
        middle = self.since + timedelta(seconds=int(length.total_seconds()) // 2)
        return Window(middle + timedelta(seconds=1), self.until), Window(self.since, middle)

    def years(self) -> Iterator[Window]:
        """Yield its years, the last one first."""
        for year in range(self.until.year, max(self.since.year, FIRST_YEAR) - 1, -1):
            first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
            yield Window(max(first, self.since), min(last, self.until))


@dataclass
class Index:
    """The index of a web archive. `keep` writes its answers to the WARC file, as evidence.

    `dialect`: what it has spoken, once it has answered. `failed`: what it did not answer, each with the reason.
    """

    archive: WebArchive
    client: WebArchiveClient
    keep: Callable[[WebAnswer], None]
    dialect: Dialect | None = None
    url: str = ""
    queries: int = 0
    failed: list[str] = field(default_factory=list)

    def recognise(self, addresses: Sequence[str], expected: str | None) -> None:
        """Find out where the index is and which dialect it speaks.

        `addresses` are pages that it may list. `expected`: the dialect that it has spoken before, which is tried first.
        Raises HarvesterError if there is none, HarvestEndedError if it has no time now.
        """
        places = sorted(self.archive.indexes(), key=lambda place: place[0] != expected)
        if len(places) == 1 or places[0][0] == expected:
            self.dialect, self.url = places[0]
            return
        busy: int | None = None
        for dialect, url in places:
            probe = query_url(url, _query(Target.host(urlsplit(addresses[0]).hostname or ""), [("limit", "1")]))
            for query in [f"{url}/{address}" for address in addresses] if dialect == "timemap" else [probe]:
                answer = self._probe(query)
                if answer.status == 200 and read_index(_text(answer)) is not None:
                    self.dialect, self.url = dialect, url
                    return
                busy = answer.status if answer.is_busy else busy
        if busy is not None:
            raise HarvestEndedError(f"the index of {self.archive.host} answered {busy}: run it again later")
        raise HarvesterError(
            f"{self.archive.url} has no index that is known (CDX, CDXJ, TimeMap): give the address that stands before "
            "the time in the address of a capture"
        )

    def _probe(self, url: str) -> WebAnswer:
        """Return what is at an address where an index may be. Where nothing answers in time, nothing will elsewhere."""
        try:
            return self._request(url)
        except NoAnswerError as error:
            why = f"{self.archive.host} does not answer ({error})"
            raise HarvestEndedError(f"{why}: check the address, or run it again later") from error

    def list_matching(self, what: Target, span: Window) -> Iterator[IndexAnswer]:
        """Yield what the index lists of the pages of a host, or of one page, answer by answer."""
        waiting = list(span.years()) if self.dialect == "cdx" else [span]
        out_of_time = 0
        while waiting:
            window = waiting.pop(0)
            try:
                for answer in self._list_window(what, window):
                    out_of_time = 0
                    yield answer
            except NoAnswerError as error:
                out_of_time += 1
                if out_of_time == MOST_OUT_OF_TIME:
                    why = f"the index of {self.archive.host} lists nothing, however little it is asked for ({error})"
                    raise HarvestEndedError(f"{why}: run it again later") from error
                halves = window.halves()
                waiting[:0] = halves or ()
                if not halves:
                    self._fail(what, window, str(error))

    def _fail(self, what: Target, window: Window, why: str) -> None:
        self.failed.append(f"{what.url} from {stamp(window.since)} to {stamp(window.until)}: {why}")

    def _list_window(self, what: Target, window: Window) -> Iterator[IndexAnswer]:
        """Yield the answers for a window, part by part. Raises NoAnswerError if it was too much for one."""
        more: list[tuple[str, str]] = [("from", stamp(window.since)), ("to", stamp(window.until))]
        if self.dialect == "cdx":
            more += [("limit", str(MOST_LINES)), ("showResumeKey", "true")]
        keys = set[str]()
        resumed: list[tuple[str, str]] = []
        while True:
            answer = self._request(query_url(self.url, _query(what, [*more, *resumed])))
            if answer.status == OUT_OF_TIME:
                raise NoAnswerError(f"it answered {OUT_OF_TIME}: more than it finds in time")
            found = read_index(_text(answer)) if answer.status == 200 else None
            if found is None:
                self._fail(what, window, f"the index answered {answer.status}, and no list")
                return
            yield found
            if found.resume_key is None:
                return
            if found.resume_key in keys:
                self._fail(what, window, "the index goes round in a circle")
                return
            keys.add(found.resume_key)
            resumed = [("resumeKey", found.resume_key)]

    def list_page(self, address: str) -> Iterator[IndexAnswer]:
        """Yield what the TimeMap of a page lists, part by part."""
        waiting, requested = [f"{self.url}/{address}"], set[str]()
        while waiting:
            if len(requested) == MOST_PARTS:
                self.failed.append(f"{address}: its TimeMap has more than {MOST_PARTS:,} parts")
                return
            url = waiting.pop(0)
            requested.add(url)
            try:
                answer = self._request(url)
            except NoAnswerError as error:
                self.failed.append(f"{address}: no TimeMap ({error})")
                continue
            if answer.status == 404:
                continue
            found = read_index(_text(answer)) if answer.status == 200 else None
            if found is None:
                self.failed.append(f"{address}: no TimeMap (it answered {answer.status})")
                continue
            yield found
            further = (urljoin(url, one) for one in found.more)
            waiting += [one for one in further if self.archive.has(one) and one not in requested and one not in waiting]

    def _request(self, url: str) -> WebAnswer:
        """Return an answer of the index, kept as evidence. Raises NoAnswerError."""
        self.queries += 1
        answer = self.client.fetch(url, MOST_BYTES, index=True)
        self.keep(answer)
        return answer


def _query(what: Target, more: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("url", what.url), ("matchType", what.match), ("output", "json"), *more]


def _text(answer: WebAnswer) -> str:
    return answer.body.decode("utf-8", "replace")
