"""Pages as programs save them (tests/fixtures/saved): each is whole, or named."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from harvester.model import Capture, DocumentPage, Listing, Refused
from harvester.parsers.parse import parse
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Site, item_of
from tests.support.browsing import ARGUMENTS, CHROMIUM
from tests.support.containers import captures, read
from tests.support.harvesting import SOURCE
from tests.support.paths import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

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


def test_what_chromium_wget_and_curl_save_is_one_archive(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    http = HOST.replace("https:", "http:")
    with ArchiveServer(SITE) as server, sync_playwright() as playwright:
        rule = f"--host-resolver-rules=MAP {SOURCE.hosts[0]}:80 {urlsplit(server.base).netloc}"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rule], headless=True)
        page = browser.new_page()
        session = page.context.new_cdp_session(page)
        before = datetime.now(UTC).replace(microsecond=0)
        for kind, target in TARGETS.items():
            page.goto(http + target)
            mhtml = session.send("Page.captureSnapshot", {"format": "mhtml"})["data"]
            (pages / f"{kind}.mhtml").write_bytes(mhtml.encode())
        browser.close()
        proxy = {"http_proxy": server.base}
        page_3, page_4 = (http + TARGETS["listing"].replace("page=0", f"page={number}") for number in (2, 3))
        subprocess.run(["wget", "-q", "-x", "-E", "-P", pages, http + "/search?page=1"], env=proxy, check=True)
        subprocess.run(["wget", "-q", "-x", "--save-headers", "-P", pages, page_3], env=proxy, check=True)
        name = pages / f"{SOURCE.hosts[0]}/search?page=3.html"
        subprocess.run(["curl", "-s", "--include", "--output", name, page_4], env=proxy, check=True)
    found = {capture.uri.partition(SOURCE.hosts[0])[2]: capture for capture in captures(read(pages, sources=(SOURCE,)))}
    wanted = [TARGETS["listing"].replace("page=0", "page=2"), "/search?page=1", "/search?page=3"]
    assert sorted(found) == sorted([*TARGETS.values(), *wanted])
    for target in TARGETS.values():
        moment = found[target].captured_at
        assert moment
        assert before <= moment <= datetime.now(UTC)
    read_pages = {target: parsed_as_is(capture) for target, capture in found.items()}
    assert {page.first for page in read_pages.values() if isinstance(page, Listing)} == {1, 11, 21, 31}
    whole = parse(Capture(HOST + TARGETS["document"], SITE.answer(TARGETS["document"], {}).body), SOURCE)
    document = read_pages[TARGETS["document"]]
    assert isinstance(whole, DocumentPage)
    assert isinstance(document, DocumentPage)
    # Chromium leaves out scripts, which alone say the number of the node.
    assert (document.record, document.texts) == (replace(whole.record, node_id=None), whole.texts)


def parsed_as_is(capture: Capture) -> Listing | DocumentPage:
    page = parse(capture, SOURCE)
    assert not isinstance(page, Refused), page
    return page
