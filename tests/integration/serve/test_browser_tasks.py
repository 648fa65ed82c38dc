"""What a newcomer wants to know, done in a real browser; each task leaves a picture in tests/shots/."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.browsing import DESK, PHONE, Scheme, Visit
from tests.support.hostile_sample import make_sample
from tests.support.publishing import harvester_serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.publishing import Site

PAGES = (
    "/",
    "/search",
    "/search?q=Stalin&kind=Cable",
    "/search?q=nowhere",
    "/search/kind",
    "/browse",
    "/about",
    "/document/k11?q=shanghai",
    "/document/k3?kind=Letter&_n=1",
    "/coverage",
    "/syncs",
    "/harvest",
    "/harvest/documents",
    "/harvest/changes",
    "/harvest/documents/3",
    "/harvest?sql=select+*+from+documents+limit+3",
    "/harvest/as_known?document=3&date=2026-11-27",
)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with harvester_serve(make_sample(tmp_path_factory.mktemp("sample") / "harvest.db")) as (site, _):
        yield site


def test_find_stalins_cables_to_mao_of_may_1949(visit: Visit) -> None:
    visit.page.get_by_role("searchbox").fill("Stalin Mao")
    visit.page.keyboard.press("Enter")
    visit.page.locator("figure.years").get_by_role("link", name="1949").click()
    visit.page.locator("#facet-kind").get_by_role("link", name="Cable").click()
    expect(visit.page.locator(".found h2").first).to_have_text("Cable, Stalin to Mao Zedong [via Kovalev]")
    expect(visit.page.locator(".found .kicker").first).to_contain_text("May 26, 1949")
    assert "q=Stalin+Mao&year=1949&kind=Cable" in visit.page.url
    visit.shoot("task-stalin-to-mao")


def test_see_which_of_the_173_are_missing(visit: Visit) -> None:
    visit.page.get_by_role("navigation", name="Main").get_by_role("link", name="Data").click()
    visit.page.get_by_role("main").get_by_role("link", name="Coverage").first.click()
    listing = visit.page.locator("article", has_text="of 173 held")
    expect(listing).to_contain_text("163 missing: records 1–160, 171–173")
    visit.shoot("task-missing")


def test_cite_one_in_three_formats(visit: Visit, seeds_site: Site) -> None:
    visit.page.get_by_role("searchbox").fill("Chervonenko")
    visit.page.keyboard.press("Enter")
    visit.page.locator(".found h2 a").first.click()
    visit.page.get_by_role("link", name="Cite", exact=True).click()
    note = visit.page.locator("#cite dd").nth(1)
    expect(note).to_contain_text("June 1960, Wilson Center Digital Archive")
    note.get_by_role("button", name="Copy").is_visible()
    visit.shoot("task-cite")
    for name, start in (("BibTeX", "@unpublished{"), ("RIS", "TY  - MANSCPT"), ("CSL-JSON", "[")):
        with visit.page.expect_download() as download:
            visit.page.locator("#cite").get_by_role("link", name=name).click()
        assert download.value.path().read_text("utf-8").startswith(start)
    # A link to a file to keep ends in a download; the browser calls the page that it would have been aborted.
    visit.wrong = [wrong for wrong in visit.wrong if not wrong.startswith("failed: ")]


def test_subscribe_to_changes(visit: Visit, seeds_site: Site) -> None:
    feed = visit.page.locator('link[type="application/atom+xml"]').get_attribute("href")
    with urlopen(seeds_site.address.rstrip("/") + str(feed), timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("application/atom+xml")
        assert answer.read().count(b"<entry>") == 50
    link = visit.page.locator(".latest").get_by_role("link", name="Atom", exact=True)
    link.scroll_into_view_if_needed()
    expect(link).to_have_attribute("href", str(feed))
    visit.shoot("task-subscribe")


def test_get_all_telegrams_of_1950_as_csv(visit: Visit) -> None:
    visit.page.locator("figure.years").get_by_role("link", name="1950").click()
    visit.page.locator("#facet-kind").get_by_role("link", name="Telegram").click()
    expect(visit.page.get_by_role("status")).to_contain_text("5 documents")
    visit.page.locator("#export").scroll_into_view_if_needed()
    visit.shoot("task-csv")
    with visit.page.expect_download() as download:
        visit.page.locator("#export").get_by_role("link", name="CSV", exact=True).click()
    text = download.value.path().read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["kind"] for row in rows] == ["Telegram"] * 5
    assert {row["date"][:4] for row in rows} == {"1950"}
    visit.wrong = [wrong for wrong in visit.wrong if not wrong.startswith("failed: ")]


def test_the_keyboard_alone_leads_to_a_citation(visit: Visit) -> None:
    visit.page.goto("/search")
    for _ in range(30):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate("document.activeElement.id") == "q":
            break
    visit.page.keyboard.type("Chervonenko")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("status")).to_contain_text("document")
    for _ in range(80):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate("document.activeElement.closest('.found h2') !== null"):
            break
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("article.document h1")).to_contain_text("Chervonenko")
    for _ in range(80):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate("document.activeElement.textContent") == "BibTeX":
            break
    assert visit.page.evaluate("document.activeElement.textContent") == "BibTeX"


def test_it_works_without_javascript(browser: Browser, seeds_site: Site) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=seeds_site.address)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("searchbox").fill("Stalin")
    page.keyboard.press("Enter")
    expect(page.locator(".found li").first).to_be_visible()
    assert page.locator("figure.years a").count() > 2
    page.locator(".found h2 a").first.click()
    expect(page.locator("#cite dd").first).to_be_visible()
    expect(page.locator("#cite button").first).to_be_hidden()
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark"), (768, "light"), (375, "light")])
def test_every_page_is_accessible_and_fits(browser: Browser, sample: Site, width: int, scheme: Scheme) -> None:
    visit = Visit(browser, sample.address, width, scheme)
    visit.page.on("dialog", lambda dialog: visit.wrong.append(f"a script ran: {dialog.message}"))
    for path in PAGES:
        visit.page.goto(path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path
        if width in (DESK, PHONE):
            found = Axe().run(visit.page, options={"runOnly": [*RULES]}).response
            assert len(found["passes"]) > 10
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], path
        visit.shoot(f"room-{scheme}-{width}{re.sub('[^a-z0-9]+', '-', path).rstrip('-')}")
    visit.page.close()
    assert visit.wrong == []


def test_what_is_printed_is_the_document(browser: Browser, sample: Site) -> None:
    visit = Visit(browser, sample.address)
    visit.page.emulate_media(media="print")
    visit.page.goto("/document/k11?q=shanghai&_n=1")
    expect(visit.page.locator("h1")).to_be_visible()
    expect(visit.page.locator(".facts")).to_be_visible()
    for part in (".masthead nav", ".onward", ".way", ".beside", "footer"):
        for found in visit.page.locator(part).all():
            expect(found).to_be_hidden()
    visit.page.goto("/search?q=Stalin")
    expect(visit.page.locator(".found h2").first).to_be_visible()
    for part in (".search", ".facet-results", ".ticked", ".years", "nav.next"):
        for found in visit.page.locator(part).all():
            expect(found).to_be_hidden()
    visit.page.close()


def test_n_and_p_lead_from_match_to_match(browser: Browser, sample: Site) -> None:
    visit = Visit(browser, sample.address)
    visit.page.goto("/document/k11?q=shanghai")
    marks = visit.page.locator(".text mark").count()
    assert marks >= 1
    visit.page.keyboard.press("n")
    expect(visit.page.locator("#marks-shown")).to_have_text(f"Match 1 of {marks}")
    expect(visit.page.locator("mark[aria-current]")).to_have_count(1)
    visit.page.keyboard.press("p")
    expect(visit.page.locator("#marks-shown")).to_have_text(f"Match {marks} of {marks}")
    visit.page.close()
    assert visit.wrong == []


def test_the_first_result_is_few_keys_away(browser: Browser, sample: Site) -> None:
    visit = Visit(browser, sample.address)
    visit.page.goto("/search")
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_text("Skip to content")).to_be_focused()
    visit.page.keyboard.press("Enter")
    keys = 0
    while not visit.page.evaluate("document.activeElement.closest('.found h2') !== null") and keys < 40:
        visit.page.keyboard.press("Tab")
        keys += 1
    assert keys <= 8
    visit.page.close()


def test_hostile_documents_are_only_text(browser: Browser, sample: Site, tmp_path: Path) -> None:
    visit = Visit(browser, sample.address, PHONE)
    visit.page.on("dialog", lambda dialog: visit.wrong.append(f"a script ran: {dialog.message}"))
    for number in range(1, 13):
        visit.page.goto(f"/document/k{number}?q=alert")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE
    visit.page.close()
    assert visit.wrong == []
