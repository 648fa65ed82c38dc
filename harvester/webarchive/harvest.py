"""Harvests a web archive: lists its index, fetches the captures that are wanted and not held, and ingests each.

As in a live harvest an answer is on the disk before the database records it, so that a run that was killed goes on
where it ended. Which captures are held follows from the reads; nothing else has to be remembered.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harvester.crawl.options import CrawlBudget
from harvester.crawl.recovery import open_warc, record_at
from harvester.crawl.warc_writer import HttpAnswer, RecordHeaders
from harvester.ingest import Stop, harvest_one
from harvester.model import MAX_BYTES, Problem
from harvester.politeness import MOST_REDIRECTS
from harvester.readers.base import path_named
from harvester.store.database import open_to_write, translate_errors
from harvester.store.locks import HEARTBEAT_SECONDS, acquire, check_free, release, renew
from harvester.store.past_changes import log_past_changes
from harvester.store.run import Run
from harvester.store.web_captures import (
    Scope,
    Verdict,
    WebCapture,
    forget_digest,
    forget_page,
    is_held,
    listed_pages,
    load_verdict,
    location_of_same,
    set_reason,
    write_verdict,
)
from harvester.utils import utc_timestamp
from harvester.webarchive.client import (
    HarvestEndedError,
    Manners,
    NoAnswerError,
    StopRequestedError,
    TooLargeError,
    WebArchiveClient,
    only_process,
)
from harvester.webarchive.index import Index
from harvester.webarchive.listing import CaptureListing, PageAddresses, choose
from harvester.webarchive.playback import TEMPORARY, NotPlayable, PlayedCapture, follow, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from harvester.model import Capture
    from harvester.source import Source
    from harvester.webarchive.client import WebAnswer
    from harvester.webarchive.options import WebArchiveOptions

MOST_SERVER_ERRORS = 5
"""So many captures in a row that the web archive has no time for end the run: it is down."""


def harvest_web_archive(
    source: Source,
    options: WebArchiveOptions,
    stop: Stop,
    progress: Callable[[Run, int | None], None],
    notify: Callable[[str], None],
) -> dict[str, Any]:
    """Harvest captures of a source from a web archive; return the run's row, with the verdict as `web_archive`."""
    options.agreed_delay  # noqa: B018 - what is not agreed is reported before anything is written
    with only_process(options.archive), translate_errors(options.db), closing(open_to_write(options.db)) as db:
        check_free(db, source.name)
        run = Run(db, options.command, live=True)
        with run.recording_failure():
            acquire(db, source.name, run.id)
            harvest = WebArchiveHarvest(run, source, options, stop, progress, notify)
            verdict = harvest.run()
            release(db, source.name, run.id)
        return run.row() | {"web_archive": verdict}


class WebArchiveHarvest:
    """One run at one web archive."""

    def __init__(
        self,
        run: Run,
        source: Source,
        options: WebArchiveOptions,
        stop: Stop,
        progress: Callable[[Run, int | None], None],
        notify: Callable[[str], None],
    ) -> None:
        self._run, self._source, self._options, self._stop = run, source, options, stop
        self._addresses = PageAddresses(source)
        page = self._addresses.page(options.page) if options.page else None
        self._scope = Scope(options.archive.url, source.name, options.since, options.until, page)
        self._warc = open_warc(run, source, options.captures, since="")
        manners = Manners(
            options.agreed_delay, options.agent, lambda: stop.signal is not None, notify, self._keep_alive
        )
        self._client = WebArchiveClient(manners, CrawlBudget(options.most_requests, options.most_seconds))
        self._index = Index(options.archive, self._client, self._keep_aside)
        self._listing = CaptureListing(run, source, self._scope, self._index, lambda: progress(run, None))
        self._progress = progress
        self._renewed = time.monotonic()
        self._server_errors = self._refused = 0

    def run(self) -> dict[str, Any]:
        """List, fetch and ingest; record the run's outcome; return the verdict."""
        ended: HarvestEndedError | None = None
        stopped = False
        try:
            while self._listing.list_all() and not self._options.list_only and self._fetch_wanted():
                pass
        except HarvestEndedError as error:
            ended = error
        except StopRequestedError:
            stopped = True
        finally:
            self._client.close()
            if self._warc:
                self._warc.close()
        return self._finish(ended, stopped=stopped)

    def _fetch_wanted(self) -> int:
        """Fetch what is wanted and not held, the newest of each page first; return how many captures were added."""
        wanted = sorted(self._compare()[1], key=lambda one: (one[0], one[1].page))
        before = self._run.counts["pages"]
        for _, capture in wanted:
            if self._stop.signal is not None:
                raise StopRequestedError
            if not is_held(self._run.db, capture.uri, capture.captured_at):
                self._take(capture)
            self._progress(self._run, before + len(wanted))
        return self._run.counts["pages"] - before

    def _compare(self) -> tuple[Verdict, list[tuple[int, WebCapture]]]:
        """Return what is listed and held, and the captures to fetch, each with its rank in its page, the newest 0."""
        verdict, missing = Verdict(), list[tuple[int, WebCapture]]()
        for captures in listed_pages(self._run.db, self._scope):
            wanted = choose(captures, self._options.versions)
            verdict.add(captures, wanted)
            missing += [(rank, one) for rank, one in enumerate(wanted) if not one.held and not self._is_refused(one)]
        return verdict, missing

    def _is_refused(self, capture: WebCapture) -> bool:
        """Return whether a capture was not playable lately, for a reason that lasts, and its payload is unknown."""
        if capture.reason is None or capture.reason in TEMPORARY:
            return False
        lately = (capture.requested_at or "") >= utc_timestamp(self._options.retry_before)
        return lately and location_of_same(self._run.db, self._scope, capture) is None

    def _take(self, capture: WebCapture) -> None:
        """Take a capture from what is held, if its digest is known, else from the web archive."""
        played = self._repeat(capture) or self._fetch(capture)
        if isinstance(played, NotPlayable):
            self._refuse(capture, played)
            return
        self._server_errors = 0
        if capture.reason:
            with self._run.transaction():
                set_reason(self._run.db, capture, None)

    def _repeat(self, capture: WebCapture) -> PlayedCapture | None:
        """Add a capture whose payload is held, by its digest: a reading at its time, without a request."""
        place = location_of_same(self._run.db, self._scope, capture)
        record = record_at(path_named(place[0]), place[1]) if place else None
        held = record.capture(path_named(place[0])) if place and record else None
        if held is None or held.captured_at is None:
            return None
        kind = f"{held.media_type or 'text/html'}; charset={held.charset}" if held.charset else held.media_type
        headers = (("Content-Type", kind), ("ETag", held.etag), ("Last-Modified", held.last_modified))
        pairs = tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in headers if value)
        copy = replace(held, uri=capture.uri, captured_at=capture.captured_at, step=None)
        played = PlayedCapture(copy, HttpAnswer(held.http_status or 200, pairs, held.body), None)
        url = self._options.archive.capture_url(capture.captured_at, capture.original)
        self._ingest(capture, played, RecordHeaders(source_uri=url, same_as=utc_timestamp(held.captured_at)))
        return played

    def _fetch(self, capture: WebCapture) -> PlayedCapture | NotPlayable:
        """Fetch a capture, add it, and return it, or why it could not be had."""
        played, answer = self._play(capture)
        if isinstance(played, NotPlayable) or answer is None:
            return played
        at = played.capture.captured_at
        if at == capture.captured_at:
            self._ingest(capture, played, RecordHeaders(source_uri=answer.url))
            return played
        assert at is not None  # noqa: S101 - without a time it is no capture
        if self._scope.since <= at <= self._scope.until and not is_held(self._run.db, capture.uri, at):
            self._ingest(capture, replace(played, same_payload=None), RecordHeaders(source_uri=answer.url))
        return NotPlayable("another-time", f"the capture of {utc_timestamp(at)} came instead")

    def _play(self, capture: WebCapture) -> tuple[PlayedCapture | NotPlayable, WebAnswer | None]:
        """Ask for a capture, following the web archive to the nearest one of the same page."""
        url, seen = self._options.archive.capture_url(capture.captured_at, capture.original), set[str]()
        try:
            while True:
                seen.add(url)
                answer = self._client.fetch(url, MAX_BYTES)
                target = follow(answer, capture, self._options.archive, self._addresses.page)
                if target is None:
                    break
                self._keep_aside(answer)
                if target in seen or len(seen) > MOST_REDIRECTS:
                    return NotPlayable("redirect", "the web archive sends on in a circle"), None
                url = target
        except TooLargeError as error:
            return NotPlayable("too-large", f"it is larger than any page: {error}"), None
        except NoAnswerError as error:
            return NotPlayable("no-answer", f"no whole answer came ({error})"), None
        played = judge(answer, capture, self._addresses.page)
        if isinstance(played, NotPlayable):
            self._keep_aside(answer)
        return played, answer

    def _ingest(self, wanted: WebCapture, played: PlayedCapture, about: RecordHeaders) -> None:
        """Write a capture to the WARC file, then to the database."""
        capture = self._keep(played, about)
        added = harvest_one(self._run, capture, (self._source,))
        if added is not None and not added.capture_id:
            with self._run.transaction():
                forget_page(self._run.db, wanted)
        if played.same_payload is False:
            with self._run.transaction():
                forget_digest(self._run.db, wanted)
        self._run.refresh_index()

    def _keep(self, played: PlayedCapture, about: RecordHeaders) -> Capture:
        at = played.capture.captured_at
        if self._warc is None or at is None:
            return played.capture
        offset = self._warc.keep(played.capture, played.answer, at, about)
        return replace(played.capture, file=str(self._warc.path), offset=offset)

    def _keep_aside(self, answer: WebAnswer) -> None:
        """Write an answer that is no capture to the WARC file: a list of the index, a refusal."""
        if self._warc:
            pairs = tuple(answer.headers.raw)
            self._warc.write_auxiliary(answer.url, HttpAnswer(answer.status, pairs, answer.body), datetime.now(UTC))

    def _refuse(self, capture: WebCapture, why: NotPlayable) -> None:
        severity = "notice" if why.reason == "another-kind" else "error"
        when = utc_timestamp(capture.captured_at)
        with self._run.transaction():
            set_reason(self._run.db, capture, why.reason)
            problem = Problem(severity, why.reason, f"capture of {when}: {why.message}")  # type: ignore[arg-type]
            self._run.add_problem(problem, capture.uri)
        self._refused += severity == "error"
        self._server_errors = self._server_errors + 1 if why.reason in ("server-error", "no-answer") else 0
        if self._server_errors == MOST_SERVER_ERRORS:
            raise HarvestEndedError(f"{self._options.archive.host} does not answer as it should: run it again later")

    def _keep_alive(self) -> None:
        """Renew the claim of the source while waiting."""
        if time.monotonic() - self._renewed > HEARTBEAT_SECONDS:
            renew(self._run.db, self._source.name, self._run.id)
            self._renewed = time.monotonic()

    def _finish(self, ended: HarvestEndedError | None, *, stopped: bool) -> dict[str, Any]:
        """Write the verdict and the run's outcome; return the verdict."""
        (verdict, missing), run, reason = self._compare(), self._run, str(ended) if ended else None
        with run.transaction():
            run.counts["ignored"] += self._listing.left_out.total()
            past_changes = log_past_changes(run.db, run.id, self._source)
            of_index = (self._index.dialect, self._options.versions, self._index.queries)
            write_verdict(run.db, self._scope, run.id, *of_index, verdict)
            if not stopped:
                self._note_missing(verdict, ended)
        row = load_verdict(run.db, run.id)
        if stopped:
            run.finish("interrupted", "asked to stop; run it again to go on")
        elif not verdict.listed and not (ended and ended.bounded):
            run.finish("failed", reason or self._nothing_listed)
        else:
            run.finish("partial" if ended and not ended.bounded else run.verdict, reason)
        more: dict[str, Any] = {"requests": self._requests_for(missing), "delay": self._options.agreed_delay}
        more |= {"reasons": dict(sorted(verdict.reasons.items())), "left_out": dict(self._listing.left_out)}
        return row | more | {"past_changes": past_changes}

    @property
    def _nothing_listed(self) -> str:
        since, until = self._scope.since.date(), self._scope.until.date()
        where, what = self._scope.web_archive, self._scope.page or f"page of {self._source.name}"
        return f"{where} lists no {what} from {since} to {until}: check its address, --from and --to"

    def _requests_for(self, missing: list[tuple[int, WebCapture]]) -> int:
        """Return how many requests captures would take: one for each payload that is not known."""
        unknown = [one for _, one in missing if not location_of_same(self._run.db, self._scope, one)]
        by_digest = {(one.page, one.digest) for one in unknown if one.digest}
        return len(by_digest) + sum(one.digest is None for one in unknown)

    def _note_missing(self, verdict: Verdict, ended: HarvestEndedError | None) -> None:
        """Write a problem for what this run has not asked for again, and for a list without anything in it."""
        earlier = verdict.not_playable - verdict.reasons["another-kind"] - self._refused
        if earlier > 0:
            message = f"{earlier} captures were not playable before, and are not asked for again yet"
            self._run.add_problem(Problem("error", "not-playable", message), self._scope.web_archive)
        if not verdict.listed and not ended:
            self._run.add_problem(Problem("error", "nothing-listed", self._nothing_listed), self._scope.web_archive)
