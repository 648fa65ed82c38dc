"""The ingest flow: captures are read, their pages parsed, and a run stores them. The same for saved and live pages."""

from __future__ import annotations

import signal
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from harvester.model import Capture, Listing, Page, ParsedCapture, Problem, Refused, Skipped
from harvester.parsers.parse import parse
from harvester.registry import sources_for
from harvester.store.page_batch import ReadPage
from harvester.store.page_hashes import hash_page
from harvester.store.walk_replay import WalkReplay
from harvester.urls import read_address
from harvester.walk_log import WalkNote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from types import FrameType

    from harvester.parsers.html.forms import EngineChoice
    from harvester.source import Source
    from harvester.store.run import Run
    from harvester.store.run_pages import PageResult
    from harvester.walk_log import WalkRequest


ANOTHER_PAGE = "another-page"
"""Why a page is refused that is not the one that a walk has requested."""
NOTHING_FOUND = "nothing-found"
NOTHING_THERE = "the site says that nothing is found where records should stand: out of a cache, or it shows no more"
SENT_ON = frozenset({301, 302, 303, 307, 308})
"""Redirects that are kept are those that lead to something else than the page."""


class Stop:
    """Records a request to stop (Ctrl-C, SIGTERM). The current page is finished; a second request stops at once."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def listen(self) -> None:
        """Install the signal handlers."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number


def read_page(capture: Capture, sources: tuple[Source, ...], engine: EngineChoice = "auto") -> tuple[Source, Page]:
    """Return the page in a capture, and the first of the sources that recognises it."""
    if isinstance(capture, ParsedCapture):
        return next(source for source in sources if source.name == capture.source), capture.load_page()
    readings = [(source, parse(capture, source, engine)) for source in sources_for(capture, sources)]
    accepted = [reading for reading in readings if not isinstance(reading[1], Refused)]
    known = [reading for reading in readings if isinstance(reading[1], Refused) and reading[1].code != "not-a-listing"]
    if accepted or known or len(readings) == 1:
        return (accepted or known or readings)[0]
    titles = ", ".join(source.title for source, _ in readings)
    return readings[0][0], replace(cast("Refused", readings[0][1]), message=f"no page of any archive known: {titles}")


def dated(captures: Iterable[Capture | Skipped], at: datetime | None) -> Iterator[Capture | Skipped]:
    """Yield captures; those without a time get the time `at`."""
    for capture in captures:
        if at and isinstance(capture, Capture) and capture.captured_at is None:
            yield replace(capture, captured_at=at)
        else:
            yield capture


def harvest_captures(
    run: Run,
    captures: Iterable[Capture | Skipped],
    sources: tuple[Source, ...],
    stop: Stop,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Add captures to a run until there are no more or the user stops it; record the run's result."""
    replay = WalkReplay(run, sources)
    try:
        for capture in captures:
            read_ahead(run, capture, sources, replay)
            progress()
            if stop.signal is not None:
                break
    finally:
        run.batch.flush()  # also if reading fails: what was read before is stored
    finish_run(run, stop)


def finish_run(run: Run, stop: Stop) -> None:
    """Write the result of a run that has nothing more to store, or that the user has stopped."""
    if stop.signal is not None:
        run.finish("interrupted", f"stopped by {signal.Signals(stop.signal).name}; run it again to go on")
        return
    if not run.counts["pages"] and not run.errors:
        run.add_run_problem(
            Problem("error", "nothing-found", "no saved page in the targets: give .txt pages or folders of them")
        )
    run.finish(run.verdict)


def read_ahead(run: Run, capture: Capture | Skipped, sources: tuple[Source, ...], replay: WalkReplay) -> None:
    """Read a capture, and queue it to be stored together with others."""
    if isinstance(capture, WalkNote):
        run.batch.flush()
        replay.add_note(capture)
    elif isinstance(capture, Capture):
        if run.batch.contains(capture):
            run.batch.flush()
        run.batch.add(read_one(run, capture, sources, replay.step(capture)), capture)
    else:
        run.batch.add(read_one(run, capture, sources))


def harvest_one(
    run: Run,
    capture: Capture | Skipped,
    sources: tuple[Source, ...],
    step: WalkRequest | None = None,
) -> PageResult | None:
    """Add one capture, or the reason why there is none; return what was added."""
    item = read_one(run, capture, sources, step)
    return run.add_read_page(item) if isinstance(item, ReadPage) else item()


def read_one(
    run: Run,
    capture: Capture | Skipped,
    sources: tuple[Source, ...],
    step: WalkRequest | None = None,
) -> ReadPage | Callable[[], PageResult | None]:
    """Read one capture; return its page, or the function that stores why it needs none."""
    if isinstance(capture, Skipped):
        return partial(run.record_skipped, capture.uri, capture.problem, step)
    known = run.find_known(capture, sources_for(capture, sources))
    if known:
        return partial(run.record_unchanged, capture, known, step)
    source, page = read_page(capture, sources)
    if capture.http_status in SENT_ON:
        page = Refused("redirected", "the site sends on to another address: a login, or another listing")
    page = _refuse_other_page(page, step) if step else _of_its_address(page, capture, source)
    return ReadPage(capture, page, source, step, None if isinstance(page, Refused) else hash_page(page))


def _of_its_address(page: Page, capture: Capture, source: Source) -> Page:
    """Return a refusal instead of a listing at the address of a document."""
    if isinstance(page, Listing) and read_address(capture.uri, source):
        return Refused(ANOTHER_PAGE, "a listing stands at the address of a document: ask again", form=page.form)
    return page


def _refuse_other_page(page: Page, step: WalkRequest) -> Page:
    """Refuse a page that is not the one that the walk has requested."""
    if isinstance(page, Refused):
        return page
    if isinstance(page, Listing) and page.declared_total == 0 and step.first > 1:
        return Refused(NOTHING_FOUND, NOTHING_THERE, form=page.form)
    if isinstance(page, Listing) and page.first in (None, 0, step.first):
        return page
    shown = f"positions from {page.first}" if isinstance(page, Listing) else "a document"
    return Refused(ANOTHER_PAGE, f"asked for positions from {step.first}, got {shown}", form=page.form)
