"""What listings declare: totals in words, a single record, pagers that overshoot; and rows without links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harvester.model import Capture, Listing, Page
from harvester.parsers.parse import parse
from harvester.registry import load_sources
from tests.support.harvesting import SOURCE, fresh, harvest_pages

if TYPE_CHECKING:
    from pathlib import Path

SEARCH = "https://digitalarchive.wilsoncenter.org/search?page=0"
BLACKLIGHT = load_sources()["blacklight"]


def row(name: str, summary: str = "") -> str:
    cells = f'<h4><a href="/document/{name}">Document {name.upper()}</a></h4><div class="description">{summary}</div>'
    return f'<tr><td><div class="date">May 1, 1950</div>{cells}</td></tr>'


def page(line: str, rows: list[str], after: str = "") -> bytes:
    table = f"<table><tbody>{''.join(rows)}</tbody></table>"
    main = f"<main><h2>Results:</h2><p>{line}</p>{table}{after}</main>"
    return f"<html><body>{main}<footer></footer></body></html>".encode()


def read(body: bytes, uri: str = SEARCH) -> Listing:
    found: Page = parse(Capture(uri, body, http_status=200, media_type="text/html"), SOURCE)
    assert isinstance(found, Listing), found
    return found


def codes(found: Listing) -> list[str]:
    return [f"{one.severity} {one.code}" for one in found.problems]


TWO = [row("a"), row("b")]


@pytest.mark.parametrize(
    ("line", "total", "kind"),
    [
        ("1 - 2 of 1250", 1250, "exact"),
        ("1 - 2 of 1 250", 1250, "exact"),
        ("1 - 2 of 1&nbsp;250", 1250, "exact"),
        ("1&nbsp;-&nbsp;2 of 16\u202f750", 16750, "exact"),
        ("1 - 2 of 16’750", 16750, "exact"),
        ("1 - 2 of 10,000+", 10_000, "floor"),
        ("1 - 2 of over 10,000", 10_000, "floor"),
        ("1 - 2 of more than <b>10 000</b>", 10_000, "floor"),
        ("1 - 2 of at least 400", 400, "floor"),
        ("1 - 2 of 400 or more", 400, "floor"),
        ("1 - 2 of about 1,230,000", 1_230_000, "estimate"),
        ("1 - 2 of approximately 300", 300, "estimate"),
        ("1 - 2 of ~300", 300, "estimate"),
        ("1 - 2 of the first 1,000", 1000, "ceiling"),
        ("1 - 2 of up to 500", 500, "ceiling"),
        ("1 - 2 out of 12", 12, "exact"),
        ("1 - 2 von 12", 12, "exact"),
        ("1 — 2 sur 12", 12, "exact"),
    ],
)
def test_totals_are_read_with_what_they_mean(line: str, total: int, kind: str) -> None:
    found = read(page(line, TWO))
    assert (found.first, found.last, found.declared_total, found.total_kind) == (1, 2, total, kind)
    assert len(found.records) == 2


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Only the first 1,000 results are shown.", "ceiling"),
        ("To spare our server, searches are limited to 1,000 records.", "ceiling"),
        ("Results are limited to the first 1&nbsp;000; refine your search.", "ceiling"),
        ("Showing no more than 1000 hits", "ceiling"),
        ("Only the first 500 results are shown.", "exact"),
        ("The army was limited to 1,000 men.", "exact"),
    ],
)
def test_words_on_the_page_make_the_total_a_ceiling(words: str, kind: str) -> None:
    assert read(page("1 - 2 of 1,000", TWO, f"<p>{words}</p>")).total_kind == kind


def test_what_a_total_means_is_kept(tmp_path: Path) -> None:
    db = fresh(tmp_path)
    body = page("1 - 2 of over 2", TWO)
    harvest_pages(db, [(Capture(SEARCH, body), read(body))])
    assert db.execute("SELECT declared_total, total_kind FROM captures").fetchall() == [(2, "floor")]
    assert db.execute("SELECT declared_total, total_kind FROM listings").fetchall() == [(2, "floor")]
    assert db.execute("SELECT complete FROM coverage").fetchall() == [(0,)]


@pytest.mark.parametrize("words", ["1 entry found", "1 item found", "1 Treffer gefunden", "1 résultat trouvé"])
def test_a_listing_of_one_record_in_the_software_s_own_words(words: str) -> None:
    number, _, rest = words.partition(" ")
    record = '<article class="document"><h3><a href="/catalog/x1">Letters of a traveller</a></h3></article>'
    body = (
        '<html><body class="blacklight"><nav><a href="/catalog/menu">Menu</a></nav><main>'
        f'<span class="page-entries"><strong>{number}</strong> {rest}</span><div>{record}</div></main></body></html>'
    )
    found = parse(Capture("https://demo.projectblacklight.org/catalog?q=x", body.encode()), BLACKLIGHT)
    assert isinstance(found, Listing)
    assert (found.first, found.last, found.declared_total) == (1, 1, 1)
    assert [(one.position, one.title) for one in found.records] == [(1, "Letters of a traveller")]


def test_no_entries_found_is_an_empty_listing() -> None:
    body = b'<html><body class="blacklight"><main><p>No entries found</p></main></body></html>'
    found = parse(Capture("https://demo.projectblacklight.org/catalog?q=x", body), BLACKLIGHT)
    assert isinstance(found, Listing)
    assert (found.declared_total, found.records) == (0, ())


def test_a_last_page_that_overshoots_ends_with_its_total() -> None:
    found = read(page("31 - 40 of 32", TWO))
    assert (found.first, found.last, found.declared_total, found.total_kind) == (31, 32, 32, "exact")
    assert [one.position for one in found.records] == [31, 32]
    assert codes(found) == ["notice range-overshoots"]


def test_as_many_records_as_the_overshooting_line_says_prove_the_total_wrong() -> None:
    found = read(page("31 - 40 of 32", [row(name) for name in "abcdefghij"]))
    assert (found.first, found.last, found.declared_total, found.total_kind) == (31, 40, 32, "floor")
    assert [one.position for one in found.records] == list(range(31, 41))


# Rows and links

LINK = '<a href="/document/other">the other letter</a>'


def test_a_link_in_the_summary_of_one_of_two_records_is_no_record() -> None:
    found = read(page("1 - 2 of 2", [row("t1", f"An answer to {LINK}, of which half is lost."), row("t2")]))
    assert [(one.title, one.slug, one.date.edtf) for one in found.records] == [
        ("Document T1", "t1", "1950-05-01"),
        ("Document T2", "t2", "1950-05-01"),
    ]
    assert found.records[0].summary == "An answer to the other letter, of which half is lost."


@pytest.mark.parametrize("count", range(2, 8))
def test_as_many_links_in_a_summary_as_the_page_has_records(count: int) -> None:
    links = ", ".join(f'<a href="/document/x{n}">letter {n}</a>' for n in range(count))
    rows = [row(f"t{n}", f"See {links}." if n == 0 else "") for n in range(count)]
    for shown in (rows, rows[::-1]):
        found = read(page(f"1 - {count} of {count}", shown))
        assert {one.slug for one in found.records} == {f"t{n}" for n in range(count)}


def test_neighbouring_rows_with_one_address_are_two_sightings() -> None:
    found = read(page("1 - 4 of 4", [row("a"), row("b"), row("b"), row("c")]))
    assert [(one.position, one.slug) for one in found.records] == [(1, "a"), (2, "b"), (3, "b"), (4, "c")]
    assert codes(found) == []
    found = read(page("1 - 2 of 2", [row("b"), row("b")]))
    assert [(one.position, one.slug) for one in found.records] == [(1, "b"), (2, "b")]


@pytest.mark.parametrize("place", range(4))
def test_a_row_without_a_link_keeps_its_position(place: int) -> None:
    rows = [row(name) for name in "abcd"]
    rows[place] = "<tr><td><div>May 2, 1950</div><h4>Withheld by the archive</h4></td></tr>"
    found = read(page("11 - 14 of 14", rows))
    assert [one.position for one in found.records] == [11 + n for n in range(4) if n != place]
    assert ("error row-without-link", 11 + place) in [(f"{p.severity} {p.code}", p.position) for p in found.problems]
    assert "error records-missing" not in codes(found)


def test_a_header_row_is_no_row_without_a_link() -> None:
    rows = ["<tr><th>Date</th><th>Title</th></tr>", row("a"), "<tr><td><h4>Withheld</h4></td></tr>", row("c")]
    found = read(page("1 - 3 of 3", rows))
    assert [(one.position, one.slug) for one in found.records] == [(1, "a"), (3, "c")]


def test_a_row_whose_link_has_no_text_keeps_its_position() -> None:
    found = read(page("1 - 3 of 3", [row("a"), row("b").replace("Document B", ""), row("c")]))
    assert [(one.position, one.slug) for one in found.records] == [(1, "a"), (3, "c")]
