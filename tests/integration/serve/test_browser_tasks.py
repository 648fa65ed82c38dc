"""What newcomers want to know, done in a real browser with the harvested seeds."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING
from urllib.request import urlopen

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.browsing import Visit
    from tests.support.publishing import Site


def test_a_newcomer_sees_what_is_held_and_what_is_missing(visit: Visit) -> None:
    visit.page.goto("/")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(re.compile("52 documents"))
    expect(visit.page.get_by_text("1,240 missing")).to_be_visible()
    expect(visit.page.locator(".status")).to_have_text("complete")
    visit.shoot("front")


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


def test_all_documents_are_there_by_date(visit: Visit) -> None:
    visit.page.goto("/")
    visit.page.get_by_role("navigation", name="Main").get_by_role("link", name="Data").click()
    visit.page.get_by_role("main").get_by_role("link", name="Documents", exact=True).click()
    expect(visit.page.locator("tbody tr")).to_have_count(52)
    dates = visit.page.locator("td.col-date").all_inner_texts()
    stated = [date.strip() for date in dates[:51]]
    assert stated == sorted(stated, reverse=True)
    assert dates[51:] == ["undated"]
    visit.shoot("documents")


def test_a_search_from_the_front_page_finds_documents(visit: Visit) -> None:
    visit.page.goto("/")
    visit.page.get_by_label("Search names, words, dates, signatures").fill("Stalin")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".found li").first).to_contain_text("Stalin")
    expect(visit.page.get_by_role("status")).to_contain_text(re.compile(r"^[1-4]?\d documents"))
    visit.shoot("search")


def test_facets_narrow_down_and_widen_again(visit: Visit) -> None:
    visit.page.goto("/harvest/documents")
    visit.page.locator("#facet-kind").get_by_role("link", name="Telegram", exact=True).click()
    kinds = visit.page.locator("td.col-kind").all_inner_texts()
    assert {kind.strip() for kind in kinds} == {"Telegram"}
    visit.page.locator("#facet-year").get_by_role("link", name="1949").click()
    assert visit.page.locator("tbody tr").count() < len(kinds)
    visit.page.locator("#facet-kind").get_by_label("Show all again").click()
    visit.page.locator("#facet-year").get_by_label("Show all again").click()
    expect(visit.page.locator("tbody tr")).to_have_count(52)


def test_a_document_leads_on_to_where_it_was_seen(visit: Visit) -> None:
    visit.page.goto("/harvest/documents?date=1960-06")
    visit.page.locator("td.col-title a").click()
    expect(visit.page.get_by_role("heading", level=1)).to_contain_text("Chervonenko")
    visit.shoot("document")
    visit.page.get_by_role("link", name="All fields, as data").click()
    visit.page.get_by_role("link", name="in sightings").click()
    expect(visit.page.locator("td.col-document_id a")).to_contain_text("Chervonenko")


def test_the_column_menu_sorts(visit: Visit) -> None:
    visit.page.goto("/harvest/documents")
    visit.page.locator("th.col-title .dropdown-menu-icon").click()
    visit.page.get_by_role("link", name="Sort descending").click()
    titles = visit.page.locator("td.col-title > a").all_inner_texts()
    assert titles == sorted(titles, reverse=True)


def test_sql_runs_in_its_editor(visit: Visit) -> None:
    visit.page.goto("/harvest")
    visit.page.locator(".CodeMirror").click()
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.insert_text("select count(*) as documents from documents")
    visit.page.get_by_role("button", name="Run SQL").click()
    expect(visit.page.locator("tbody td")).to_have_text("52")
    visit.page.get_by_role("button", name="Format SQL").click()
    visit.shoot("sql")


def test_the_keyboard_alone_reaches_a_document(visit: Visit) -> None:
    visit.page.goto("/harvest/documents")
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_text("Skip to content")).to_be_focused()
    visit.page.keyboard.press("Enter")
    visit.page.locator("td.col-title a").first.focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("dl.record")).to_be_visible()
