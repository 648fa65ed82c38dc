"""Every kind of page in a real browser: fits, is accessible, works on paper and by keyboard; hostile text is text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from tests.support.browsing import DESK, PHONE, visiting
from tests.support.for_each import for_each
from tests.support.hostile_sample import make_sample
from tests.support.publishing import harvester_serve
from tests.support.trials import IN_FULL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.support.browsing import Visit
    from tests.support.publishing import Site

PAGES = (
    "/",
    "/search",
    "/search?q=Stalin&kind=Cable",
    "/search?q=letter#filters",
    "/search?q=nowhere",
    "/search/kind",
    "/browse",
    "/about",
    "/document/k11?q=shanghai",
    "/document/k3?kind=Letter&_n=1",
    "/coverage",
    "/syncs",
    "/nothing",
    "/harvest",
    "/harvest/documents",
    "/harvest/changes",
    "/harvest/documents/3",
    "/harvest?sql=select+*+from+documents+limit+3",
    "/harvest/as_known?document=3&date=2026-11-27",
)
ALIKE = (
    "/harvest/coverage",
    "/harvest/sightings",
    "/harvest/runs",
    "/harvest/problems",
    "/harvest/listings/1",
    "/harvest/documents/1",
    "/harvest/documents/2",
    "/harvest/documents?_columns=all",
    *(f"/document/k{number}?q=alert" for number in range(1, 13)),
)
"""More pages, of kinds that are looked at closely above."""
WIDTHS = (DESK, 768, 375, PHONE)
LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", DESK), ("dark", 375))
if IN_FULL:
    LOOKS = (("light", DESK), ("light", 768), ("light", 375), ("dark", DESK), ("dark", 768), ("dark", 375))
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with harvester_serve(make_sample(tmp_path_factory.mktemp("sample") / "harvest.db")) as (site, _):
        yield site


@pytest.fixture
def reader(browser: Browser, sample: Site) -> Iterator[Visit]:
    """Open a page on the hostile sample; in the end no script of it must have run, and nothing gone wrong."""
    with visiting(browser, sample.address) as reader:
        reader.page.on("dialog", lambda dialog: reader.wrong.append(f"a script ran: {dialog.message}"))
        yield reader


def resize(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 860})


def misfits(visit: Visit) -> list[int]:
    """Return the widths of screens on which the page would have to be moved sideways."""
    found = []
    for width in WIDTHS:
        resize(visit, width)
        if visit.page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(width)
    return found


def violations(visit: Visit) -> list[tuple[str, str]]:
    """Return what axe finds wrong: the rule, and the first element that breaks it."""
    passed, broken = visit.page.evaluate(
        """async (rules) => {
            const found = await axe.run({ runOnly: rules, resultTypes: ["violations"] });
            return [found.passes.length, found.violations.map((one) => [one.id, one.nodes[0].html])];
        }""",
        RULES,
    )
    assert passed > 10
    return list(broken)


@for_each("path", PAGES)
def test_every_page_is_accessible_and_fits(reader: Visit, path: str) -> None:
    """Contrast depends on the scheme, the size of targets on the width: the suite tries each page in one look."""
    reader.page.emulate_media(media="screen")
    reader.page.goto(path)
    if path == "/nothing":  # the browser complains of each page that is not there
        reader.wrong = [complaint for complaint in reader.wrong if "404" not in complaint]
    assert misfits(reader) == []
    reader.page.evaluate(AXE_SCRIPT)
    for scheme, width in LOOKS if IN_FULL else [LOOKS[PAGES.index(path) % 2]]:
        reader.page.emulate_media(color_scheme=scheme)
        resize(reader, width)
        assert violations(reader) == [], (scheme, width)
        reader.shoot(f"{scheme}-{width}{path}")
    reader.page.emulate_media(media="print", color_scheme="light")
    assert reader.page.locator("main").is_visible()
    assert [nav for nav in reader.page.locator("nav").all() if nav.is_visible()] == [], "menus are printed"


def test_every_page_says_the_same_without_script(browser: Browser, sample: Site) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=sample.address)
    page = context.new_page()
    for path in PAGES:
        page.goto(path)
        heading = page.locator("h1").first
        assert heading.is_visible(), path
        assert heading.inner_text().strip(), path
        assert page.locator("main a").count() > 0, path
    context.close()


def test_hostile_content_is_only_text(reader: Visit) -> None:
    resize(reader, PHONE)
    for path in ALIKE:
        reader.page.goto(path)
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= PHONE, path
        assert reader.page.locator("main a[href^='javascript:']").count() == 0
    reader.page.goto("/harvest/documents/1")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Report <script>alert(1)</script>")


def test_paper_is_light_or_dark_as_the_reader_wants(reader: Visit) -> None:
    reader.page.goto("/")
    brightness = {}
    for scheme in ("light", "dark"):
        reader.page.emulate_media(color_scheme=scheme)
        paper = reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness[scheme] = max(map(int, re.findall(r"\d+", paper)))
    assert brightness["dark"] < 60 < 200 < brightness["light"]


def test_filters_open_above_the_results_on_narrow_screens(browser: Browser, sample: Site) -> None:
    context = browser.new_context(
        base_url=sample.address, viewport={"width": 375, "height": 860}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/search?q=letter")
    filters, first = page.locator("#filters"), page.locator(".found h2").first
    expect(filters).to_be_hidden()
    page.get_by_role("link", name="Narrow down").click()
    expect(filters).to_be_visible()
    tops = [box["y"] for box in (filters.bounding_box(), first.bounding_box()) if box]
    assert tops == sorted(tops)
    page.get_by_role("link", name="Show the results").click()
    expect(filters).to_be_hidden()
    context.close()


def test_the_keyboard_opens_a_column_menu(reader: Visit) -> None:
    reader.page.goto("/harvest/documents")
    reader.page.get_by_role("button", name="Menu of title").focus()
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator(".dropdown-menu a:focus")).to_have_text("Sort ascending")
    reader.page.keyboard.press("Escape")
    expect(reader.page.locator(".dropdown-menu")).to_be_hidden()
    expect(reader.page.get_by_role("button", name="Menu of title")).to_be_focused()
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator(".summary").first).to_contain_text("sorted by title")


def test_what_is_printed_is_the_document(reader: Visit) -> None:
    reader.page.emulate_media(media="print")
    reader.page.goto("/document/k11?q=shanghai&_n=1")
    expect(reader.page.locator("h1")).to_be_visible()
    expect(reader.page.locator(".facts")).to_be_visible()
    for part in (".masthead nav", ".onward", ".way", ".beside", "footer"):
        for found in reader.page.locator(part).all():
            expect(found).to_be_hidden()
    reader.page.goto("/search?q=Stalin")
    expect(reader.page.locator(".found h2").first).to_be_visible()
    for part in (".search", ".facet-results", ".ticked", ".years", "nav.next"):
        for found in reader.page.locator(part).all():
            expect(found).to_be_hidden()


def test_n_and_p_lead_from_match_to_match(reader: Visit) -> None:
    reader.page.goto("/document/k11?q=shanghai")
    marks = reader.page.locator(".text mark").count()
    assert marks >= 1
    reader.page.keyboard.press("n")
    expect(reader.page.locator("#marks-shown")).to_have_text(f"Match 1 of {marks}")
    expect(reader.page.locator("mark[aria-current]")).to_have_count(1)
    reader.page.keyboard.press("p")
    expect(reader.page.locator("#marks-shown")).to_have_text(f"Match {marks} of {marks}")


def test_the_first_result_is_few_keys_away(reader: Visit) -> None:
    reader.page.goto("/search")
    reader.page.keyboard.press("Tab")
    expect(reader.page.get_by_text("Skip to content")).to_be_focused()
    reader.page.keyboard.press("Enter")
    keys = 0
    while not reader.page.evaluate("document.activeElement.closest('.found h2') !== null") and keys < 40:
        reader.page.keyboard.press("Tab")
        keys += 1
    assert keys <= 8
