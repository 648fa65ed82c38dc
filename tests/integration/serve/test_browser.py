"""What people see: the harvested seeds in a real browser, by what they would do. Pictures go to tests/shots/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.browsing import DESK, PHONE, Scheme, Visit
from tests.support.hostile_sample import make_sample
from tests.support.publishing import harvester_serve

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.publishing import Site

PAGES = (
    "/",
    "/harvest",
    "/harvest/documents",
    "/harvest/documents/1",
    "/harvest/coverage",
    "/harvest/changes",
    "/harvest/sightings",
    "/harvest/runs",
    "/harvest/problems",
    "/harvest/documents?_columns=all",
    "/harvest?sql=select+*+from+coverage",
)


def test_a_newcomer_sees_what_is_held_and_what_is_missing(visit: Visit) -> None:
    visit.page.goto("/")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(re.compile("52 documents"))
    expect(visit.page.get_by_text("1,240 missing")).to_be_visible()
    expect(visit.page.locator(".status")).to_have_text("complete")
    visit.shoot("front")


def test_all_documents_are_there_by_date(visit: Visit) -> None:
    visit.page.goto("/")
    visit.page.get_by_role("navigation", name="Main").get_by_role("link", name="Data").click()
    visit.page.get_by_role("main").get_by_role("link", name="Documents", exact=True).click()
    expect(visit.page.locator("tbody tr")).to_have_count(52)
    dates = visit.page.locator("td.col-date").all_inner_texts()
    stated = [date.strip() for date in dates if date.strip()]
    assert len(stated) == 51
    assert stated == sorted(stated, reverse=True)
    assert not dates[-1].strip()
    visit.shoot("documents")


def test_a_search_from_the_front_page_finds_documents(visit: Visit) -> None:
    visit.page.goto("/")
    visit.page.get_by_label("Search titles, summaries and texts").fill("Stalin")
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


@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESK, "dark")])
def test_every_page_fits_the_screen_in_light_and_dark(
    browser: Browser, seeds_site: Site, width: int, scheme: Scheme
) -> None:
    visit = Visit(browser, seeds_site.address, width, scheme)
    for path in PAGES:
        visit.page.goto(path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path
        visit.shoot(f"{scheme}-{width}{re.sub('[^a-z0-9]+', '-', path).rstrip('-')}")
    paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    visit.page.close()
    assert (max(map(int, re.findall(r"\d+", paper))) < 60) == (scheme == "dark")
    assert visit.wrong == []


def test_hostile_content_is_only_text(browser: Browser, tmp_path: Path) -> None:
    with harvester_serve(make_sample(tmp_path / "harvest.db")) as (site, _):
        visit = Visit(browser, site.address, PHONE)
        visit.page.on("dialog", lambda dialog: visit.wrong.append(f"a script ran: {dialog.message}"))
        for path in (*PAGES, "/harvest/listings/1", "/harvest/documents/2"):
            visit.page.goto(path)
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE, path
            for link in visit.page.locator("main a").all():
                assert not (link.get_attribute("href") or "").startswith("javascript:")
        visit.page.goto("/harvest/documents/1")
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("Report <script>alert(1)</script>")
        visit.shoot("hostile")
        visit.page.close()
    assert visit.wrong == []
