"""The Internet Archive's dialect on loopback: its index (CDX, resumeKey, 504, duplicates, `-`) and its playback.

What goes wrong with a capture is one of `TRAPS`, by its address; every request is logged with its time.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.captured_archive import Captured

COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
Headers = dict[str, str]
Reply = tuple[int, Headers, bytes]


@dataclass(frozen=True)
class Request:
    """A request: when, what, and what was answered."""

    time: float
    target: str
    status: int


@dataclass
class WaybackServer:
    """Serves captures; a context manager. `most_lines`: how many lines of the index are answered at once.

    `out_of_time`: windows of the index of over 60 days with more lines than so many are answered 504. `slow_downs`: how
    many requests are answered 429 before one that is answered. `listed_twice`: captures of this year stand in the index
    twice. `traps`: what goes wrong, by the captured address.
    """

    captures: list[Captured]
    most_lines: int = 150_000
    out_of_time: int = 10**9
    slow_downs: int = 0
    retry_after: str | None = "0"
    listed_twice: str = "2014"
    unknown_digests: bool = False
    only_timemaps: bool = False
    traps: dict[str, str] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # header and body in one packet: else the second waits until the first is acknowledged

            def do_GET(self) -> None:
                moment = time.monotonic()
                status, headers, body = owner.answer(self.path)
                owner.log.append(Request(moment, self.path, status))
                self.send_response(status)
                cut = headers.pop("X-Test-Cut", None)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + (1000 if cut else 0)))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = self.close_connection or cut is not None

            def log_message(self, *_: object) -> None:
                """Write nothing to the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where captures are played back."""
        return f"http://127.0.0.1:{self._server.server_port}/web"

    def requests(self, part: str) -> list[Request]:
        """Return the requests whose address contains `part`."""
        return [one for one in self.log if part in one.target]

    def answer(self, path: str) -> Reply:
        if self.slow_downs:
            self.slow_downs -= 1
            return 429, {"Retry-After": self.retry_after} if self.retry_after else {}, b"Too Many Requests"
        if self.only_timemaps and path.startswith("/web/timemap/link/"):
            return self._timemap(path.removeprefix("/web/timemap/link/"))
        if path.startswith("/cdx/search/cdx?") and not self.only_timemaps:
            return self._index({name: values[0] for name, values in parse_qs(urlsplit(path).query).items()})
        if path.startswith("/web/"):
            digits, _, address = path.removeprefix("/web/").partition("id_/")
            return self._play(digits, address) if address else (404, {}, b"no such page")
        return 404, {}, b"no such page"

    def _index(self, query: dict[str, str]) -> Reply:
        """Answer as the Internet Archive's index; its lines stand in order of addresses and times."""
        host, _, rest = query["url"].removeprefix("https://").removeprefix("http://").partition("/")
        wanted = [
            one
            for one in sorted(self.captures, key=lambda one: (_urlkey(one.address), one.stamp))
            if query.get("from", "") <= one.stamp <= query.get("to", "9")
            and (urlsplit(one.address).hostname or "").removeprefix("www.") == host
            and (query["matchType"] == "host" or _urlkey(one.address) == _urlkey(f"http://{host}/{rest}"))
        ]
        limit = min(int(query.get("limit", "150000")), self.most_lines)
        if len(wanted) > self.out_of_time and limit > 1 and _days(query) > 60:
            return 504, {}, b"Gateway Timeout"
        rows = [row for one in wanted for row in [self._row(one)] * (1 + one.stamp.startswith(self.listed_twice))]
        start = int(query.get("resumeKey", "0"))
        shown: list[list[str]] = rows[start : start + limit]
        if query.get("showResumeKey") == "true" and len(rows) > start + limit:
            shown = [*shown, [], [str(start + limit)]]
        table = [list(COLUMNS), *shown] if shown else []
        return 200, {"Content-Type": "application/json"}, json.dumps(table).encode()

    def _timemap(self, address: str) -> Reply:
        """Answer with the mementos of a page as links (RFC 7089), three in one part."""
        part, _, rest = address.partition("/") if address[0].isdigit() else ("0", "", address)
        same = sorted((one for one in self.captures if _urlkey(one.address) == _urlkey(rest)), key=lambda one: one.at)
        shown = same[int(part) : int(part) + 3]
        if not shown:
            return 404, {}, b"no memento"
        links = [f'<{rest}>; rel="original"', f'<{self.url}/timemap/link/{address}>; rel="self"']
        if len(same) > int(part) + 3:
            links.append(f'<{self.url}/timemap/link/{int(part) + 3}/{rest}>; rel="timemap"')
        links += [
            f'<{self.url}/{one.stamp}/{one.address}>; rel="memento"; datetime="{self.memento(one)["Memento-Datetime"]}"'
            for one in shown
        ]
        return 200, {"Content-Type": "application/link-format"}, ",\n".join(links).encode()

    def _row(self, one: Captured) -> list[str]:
        revisit = one.kept == "revisit"
        kind, status = ("warc/revisit", "-") if revisit else ("text/html", str(one.status))
        digest = "-" if self.unknown_digests else one.digest
        return [_urlkey(one.address), one.stamp, one.address, kind, status, digest, str(len(one.body))]

    def _play(self, digits: str, address: str) -> Reply:
        """Play back the capture of an address at a time, or send on to the nearest one."""
        same = [one for one in self.captures if _urlkey(one.address) == _urlkey(address)]
        if not same:
            return 404, {}, b"The Wayback Machine has not archived that URL."
        wanted = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        nearest = min(same, key=lambda one: abs(one.at - wanted))
        trap = TRAPS.get(self.traps.get(nearest.address, ""))
        if trap is not None:
            return trap(self, nearest)
        if nearest.stamp != digits:
            return 302, {"Location": f"/web/{nearest.stamp}id_/{nearest.address}"}, b""
        return self.played(nearest)

    def played(self, one: Captured, **more: str) -> Reply:
        """Return a capture as it is played back."""
        return one.status, self.memento(one) | {name.replace("_", "-"): text for name, text in more.items()}, one.body

    def memento(self, one: Captured, address: str = "") -> Headers:
        return {
            "Content-Type": "text/html; charset=utf-8",
            "Memento-Datetime": one.at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "Link": f'<{address or one.address}>; rel="original", <{self.url}/timemap/link/x>; rel="timemap"',
            "x-archive-orig-content-length": str(len(one.body)),
        }


def _urlkey(address: str) -> str:
    """Return an address as an index sorts it: no scheme, no `www.`, no port, lower case."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{','.join(reversed(host.split('.')))}){parts.path.lower().rstrip('/') or '/'}{query.lower()}"


def _days(query: dict[str, str]) -> int:
    """Return how many days a query of the index is about."""
    since, until = (datetime.strptime(query[name], "%Y%m%d%H%M%S").replace(tzinfo=UTC) for name in ("from", "to"))
    return (until - since).days


def _gone(server: WaybackServer, one: Captured) -> Reply:
    return 404, {}, b"Hrm. The Wayback Machine has not archived that URL."


def _excluded(server: WaybackServer, one: Captured) -> Reply:
    error = "AdministrativeAccessControlException: Blocked Site Error"
    return 403, {"X-Archive-Wayback-Runtime-Error": error}, b"This URL has been excluded from the Wayback Machine."


def _another_time(server: WaybackServer, one: Captured) -> Reply:
    """Answer 200 with the capture of another year, as pywb does."""
    return server.played(min((c for c in server.captures if c.address == one.address), key=lambda c: c.at))


def _another_address(server: WaybackServer, one: Captured) -> Reply:
    other = next(other for other in server.captures if other.address != one.address and "/document/" in other.address)
    return 200, server.memento(one, other.address), other.body


def _circle(server: WaybackServer, one: Captured) -> Reply:
    return 302, {"Location": f"{server.url}/{one.stamp}id_/{one.address}"}, b""


def _redirected(server: WaybackServer, one: Captured) -> Reply:
    return 301, server.memento(one) | {"Location": f"{server.url}/{one.stamp}id_/https://www.wilsoncenter.org/"}, b""


def _twice_packed(server: WaybackServer, one: Captured) -> Reply:
    headers = server.memento(one) | {"Content-Encoding": "gzip"}
    return 200, headers, gzip.compress(gzip.compress(one.body))


def _packed_unsaid(server: WaybackServer, one: Captured) -> Reply:
    return 200, server.memento(one), gzip.compress(one.body)


def _said_packed(server: WaybackServer, one: Captured) -> Reply:
    return 200, server.memento(one) | {"Content-Encoding": "gzip"}, one.body


def _cut_pack(server: WaybackServer, one: Captured) -> Reply:
    return 200, server.memento(one) | {"Content-Encoding": "gzip"}, gzip.compress(one.body)[:-400]


def _truncated(server: WaybackServer, one: Captured) -> Reply:
    return 200, server.memento(one), one.body[: len(one.body) // 2]


def _cut_off(server: WaybackServer, one: Captured) -> Reply:
    return 200, server.memento(one) | {"X-Test-Cut": "yes"}, one.body[: len(one.body) // 2]


def _own_challenge(server: WaybackServer, one: Captured) -> Reply:
    return 200, {"Content-Type": "text/html"}, b"<html><title>Just a moment...</title>Checking your browser</html>"


def _archived_challenge(server: WaybackServer, one: Captured) -> Reply:
    page = b"<html><head><title>Just a moment...</title></head><body>Checking your browser before accessing</body>"
    return 200, server.memento(one) | {"x-archive-orig-content-length": str(len(page))}, page


def _archived_429(server: WaybackServer, one: Captured) -> Reply:
    page = b"slow down"
    return 429, server.memento(one) | {"x-archive-orig-content-length": str(len(page))}, page


def _lost_original(server: WaybackServer, one: Captured) -> Reply:
    return 503, {"X-Archive-Wayback-Runtime-Error": "ResourceNotAvailableException: revisit record"}, b"unavailable"


def _picture(server: WaybackServer, one: Captured) -> Reply:
    return 200, server.memento(one) | {"Content-Type": "image/png"}, b"\x89PNG"


TRAPS: dict[str, Callable[[WaybackServer, Captured], Reply]] = {
    "listed, not there": _gone,
    "excluded": _excluded,
    "another time": _another_time,
    "another address": _another_address,
    "circle": _circle,
    "redirected": _redirected,
    "packed twice": _twice_packed,
    "packed, not said": _packed_unsaid,
    "said packed, is not": _said_packed,
    "pack cut off": _cut_pack,
    "truncated": _truncated,
    "connection cut": _cut_off,
    "challenge now": _own_challenge,
    "challenge archived": _archived_challenge,
    "429 archived": _archived_429,
    "revisit without original": _lost_original,
    "picture": _picture,
}
