"""Asks a web archive, one request after the other: slowly, obeying Retry-After, and ending where it is asked to.

One process of this user at a web archive, whatever its database: web archives count requests by network.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from harvester import processes
from harvester.errors import HarvesterError, SourceBusyError
from harvester.politeness import (
    BUSY,
    LONGEST_WAIT_SECONDS,
    MOST_ATTEMPTS,
    NAP_SECONDS,
    TIMEOUT_SECONDS,
    back_off,
    retry_after,
    wait_factor,
)
from harvester.readers.saved_page import parse_mail_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from harvester.crawl.options import CrawlBudget
    from harvester.webarchive.place import WebArchive

CAPTURE_SECONDS = 1.0
"""Least time between two captures: 60 a minute. The Internet Archive allowed 600 in June 2026."""
INDEX_SECONDS = 2.5
"""Least time between two requests of an index: 24 a minute. The Internet Archive allowed 30 in June 2026."""
SLOW_DOWN = 429
SLOW_DOWN_SECONDS = 60.0
"""Wait after a 429 without Retry-After: the Internet Archive blocks networks that go on within a minute."""
MOST_SLOW_DOWNS = 2
"""So many 429 in a row end the run: more would end in a block, of everybody in this network."""
OUT_OF_TIME = 504


class HarvestEndedError(Exception):
    """Nothing more can be fetched in this run; the message says why. The next run goes on.

    `bounded`: because the user wished so.
    """

    def __init__(self, message: str, *, bounded: bool = False) -> None:
        super().__init__(message)
        self.bounded = bounded


class StopRequestedError(Exception):
    """The user wants to stop: nothing more is fetched."""


class NoAnswerError(Exception):
    """There is no answer, or not the whole of it; the message says why."""


class TooLargeError(NoAnswerError):
    """The answer is longer than it may be."""


@dataclass(frozen=True)
class WebAnswer:
    """What a web archive answered: `body` is as it was transferred, with whatever encoding the headers declare.

    The answer of an index is unpacked.
    """

    url: str
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def memento_time(self) -> datetime | None:
        """When the capture was made (Memento-Datetime); None if this is no capture but the web archive's own page."""
        return parse_mail_date(self.headers.get("memento-datetime"))

    @property
    def is_busy(self) -> bool:
        """Whether the web archive itself has no time: a capture of such an answer has a Memento-Datetime."""
        return self.status in BUSY and self.memento_time is None


@dataclass(frozen=True)
class Manners:
    """How requests are paced, and whom they come from.

    `delay`: seconds between captures; the index is asked at the same ratio less often than is allowed at most. 0 is
    agreed on this machine only. `during`: called while waiting. `notify` prints waits to the user.
    """

    delay: float
    agent: str
    stopped: Callable[[], bool]
    notify: Callable[[str], None]
    during: Callable[[], None]

    @property
    def index_delay(self) -> float:
        """Seconds between requests of the index."""
        return self.delay * INDEX_SECONDS / CAPTURE_SECONDS


class WebArchiveClient:
    """Sends requests; counts them against the budget. `requests`: how many were sent."""

    def __init__(self, manners: Manners, budget: CrawlBudget) -> None:
        self._manners = manners
        self._budget = budget
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, headers={"User-Agent": manners.agent})
        self._last = {True: float("-inf"), False: float("-inf")}
        self._slow_downs = 0
        self.requests = 0

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def fetch(self, url: str, most: int, *, index: bool = False) -> WebAnswer:
        """Send a request; wait and try again while the web archive is busy. The last answer is returned as it is.

        Raises NoAnswerError if there was none, or more than `most` bytes; HarvestEndedError if nothing more may be
        asked. An index that could not find everything in time is not asked for the same again.
        """
        attempt = 1
        while True:
            answer, why = self._attempt(url, most, index=index, last=attempt == MOST_ATTEMPTS)
            if answer and not answer.is_busy:
                self._slow_downs = 0
                return answer
            if answer and answer.status == SLOW_DOWN:
                self._slow_down(answer)
                continue
            self._slow_downs = 0
            if answer and (attempt == MOST_ATTEMPTS or (index and answer.status == OUT_OF_TIME)):
                return answer
            self._rest(answer, attempt, why)
            attempt += 1

    def _attempt(self, url: str, most: int, *, index: bool, last: bool) -> tuple[WebAnswer | None, str]:
        """Return the answer, or None, and what happened."""
        host = self._host(url)
        try:
            answer = self._send(url, most, index=index)
        except httpx.HTTPError as error:
            text = _error_text(error)
            if last and isinstance(error, httpx.ConnectError):
                where = "check the address and the connection, then run it again"
                raise HarvestEndedError(f"no answer from {host} ({text}): {where}") from error
            if last or (index and isinstance(error, httpx.TimeoutException)):
                raise NoAnswerError(text) from error
            return None, f"no answer from {host} ({text})"
        return answer, f"{host} answered {answer.status}"

    def _slow_down(self, answer: WebAnswer) -> None:
        """Wait as a 429 asks; end the run at the second in a row."""
        self._slow_downs += 1
        host = self._host(answer.url)
        if self._slow_downs == MOST_SLOW_DOWNS:
            raise HarvestEndedError(
                f"{host} answered {SLOW_DOWN} twice in a row (too many requests): run it again later"
            )
        wished = retry_after(answer.headers.get("retry-after"))
        seconds = SLOW_DOWN_SECONDS * wait_factor(self._manners.delay) if wished is None else wished
        self._wait(seconds, f"{host} asks to slow down")

    def _rest(self, answer: WebAnswer | None, attempt: int, why: str) -> None:
        wished = retry_after(answer.headers.get("retry-after")) if answer else None
        self._wait(max(back_off(attempt, self._manners.delay), wished or 0.0), why)

    def _wait(self, seconds: float, why: str) -> None:
        if seconds > LONGEST_WAIT_SECONDS:
            raise HarvestEndedError(f"{why}, and for {seconds / 60:.0f} minutes of rest: run it again after that")
        self._manners.notify(f"{why}; asked again in {seconds:g} seconds")
        self._sleep(seconds)

    def _send(self, url: str, most: int, *, index: bool) -> WebAnswer:
        """Send one request, after the agreed time since the last one."""
        if spent := self._budget.spent:
            raise HarvestEndedError(spent, bounded=True)
        due = max(
            self._last[index] + (self._manners.index_delay if index else self._manners.delay),
            self._last[not index] + self._manners.delay,
        )
        self._sleep(due - time.monotonic())
        self._budget.count()
        self.requests += 1
        try:
            return self._read(url, most, unpack=index)
        finally:
            self._last[index] = time.monotonic()

    def _read(self, url: str, most: int, *, unpack: bool) -> WebAnswer:
        """Read an answer, but not longer than it may take, nor more than it may be long."""
        end, body = time.monotonic() + TIMEOUT_SECONDS, bytearray()
        with self._http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
            for piece in response.iter_bytes() if unpack else response.iter_raw():
                body += piece
                self._manners.during()
                if len(body) > most:
                    raise TooLargeError(f"more than {most:,} bytes")
                if time.monotonic() > end:
                    raise httpx.ReadTimeout(f"not whole after {TIMEOUT_SECONDS} seconds")
            return WebAnswer(url, response.status_code, response.headers, bytes(body))

    def _sleep(self, seconds: float) -> None:
        """Wait, but not when the user wants to stop."""
        while seconds > 0 and not self._manners.stopped():
            self._manners.during()
            time.sleep(min(seconds, NAP_SECONDS))
            seconds -= NAP_SECONDS
        if self._manners.stopped():
            raise StopRequestedError

    def _host(self, url: str) -> str:
        return httpx.URL(url).host


def _error_text(error: Exception) -> str:
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    return " ".join(text.split())[:200] or type(error).__name__


@contextmanager
def only_process(archive: WebArchive) -> Iterator[None]:
    """Hold a web archive while the block runs. Raises SourceBusyError if another process of this user holds it.

    The system releases the lock when the process ends, however it ends.
    """
    path = _folder() / f"{re.sub('[^A-Za-z0-9.-]', '_', archive.host)}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise HarvesterError(f"cannot write {path} ({error.strerror}): check its permissions, or set HOME") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read(300).strip() or "another process"
            raise SourceBusyError(
                f"{holder} is at {archive.host}, and one at a time is polite: let it finish or end it, then run this "
                "again"
            ) from error
        file.truncate(0)
        file.write(processes.identity())
        file.flush()
        yield


def _folder() -> Path:
    """Return the folder for what this user's programs remember (XDG_STATE_HOME)."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "archive-harvester" / "web-archives"
