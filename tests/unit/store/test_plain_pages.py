"""Pages that are written together make the database that they make one by one, in any order and batch size.

`PLAIN=2000 python -m pytest tests/unit/store/test_plain_pages.py` tries that many.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harvester.ingest import Stop, finish_run, harvest_captures, harvest_one, read_one
from harvester.model import Capture, DocumentPage, Listing, PrintedDate, Record
from harvester.registry import load_sources
from harvester.store import batch, page_batch
from harvester.store.page_batch import PageBatches, ReadPage
from harvester.store.page_hashes import hash_page
from harvester.store.run import Run
from harvester.store.run_pages import PageResult
from harvester.store.walks import begin_walk
from harvester.urls import listing_for
from harvester.walk_log import WalkRequest
from tests.support.archive_pages import HOST, document_page, listing_page, make_items
from tests.support.harvesting import SOURCE, dump, fresh, sound
from tests.support.trials import trials
from tests.support.vote_model import ALIAS, OTHER, OWN_HOST, SEARCH, WHOLE, Stated, listing, own_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.source import Source

MANY = int(os.environ.get("PLAIN", trials(25, 400)))
FIRST = datetime(2025, 3, 1, 12, tzinfo=UTC)
# Clocks, and the sums in which they are.
CLOCKS = ("read_at", "started_at", "finished_at", "first_seen", "last_changed")
ITEMS = [
    Stated("Letter from Émile", "May 1, 1950", "He writes of aid and trade.", "110001", "80001", "letter"),
    Stated("Letter from Émile", "May 1, 1950", "Of something else.", "110002", "80002", "letter-0"),
    Stated("Telegram to Zhou", None, None, "110003", "80003", "telegram"),
]
TEXT = "Skip to content\n\nResults:\n\n1 - {0} of {0}\n\nDocuments\n\n{1}\n\nPagination\n"
WHAT = ("own", "own", "own", "rows", "rows", "changed", "changed rows", "wrong", "refused", "gone", "text")
stated = st.sampled_from(ITEMS)
moments = st.sampled_from([None, *(FIRST + timedelta(hours=7 * number) for number in range(6))])
hosts = st.sampled_from((OWN_HOST, OWN_HOST, ALIAS))


@pytest.fixture(autouse=True)
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each page be tried as a plain one, whatever those before were."""
    monkeypatch.setattr(page_batch, "MOST_SINGLE", 0)


@st.composite
def pages(draw: st.DrawFn) -> Capture:
    """Draw a page: mostly a listing or an item's own page, at times one that is not what it should be."""
    at, item, what, host = draw(moments), draw(stated), draw(st.sampled_from(WHAT)), draw(hosts)
    corrected = replace(item, title=f"{item.title}, corrected", summary="Of trade.")
    rows = draw(st.lists(stated, min_size=1, max_size=3, unique=draw(st.booleans())))
    if what == "text":
        return _text(rows)
    if what in ("rows", "changed rows"):
        rows = [corrected, *rows] if what == "changed rows" else rows
        return listing(rows, draw(st.sampled_from((WHOLE, SEARCH, OTHER))), at, host)
    if what == "changed":
        return own_page(corrected, at, host)
    if what == "wrong":
        return own_page(item, at, host, slug=draw(stated).slug)
    if what == "refused":
        return replace(own_page(item, at, host), body=b"<html><title>Just a moment...</title></html>")
    if what == "gone":
        return replace(own_page(item, at, host), body=b"<h1>Not found</h1>", http_status=404)
    return own_page(item, at, host)


def _text(rows: Sequence[Stated]) -> Capture:
    """Return a listing that was saved as text: its records have no address."""
    blocks = [block for row in rows for block in (row.date, row.title, row.summary) if block]
    body = TEXT.format(len(rows), "\n\n".join(blocks)).encode()
    return Capture(f"file:///saved/{sha256(body).hexdigest()[:8]}.txt", body)


def held(db: Database) -> dict[str, list[Any]]:
    """Return all rows without clocks."""
    found = {}
    for name in dump(db, "digests"):
        rows = [{n: v for n, v in row.items() if n not in CLOCKS} for row in db[name].rows]
        found[name] = sorted((tuple(row.items()) for row in rows), key=repr)
    return found


def written(folder: Path, captures: Sequence[Capture], size: int) -> dict[str, list[Any]]:
    """Return what pages make that are written in batches of a size; with 0 none is written as a plain one."""
    db = fresh(folder)
    run = Run(db, "test")
    batch.MAX_PAGES = size
    if size:
        harvest_captures(run, captures, (SOURCE,), Stop())
    else:
        for capture in captures:
            added = read_one(run, capture, (SOURCE,))
            _ = run.add_page(*added) if isinstance(added, ReadPage) else added()
        finish_run(run, Stop())
    assert sound(db)
    found = held(db)
    db.close()
    return found


def walked(folder: Path, captures: Sequence[Capture], steps: Sequence[WalkRequest | None], *, live: bool) -> list[Any]:
    """Return what became of pages that are added one by one, of a walk or not, and what they make."""
    db = fresh(folder)
    run = Run(db, "test", live=live)
    begin_walk(db, run.id, listing_for(SOURCE))
    results = list[PageResult | None]()
    for capture, step in zip(captures, steps, strict=True):
        if live:
            results.append(harvest_one(run, capture, (SOURCE,), step))
        else:
            added = read_one(run, capture, (SOURCE,), step)
            results.append(run.add_page(*added) if isinstance(added, ReadPage) else added())
    finish_run(run, Stop())
    assert sound(db)
    found = held(db)
    db.close()
    return [*results, found]


PHASES = tuple(phase for phase in Phase if phase is not Phase.shrink or "SHRINK" in os.environ)


@settings(max_examples=MANY, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.lists(pages(), min_size=2, max_size=10), st.sampled_from([1, 2, 3, 50]))
def test_pages_written_together_are_as_pages_written_one_by_one(captures: list[Capture], size: int) -> None:
    usual = batch.MAX_PAGES
    with tempfile.TemporaryDirectory() as folder:
        try:
            assert written(Path(folder), captures, size) == written(Path(folder), captures, 0)
        finally:
            batch.MAX_PAGES = usual


flags = st.booleans()
requests = st.builds(partial(WalkRequest, 1, 0, "walk", 1, listing_for(SOURCE).url), flags, flags, flags)


@settings(max_examples=MANY, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(pages(), st.one_of(st.none(), requests)), min_size=2, max_size=10))
def test_live_pages_are_written_as_any_others(drawn: list[tuple[Capture, WalkRequest | None]]) -> None:
    captures, steps = [one for one, _ in drawn], [step for _, step in drawn]
    with tempfile.TemporaryDirectory() as folder:
        live = walked(Path(folder), captures, steps, live=True)
        assert live == walked(Path(folder), captures, steps, live=False)


def test_live_pages_of_a_first_harvest_are_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = make_items(10, seed=8)
    rows = Capture(f"{HOST}/search?page=0", listing_page(items, 1, 10), FIRST)
    documents = [Capture(item.url, document_page(item), FIRST) for item in items]
    monkeypatch.setattr(Run, "add_page", None)
    db = fresh(tmp_path)
    run = Run(db, "test", live=True)
    walk = begin_walk(db, run.id, listing_for(SOURCE))
    step = WalkRequest(walk, 0, "walk", 1, listing_for(SOURCE).url)
    assert harvest_one(run, rows, (SOURCE,), step) == PageResult(1, refused=False, known=False, records=10)
    expected = [PageResult(2 + number, False, True, records=1) for number in range(10)]
    assert [harvest_one(run, page, (SOURCE,)) for page in documents] == expected
    assert db.execute("SELECT walk_id, capture_id, unchanged FROM walk_pages").fetchall() == [(walk, 1, 0)]
    assert db.execute("SELECT pages FROM walks").fetchone() == (1,)
    assert db.execute("SELECT pages, records, new FROM runs").fetchone() == (11, 20, 10)


def test_a_first_harvest_is_written_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an archive whose pages fit each other none is written by itself, documents before listings too."""
    items = make_items(40, seed=8)
    listings = [
        Capture(f"{HOST}/search?page={n}", listing_page(items[10 * n : 10 * n + 10], 10 * n + 1, 40), FIRST)
        for n in range(4)
    ]
    documents = [Capture(item.url, document_page(item), FIRST) for item in items]
    single = list[str]()
    add_page = Run.add_page

    def noted(run: Run, capture: Capture, *rest: Any) -> Any:
        single.append(capture.uri)
        return add_page(run, capture, *rest)

    monkeypatch.setattr(Run, "add_page", noted)
    db = fresh(tmp_path)
    harvest_captures(Run(db, "test"), [*listings, *documents], (SOURCE,), Stop())
    assert single == []
    assert db.execute("SELECT count(*) FROM documents WHERE rights IS NOT NULL").fetchone() == (40,)
    assert db.execute("SELECT pages, records, new FROM runs").fetchone() == (44, 80, 40)


def test_terms_that_a_page_replaces_are_those_of_the_page(tmp_path: Path) -> None:
    """A batch that adds terms to one document and replaces those of another."""
    first = Record(1, "Report", PrintedDate(), url=f"{HOST}/document/a", slug="a")
    second = Record(2, "Letter", PrintedDate(), url=f"{HOST}/document/b", slug="b", terms=(("subject", "Old"),))
    with fresh(tmp_path) as db:
        run = Run(db, "test")
        add = PageBatches(run).add
        with run.transaction():
            add([read(f"{HOST}/search?page=0", Listing("listing", (first, second), 1, 2, 2))])
            add([read(one.url or "", DocumentPage("document", replace(one, position=1, terms=new))) for one, new in (
                (first, (("subject", "Aid"),)), (second, (("subject", "Trade"), ("place", "Hanoi"))))])  # fmt: skip
        terms = db.execute("SELECT key, facet, term FROM document_terms JOIN documents ON id = document_id").fetchall()
        assert sorted(terms) == [("a", "subject", "Aid"), ("b", "place", "Hanoi"), ("b", "subject", "Trade")]
        changes = db.execute("SELECT kind, field, before, after FROM changes WHERE kind <> 'new'").fetchall()
        assert changes == [("filled", "subject", None, "Aid"), ("filled", "place", None, "Hanoi"),
                           ("changed", "subject", "Old", "Trade")]  # fmt: skip


def test_an_address_of_another_archive_is_taken(tmp_path: Path) -> None:
    """Two archives have an item at `letter`: the public address is the first one's."""
    blacklight = load_sources()["blacklight"]
    host = "https://demo.projectblacklight.org"
    record = Record(1, "Report", PrintedDate(), url=f"{host}/catalog/letter", slug="letter")
    own = replace(record, url=f"{HOST}/document/letter")
    other = replace(own, position=2, url=f"{HOST}/document/other", slug="other")
    with fresh(tmp_path) as db:
        run = Run(db, "test")
        with run.transaction():
            PageBatches(run).add([
                read(f"{host}/?page=1", Listing("index", (record,), 1, 1, 1), blacklight),
                read(f"{HOST}/search?page=0", Listing("listing", (own, other), 1, 2, 2)),
            ])  # fmt: skip
        found = db.execute("SELECT source, slug, key = slug FROM documents ORDER BY id").fetchall()
    assert found == [("blacklight", "letter", 1), ("wilson", "letter", 0), ("wilson", "other", 1)]


@pytest.mark.parametrize("summary", ["He writes of aid and trade.", "Of trade.", "Of rice."])
def test_the_page_of_an_item_decides_what_a_listing_has_changed(tmp_path: Path, summary: str) -> None:
    """A lesser host's listing says something else than before; then the item's page is read."""
    item, later = ITEMS[0], [FIRST + timedelta(days=number) for number in range(4)]
    captures = [
        listing([item], WHOLE, later[0], ALIAS),
        listing([item], WHOLE, later[1]),
        listing([replace(item, summary="Of trade.")], WHOLE, later[2], ALIAS),
        own_page(replace(item, summary=summary), later[3]),
    ]
    assert written(tmp_path, captures, 1) == written(tmp_path, captures, 0)


def read(uri: str, page: Listing | DocumentPage, source: Source = SOURCE) -> ReadPage:
    """Return a page as it was read at its address."""
    return ReadPage(Capture(uri, uri.encode(), FIRST), page, source, None, hash_page(page))
