"""Answers that end early are taken whole or named: `tests.soak.cut_answers` in short, and single cases."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harvester.model import Capture, DocumentPage, Page, Refused
from harvester.parsers.parse import parse
from tests.soak.cut_answers import wrong
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.forks import soak
from tests.support.harvesting import SOURCE, fresh, harvest_pages, sound
from tests.support.trials import trials

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

URI = "https://digitalarchive.wilsoncenter.org/document/doc-1"
ITEM = next(one for one in make_items(50, seed=3) if one.classification and one.donor and one.summary)
WHOLE = document_page(ITEM)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return fresh(tmp_path)


def read(body: bytes, uri: str = URI) -> Page:
    return parse(Capture(uri, body, http_status=200, media_type="text/html"), SOURCE)


def codes(page: Page) -> list[str]:
    return [] if isinstance(page, Refused) else [f"{one.severity} {one.code}" for one in page.problems]


def cut_behind(mark: bytes, body: bytes = WHOLE) -> bytes:
    """Return the page up to the first place of a mark, with it."""
    return body[: body.index(mark) + len(mark)]


def test_every_cut_is_whole_or_named() -> None:
    printed = soak("cut_answers", "--cuts", str(trials(1, 2)))
    *faults, outcome = map(json.loads, printed.splitlines())
    assert faults == []
    assert outcome["tried"] > 60


def test_every_cut_within_the_fields_is_named() -> None:
    whole = read(WHOLE)
    for at in range(WHOLE.index(b'<div class="information">'), WHOLE.rindex(b"</article>"), trials(97, 43)):
        page = read(WHOLE[:at])
        assert wrong(page, whole) is None, (at, WHOLE[at - 40 : at])
        assert "error cut-off" in codes(page), (at, WHOLE[at - 40 : at])


def test_a_record_id_that_is_cut_off_is_not_believed(db: Database) -> None:
    digits = ITEM.record_id.encode()
    cut = cut_behind(b'Record ID</div><div class="text">' + digits[:-1])
    page = read(cut)
    assert isinstance(page, DocumentPage)
    assert (page.whole, page.record.record_id, page.record.title) == (False, None, ITEM.title)
    assert "error cut-off" in codes(page)
    harvest_pages(db, [(Capture(URI, cut, http_status=200, media_type="text/html"), page)])
    harvest_pages(db, [(Capture(URI, WHOLE, http_status=200, media_type="text/html"), read(WHOLE))])
    assert db.execute("SELECT count(*), max(record_id) FROM documents").fetchall() == [(1, ITEM.record_id)]
    assert sound(db)


def test_a_cut_page_that_is_read_later_takes_nothing_away(db: Database) -> None:
    harvest_pages(db, [(Capture(URI, WHOLE), read(WHOLE))])
    cut = cut_behind(b"The History and Public")
    texts = db.execute("SELECT kind, text FROM texts ORDER BY kind").fetchall()
    files = db.execute("SELECT url FROM files").fetchall()
    harvest_pages(db, [(Capture(URI, cut), read(cut))])
    assert db.execute("SELECT rights, record_id FROM documents").fetchall() == [
        ("The History and Public Policy Program welcomes reuse of Digital Archive materials.", ITEM.record_id)
    ]
    assert db.execute("SELECT kind, text FROM texts ORDER BY kind").fetchall() == texts
    assert db.execute("SELECT url FROM files").fetchall() == files
    assert db.execute("SELECT count(*) FROM changes WHERE kind = 'changed'").fetchone() == (0,)


def test_a_node_id_that_the_page_ends_in_is_not_believed() -> None:
    page = read(cut_behind(b'"currentPath":"node\\/' + str(ITEM.node_id).encode()[:-1]))
    assert isinstance(page, DocumentPage)
    assert page.record.node_id is None


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"<!-- served from a cache -->",
        b"<script>window.x = '<p>'</script>\n",
        b"</body>",
    ],
)
def test_what_may_follow_the_last_end_tag(end: bytes) -> None:
    assert codes(read(WHOLE.rstrip() + end)) == []


def test_a_page_that_a_program_saved_without_its_last_end_tags_is_whole() -> None:
    saved = WHOLE.replace(b"</body></html>", b"").replace(b"</p>", b"").replace(b"</li>", b"")
    page = read(saved)
    assert isinstance(page, DocumentPage)
    assert (page.whole, codes(page)) == (True, ["notice end-not-shown"])
    whole = read(WHOLE)
    assert isinstance(whole, DocumentPage)
    assert (page.record.terms, page.record.rights) == (whole.record.terms, whole.record.rights)


def test_an_end_tag_inside_of_a_script_is_no_end() -> None:
    cut = cut_behind(b"Record ID") + b"<script>document.write('</html>"
    assert "error cut-off" in codes(read(cut))


@pytest.mark.parametrize("status", [201, 203, 206, 299])
def test_an_answer_that_is_not_the_whole_page_is_refused(status: int) -> None:
    page = parse(Capture(URI, WHOLE, http_status=status, media_type="text/html"), SOURCE)
    assert isinstance(page, Refused)
    assert page.code == f"http-{status}"


def test_a_page_whose_status_is_not_known_is_read_with_a_notice() -> None:
    page = parse(Capture(URI, WHOLE, http_status=0, media_type="text/html"), SOURCE)
    assert isinstance(page, DocumentPage)
    assert codes(page) == ["notice unknown-status"]


LISTED = make_items(30, seed=4)
LISTINGS = [listing_page(LISTED[at : at + 10], at + 1, 30) for at in (0, 10, 20)]


@pytest.mark.parametrize("pages", [LISTINGS[:2], [WHOLE, document_page(LISTED[3])], [WHOLE, LISTINGS[0]]])
@pytest.mark.parametrize("between", [b"", b"\n\n", b"\n<!-- next -->\n"])
def test_of_several_pages_in_one_file_the_first_is_read_and_the_rest_is_named(
    pages: list[bytes], between: bytes
) -> None:
    first, whole = read(between.join(pages)), read(pages[0])
    assert not isinstance(first, Refused)
    assert not isinstance(whole, Refused)
    assert codes(first) == ["error several-pages"]
    assert replace(first, problems=()) == replace(whole, problems=())


def test_a_page_that_shows_another_in_a_frame_is_one() -> None:
    frame = b'<iframe srcdoc="&lt;html&gt;&lt;/html&gt;&lt;html&gt;"></iframe><script>x = "</html><html>"</script>'
    assert codes(read(WHOLE.replace(b"<article", frame + b"<article", 1))) == []
