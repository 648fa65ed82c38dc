"""The definitions of platforms, against specimen pages that others made from the software's own templates."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from harvester.model import Capture, DocumentPage, Listing, Page, Record, Refused
from harvester.parsers.parse import parse
from harvester.registry import load_definition
from harvester.urls import listing_of, page_number, page_url
from tests.support.for_each import for_each
from tests.support.paths import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.source import Source

HERE = FIXTURES / "platforms"
NAMES = sorted(folder.parent.name for folder in HERE.glob("*/expected.json"))
OWN = {
    "frus": "[pager]\nsize = 4\n",
    "invenio": "[pager]\nsize = 4\n",
    "cia-reading-room": '[pager]\npath = "/search/site/berlin"\n',
    "drupal-views": 'items = ["/document/{slug}", "/node/{node_id}"]\n[pager]\npath = "/documents"\nsize = 4\n'
    '[listing.fields]\n"Series" = ".views-field-field-series .field-content"\n',
}
"""What a definition says besides platform, title and address."""
PLATFORM = {"atom-classic": "atom"}
"""The platforms of specimens that show another theme of it."""
ALIKE = {("blacklight", "arclight"), ("wordpress", "bukovsky"), ("bukovsky", "wordpress")}
ALIKE |= {("atom", "atom-classic"), ("atom-classic", "atom")}
"""Definitions that read pages of another name, because it is the same software."""
OTHER_VIEWS = {("drupal-views", "table-0.html"), ("drupal-views", "table-1.html")}
"""Pages of another view of the same site, which has a definition of its own."""

SNIPPET = re.compile("^“[.]{3}(.*)[.]{3}”$")
"""How VuFind prints what of a summary it shows: its marks are kept as they are printed."""


@cache
def about(name: str) -> dict[str, Any]:
    return json.loads((HERE / name / "expected.json").read_text("utf-8"))  # type: ignore[no-any-return]


PAGES = [
    (name, page["file"]) for name in NAMES for page in about(name)["pages"] if (name, page["file"]) not in OTHER_VIEWS
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    folder = tmp_path_factory.mktemp("sources")
    return {name: define(folder, name) for name in NAMES}


def define(folder: Path, name: str) -> Source:
    file = folder / f"{name}.toml"
    head = f'platform = "{PLATFORM.get(name, name)}"\ntitle = "An archive"\naddress = "{about(name)["base_url"]}"\n'
    file.write_text(head + OWN.get(name, ""), "utf-8")
    return load_definition(file)


def expected(name: str, file: str) -> dict[str, Any]:
    return next(page for page in about(name)["pages"] if page["file"] == file)


def read(source: Source, name: str, file: str) -> Page:
    return parse(Capture(expected(name, file)["url"], (HERE / name / file).read_bytes()), source)


def kept(record: Record) -> str:
    """Return all values that a record has, one a line."""
    columns = (record.archive, record.archive_location, record.kind, record.rights, record.record_id, record.title)
    more = (record.classification, record.credit, record.date.text, record.summary)
    terms = (term.partition(": ")[2] if facet == "other" else term for facet, term in record.terms)
    return "\n".join(filter(None, (*columns, *more, *terms)))


def without_query(url: str) -> str:
    return urlsplit(url)._replace(query="").geturl().rstrip("/")


def flat(text: str | None) -> str | None:
    return " ".join(text.split()) if text else None


@for_each("name, file", PAGES)
def test_a_page_is_what_it_is(sources: dict[str, Source], name: str, file: str) -> None:
    page, wanted = read(sources[name], name, file), expected(name, file)
    kind = {Listing: "listing", DocumentPage: "document", Refused: "other"}[type(page)]
    assert kind == wanted["kind"], page
    if isinstance(page, Listing):
        assert (page.first, page.last, page.declared_total) == (wanted["first"], wanted["last"], wanted["total"])
        assert [problem for problem in page.problems if problem.severity == "error"] == []


@for_each("name, file", PAGES)
@pytest.mark.parametrize("field", ["url", "title", "date", "summary"])
def test_each_record_has_its_field(sources: dict[str, Source], name: str, file: str, field: str) -> None:
    page, wanted = read(sources[name], name, file), expected(name, file)
    if isinstance(page, Refused):
        return
    records = page.records if isinstance(page, Listing) else (page.record,)
    rows = wanted["records"] if isinstance(page, Listing) else [wanted]
    if field == "url":
        assert [unquote(record.url or "") for record in records] == [unquote(without_query(row["url"])) for row in rows]
    elif field == "date":
        printed = [None if record.date.text == "Undated" else record.date.text for record in records]
        wanted_dates = [row["date"] for row in rows]  # a period after the year ends the line
        assert printed == [one and re.sub(r"(?<=\d{4})[.]$", "", one) for one in wanted_dates]
    else:
        read_as = [flat(getattr(record, field)) for record in records]
        assert [text and SNIPPET.sub(r"\1", text) for text in read_as] == [flat(row[field]) for row in rows]


@for_each("name, file", PAGES)
def test_no_other_value_is_lost(sources: dict[str, Source], name: str, file: str) -> None:
    page, wanted = read(sources[name], name, file), expected(name, file)
    if isinstance(page, Refused):
        return
    records = page.records if isinstance(page, Listing) else (page.record,)
    rows = wanted["records"] if isinstance(page, Listing) else [wanted]
    lost = [
        (label, value)
        for record, row in zip(records, rows, strict=True)
        for label, values in row["fields"].items()
        for value in values
        if str(flat(value)) not in str(flat(kept(record)))
    ]
    assert lost == []


@for_each("name, file", PAGES)
def test_the_pager_leads_to_the_next_page(sources: dict[str, Source], name: str, file: str) -> None:
    wanted, source = expected(name, file), sources[name]
    if wanted["kind"] != "listing" or not wanted["next"]:
        return
    listing, number = listing_of(wanted["url"], source), page_number(wanted["url"], source)
    assert listing
    assert number is not None
    assert page_number(wanted["next"], source) == number + 1
    made = urlsplit(page_url(listing, number + 1, source))
    assert made.path == urlsplit(wanted["next"]).path
    pager = source.pager
    assert pager
    if pager.page_path:  # then the number stands in the path
        return
    assert (
        dict(parse_qsl(made.query))[pager.parameter] == dict(parse_qsl(urlsplit(wanted["next"]).query))[pager.parameter]
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_page_of_a_foreign_kind_is_refused(sources: dict[str, Source], name: str) -> None:
    taken = [
        (other, file)
        for other, file in PAGES
        if other != name and (name, other) not in ALIKE
        for page in [parse(Capture(f"{about(name)['base_url']}/x", (HERE / other / file).read_bytes()), sources[name])]
        if not isinstance(page, Refused)
    ]
    assert taken == []


FACETS = {
    "atom": {
        "language": ["français", "allemand"],
        "contributor": ["Lacroix-Dubois, Ève, 1861-1934"],
        "subject": ["Enseignement » École laïque", "Séparation des Églises et de l’État"],
        "person": ["Jaurès, Jean (Sujet)"],
    },
    "atom-classic": {"subject": ["Handwerk", "Zünfte"]},
    "dspace": {
        "contributor": ["Conceição, João da", "Araújo, Inês"],
        "subject": ["República", "Câmaras municipais, Brasil"],
        "collection": ["Câmara Municipal"],
    },
    "arclight": {"language": ["Hungarian", "German"], "contributor": ["Kovács, Erzsébet"]},
    "uk-national-archives": {"contributor": ["Prime Minister’s Office", "Cabinet Office"]},
}
"""What the document pages of some platforms state that readers choose by."""


@pytest.mark.parametrize("name", FACETS)
def test_what_readers_choose_by_is_known_whatever_the_language(sources: dict[str, Source], name: str) -> None:
    page = read(sources[name], name, "document.html")
    assert isinstance(page, DocumentPage)
    found: dict[str, list[str]] = {}
    for facet, term in page.record.terms:
        found.setdefault(facet, []).append(term)
    assert {facet: found.get(facet) for facet in FACETS[name]} == FACETS[name]
