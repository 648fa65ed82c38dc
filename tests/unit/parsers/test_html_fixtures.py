"""Each folder under `fixtures/html` is a page and what a careful reader finds in it. A new case is a new folder.

`expected.json` was written by reading the page, never by running the parser. What it does not say of a record is
not on the page. `problems` are the codes that both engines give, `auto_problems` those of the usual reading.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from harvester.model import Capture, DocumentPage, Listing, Page, Record, Refused
from harvester.parsers.html.forms import ENGINES, EngineChoice
from harvester.parsers.parse import parse
from harvester.registry import load_sources
from tests.support.for_each import for_each
from tests.support.paths import FIXTURES

HERE = FIXTURES / "html"
CASES = sorted(path.parent.name for path in HERE.glob("*/expected.json"))
SOURCES = load_sources()
FIELDS = (
    *("position", "title", "date_text", "date", "summary", "url", "slug", "record_id", "node_id", "archive"),
    *("archive_location", "classification", "rights", "kind", "uploaded", "credit", "terms", "cut"),
)
ABSENT: dict[str, Any] = {"terms": [], "cut": False}


@cache
def expected(case: str) -> Any:
    return json.loads((HERE / case / "expected.json").read_text("utf-8"))


@cache
def page_of(case: str, engine: EngineChoice = "auto") -> Page:
    stated = expected(case)
    body = (HERE / case / "page.html").read_bytes()
    capture = Capture(stated["uri"], body, http_status=stated.get("http_status"))
    return parse(capture, SOURCES[stated.get("source", "wilson")], engine)


def records_of(page: Page) -> tuple[Record, ...]:
    if isinstance(page, Refused):
        return ()
    return page.records if isinstance(page, Listing) else (page.record,)


def shown(record: Record, field: str) -> Any:
    if field == "date_text":
        return record.date.text
    if field == "date":
        return record.date.edtf
    return [list(term) for term in record.terms] if field == "terms" else getattr(record, field)


each_case = for_each("case", CASES)


@each_case
@for_each("field", FIELDS)
def test_field(case: str, field: str) -> None:
    found = [shown(record, field) for record in records_of(page_of(case))]
    assert found == [record.get(field, ABSENT.get(field)) for record in expected(case).get("records", [])]


@each_case
def test_what_the_page_is(case: str) -> None:
    page, stated = page_of(case), expected(case)
    assert (page.code if isinstance(page, Refused) else None) == stated.get("refused")
    if not isinstance(page, Refused):
        assert page.form == stated["form"]
    if isinstance(page, Listing):
        assert (page.first, page.last, page.declared_total) == (
            stated.get("first"),
            stated.get("last"),
            stated.get("declared_total"),
        )
        assert page.heading == stated.get("heading")


@each_case
def test_texts_and_files(case: str) -> None:
    page, stated = page_of(case), expected(case)
    if isinstance(page, DocumentPage):
        assert [[text.kind, text.language, text.text] for text in page.texts] == stated["texts"]
        assert [file.url for file in page.files] == stated["files"]


@each_case
@for_each("engine", ENGINES)
def test_problems(case: str, engine: EngineChoice) -> None:
    page, stated = page_of(case, engine), expected(case)
    codes = [] if isinstance(page, Refused) else [problem.code for problem in page.problems]
    outcome = stated.get("problems", [])
    assert codes == (stated.get("auto_problems", outcome) if engine == "auto" else outcome)


@each_case
def test_both_engines_read_the_same(case: str) -> None:
    assert page_of(case, "fast") == page_of(case, "reference")
