"""Definitions give the pages that the shipped sources give, and their sources are known like the shipped ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from harvester.config.toml_file import SettingsError
from harvester.crawl.spiders import spider_of
from harvester.model import Capture, DocumentPage, Listing, Refused
from harvester.parsers.parse import parse
from harvester.registry import load_definition, load_sources
from harvester.source import Minimum
from harvester.urls import listing_for, listing_of, page_number, page_url, read_address
from tests.support.paths import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.model import Page, Record
    from harvester.source import Source

WILSON = """
title = "Wilson Center Digital Archive"
address = "https://digitalarchive.wilsoncenter.org"
hosts = ["wilson-center.drivingcreative.com", "wilson-center-digital-archive.dvincitest.com"]
items = ["/document/{record_id}", "/document/{slug}", "/node/{node_id}"]
files = "/document/{node_id}/download"

[pager]
path = "/search"
size = 10
filters = "f[{number}]"
search = "search_api_fulltext"
order = "sort_bef_combine"
newest_first = "created_DESC"

[listing]
declares = ["{first} - {last} of {total}", "{*} {first} - {last} of {total}"]
noise = "Documents"
ends_at = "Pagination"
between = [["Results:", "Pagination"], ["Results:", "<footer"]]

[document]
signs = ["information-block", "pill-block", "documentTabs"]
title = "h1.title"
summary = ".text-block"
credit = ".donated"
blocks = ".information-block, .pill-block"
label = "dt, .sub-title, h2, h3, h4, h5, h6"
value = "dd, .name"
drupal = true
"""
CATALOGUE = """
platform = "blacklight"
title = "Blacklight demonstration catalogue"
address = "https://demo.projectblacklight.org"
"""
PAGES = sorted(path.parent.name for path in FIXTURES.glob("html/*/expected.json") if path.parent.name != "g-old-site")


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    folder = tmp_path_factory.mktemp("sources")
    for name, text in (("wilson", WILSON), ("blacklight", CATALOGUE)):
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return {file.stem: load_definition(file) for file in folder.glob("*.toml")}


def without_others(page: Page) -> Page:
    """Return a page without the values that only definitions keep: those of labels that have no field."""
    if isinstance(page, DocumentPage):
        return replace(page, record=_without_others(page.record))
    if isinstance(page, Listing):
        return replace(page, records=tuple(map(_without_others, page.records)))
    return page


def _without_others(record: Record) -> Record:
    return replace(record, terms=tuple(term for term in record.terms if term[0] != "other"))


@pytest.mark.parametrize("case", PAGES)
def test_a_definition_reads_pages_as_the_shipped_source_does(defined: dict[str, Source], case: str) -> None:
    about = json.loads((FIXTURES / "html" / case / "expected.json").read_text("utf-8"))
    body = (FIXTURES / "html" / case / "page.html").read_bytes()
    capture = Capture(about["uri"], body, http_status=about.get("http_status"))
    name = about.get("source", "wilson")
    shipped, own = parse(capture, load_sources()[name]), parse(capture, defined[name])
    if isinstance(shipped, Refused):
        assert isinstance(own, Refused)
        assert own.code == shipped.code
    else:
        assert not isinstance(own, Refused)
        assert without_others(replace(own, form=shipped.form)) == shipped


@pytest.mark.parametrize("name", ["wilson", "blacklight"])
def test_a_definition_pages_as_the_shipped_source_does(defined: dict[str, Source], name: str) -> None:
    own, shipped = defined[name], load_sources()[name]
    for number in (0, 1, 41):
        address = page_url(listing_for(shipped, "Mao"), number, shipped)
        assert page_url(listing_for(own, "Mao"), number, own) == address
        assert page_number(address, own) == number
        assert listing_of(address, own) == listing_of(address, shipped)


def test_links_of_several_shapes_lead_to_one_kind_of_key_each(defined: dict[str, Source]) -> None:
    shapes = {
        "/document/111780": (None, "111780", None),
        "https://digitalarchive.wilsoncenter.org/document/cable-mao?x=1": ("cable-mao", None, None),
        "/node/89832/": (None, None, "89832"),
    }
    for href, keys in shapes.items():
        address = read_address(href, defined["wilson"])
        assert address
        assert (address.slug, address.record_id, address.node_id) == keys
    assert read_address("/topics/cold-war", defined["wilson"]) is None


OWN = """
title = "City Archive"
address = "https://archive.example.org/base"
items = "/item/{slug}"
dates = "day-month"
[pager]
path = "/browse"
size = 25
offset = "start"
begin = 1
[listing]
declares = "Showing {first} to {last} of {total}"
[assert]
min_records = 10
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a working folder with a definition beside its configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "city.toml").write_text(OWN, "utf-8")
    return tmp_path


def test_a_source_of_the_users_is_known_like_a_shipped_one(folder: Path) -> None:
    assert list(load_sources()) == ["blacklight", "city", "wilson"]
    source = load_sources()["city"]
    assert (source.hosts, source.date_order, source.minimum) == (("archive.example.org",), "day-month", Minimum(10, 0))
    assert spider_of("city").source is source
    assert page_url(listing_for(source), 2, source) == "https://archive.example.org/base/browse?start=51"
    assert page_number("https://archive.example.org/base/browse?start=51", source) == 2


def test_a_saved_page_is_read_by_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f'<li><a href="/base/item/i{n}">Letter {n}</a> <p>3/4/195{n}</p></li>' for n in range(1, 4))
    page = f"<html><main><p>Showing 1 to 3 of 3</p><ul>{rows}</ul></main></html>"
    (folder / "page.html").write_text(page, "utf-8")
    assert run(["parse", "page.html", "--source", "city", "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["first"], read["last"], read["declared_total"]) == (1, 3, 3)
    assert [record["title"] for record in read["records"]] == ["Letter 1", "Letter 2", "Letter 3"]
    assert read["records"][0]["url"] == "https://archive.example.org/base/item/i1"


LABELLED = """
title = "City Archive"
address = "https://archive.example.org"
items = "/item/{slug}"
[listing]
declares = "{total} records"
[document]
[labels]
"Titel" = "title"
"Nr" = "record_id"
"Teilen" = "none"
"""


def test_labels_are_fields_or_kept_or_left_out(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(LABELLED, "utf-8")
    source = load_definition(tmp_path / "city.toml")
    facts = "<dl><dt>Titel:</dt><dd>A</dd><dt>Nr:</dt><dd>7</dd><dt>Umfang:</dt><dd>2 Bl.</dd><dt>Teilen:</dt><dd>Mail"
    facts += "</dd></dl>"
    page = parse(
        Capture("https://archive.example.org/item/a", f"<html><h1>A letter</h1>{facts}</html>".encode()), source
    )
    assert isinstance(page, DocumentPage)
    assert (page.record.title, page.record.record_id) == ("A letter", "7")
    assert page.record.terms == (("other", "Umfang: 2 Bl."),)
    rows = f'<div><a href="/item/a">A letter</a>{facts}</div><div><a href="/item/b">Another</a>{facts}</div>'
    listing = parse(Capture("https://archive.example.org/", f"<html><p>2 records</p>{rows}</html>".encode()), source)
    assert isinstance(listing, Listing)
    assert [(record.title, record.record_id) for record in listing.records] == [("A letter", "7"), ("Another", "7")]


def test_the_folder_is_beside_the_configuration_or_where_the_environment_says(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "village.toml").write_text(OWN, "utf-8")
    monkeypatch.setenv("HARVESTER_SOURCES", str(elsewhere))
    assert list(load_sources()) == ["blacklight", "village", "wilson"]
    monkeypatch.delenv("HARVESTER_SOURCES")
    (elsewhere / "harvester.toml").write_text("", "utf-8")
    monkeypatch.setenv("HARVESTER_CONFIG", str(elsewhere / "harvester.toml"))
    assert list(load_sources()) == ["blacklight", "wilson"]


def test_a_wrong_definition_stops_what_needs_it_with_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sources" / "city.toml").write_text(OWN.replace("size = 25", "size = 0"), "utf-8")
    assert run(["parse", "page.html"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SettingsError, match=r"city\.toml:8: pager\.size"):
        load_sources()


def test_a_page_with_more_records_than_are_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(
        'title = "City"\naddress = "https://city.example.org"\nitems = "/item/{slug}"\n'
        '[listing]\ndeclares = "nothing"\nrecord = "article"\nfields = { title = "a" }\n',
        "utf-8",
    )
    source = load_definition(tmp_path / "city.toml")
    for count, codes in ((2000, []), (2001, ["too-many-records"])):
        items = "".join(f'<article><a href="/item/a{n}">Letter {n}</a></article>' for n in range(count))
        body = f"<!DOCTYPE html><html><body><main>{items}</main></body></html>".encode()
        page = parse(Capture("https://city.example.org/all", body, media_type="text/html"), source)
        assert isinstance(page, Listing)
        assert len(page.records) == 2000
        assert [problem.code for problem in page.problems if problem.severity == "error"] == codes


def test_a_file_that_cannot_be_read_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pages.zip").write_bytes(b"PK\x03\x04 and no more")
    assert run(["sources", "check", "wilson", str(tmp_path / "pages.zip")]) == 3
    assert "pages.zip" in capsys.readouterr().err
