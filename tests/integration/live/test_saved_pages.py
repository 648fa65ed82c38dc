"""Pages as programs save them (tests/fixtures/saved): each is whole, or named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from harvester.cli import run
from harvester.model import DocumentPage, Listing, Refused
from harvester.parsers.parse import parse
from harvester.store.database import open_to_read
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Site, item_of
from tests.support.browsing import ARGUMENTS, CHROMIUM
from tests.support.containers import captures, problems, read
from tests.support.harvesting import SOURCE
from tests.support.paths import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.model import Capture

SAVED = FIXTURES / "saved"
SITE = Site(35, "saved")
SLUG = item_of(SITE.listing.records[0]).slug
TARGETS = {"document": f"/document/{SLUG}", "listing": "/search?sort_bef_combine=created_DESC&page=0"}
HOST = f"https://{SOURCE.hosts[0]}"


def parsed(capture: Capture, body: bytes, kind: str) -> Listing | DocumentPage:
    page = parse(replace(capture, uri=HOST + TARGETS[kind], body=body), SOURCE)
    assert not isinstance(page, Refused), page
    return page


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("program", ["dump", "singlefile"])
def test_what_a_program_has_saved_is_whole_and_the_same(kind: str, program: str) -> None:
    [capture] = captures(read(SAVED / f"{kind}-{program}.html.gz"))
    page = parsed(capture, capture.body, kind)
    whole = parsed(capture, SITE.answer(TARGETS[kind], {}).body, kind)
    named = {problem.code for problem in page.problems}
    if isinstance(page, DocumentPage) and isinstance(whole, DocumentPage):
        assert page.whole
        assert named == ({"end-not-shown"} if program == "singlefile" else set())
        # Only a script, which SingleFile leaves out, says the number of the node.
        assert page.record.node_id == (whole.record.node_id if program == "dump" else None)
        page, whole = (replace(one, record=replace(one.record, node_id=None)) for one in (page, whole))
    page, whole = (replace(one, problems=()) for one in (page, whole))
    assert page == whole


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("program", ["dump", "singlefile"])
def test_what_a_program_has_saved_and_is_cut_is_named(kind: str, program: str) -> None:
    [capture] = captures(read(SAVED / f"{kind}-{program}.html.gz"))
    whole = parsed(capture, capture.body, kind)
    at = capture.body.index(b"Record ID" if kind == "document" else item_of("r5").title.split(",")[0].encode())
    for cut in (at, at + 60, at + 200):
        page = parse(replace(capture, uri=HOST + TARGETS[kind], body=capture.body[:cut]), SOURCE)
        assert isinstance(page, Refused) or {"cut-off"} <= {problem.code for problem in page.problems}
    assert "cut-off" not in {problem.code for problem in whole.problems}


def test_what_chromium_saves_as_mhtml_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "listing.html.gz").write_bytes((SAVED / "listing-dump.html.gz").read_bytes())
    assert run(["harvest", str(pages), "--db", str(tmp_path / "a.db")]) == 0
    with ArchiveServer(SITE) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, headless=True)
        page = browser.new_page()
        page.goto(server.base + TARGETS["document"])
        mhtml = page.context.new_cdp_session(page).send("Page.captureSnapshot", {"format": "mhtml"})["data"]
        browser.close()
    (pages / "document.mhtml").write_bytes(mhtml.encode())
    (pages / "named otherwise.html").write_bytes(mhtml.encode())
    assert problems(read(pages)) == ["mhtml", "mhtml"]
    capsys.readouterr()
    assert run(["harvest", str(pages), "--db", str(tmp_path / "a.db")]) == 3
    with open_to_read(tmp_path / "a.db") as db:
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (10,)
