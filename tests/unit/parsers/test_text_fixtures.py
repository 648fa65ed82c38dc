"""Each folder under `fixtures/pages` is a page and what a careful reader finds in it. A new case is a new folder.

`expected.json` was written by reading the page, never by running the parser: `why` says what the case shows, `page`
names a page elsewhere in the project, the rest is what `harvester parse --json` prints of a page. `cut` and
`open_title` hold the positions of records of which the page may not show all.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest

from harvester.model import Capture, Listing, Record, Refused
from harvester.parsers.parse import parse
from harvester.spiders.wilson import WILSON
from tests.support.for_each import for_each
from tests.support.paths import FIXTURES, ROOT

CASES = sorted(path.parent.name for path in FIXTURES.glob("pages/*/expected.json"))

each_case = for_each("case", CASES)


@cache
def expected(case: str) -> Any:
    return json.loads((FIXTURES / "pages" / case / "expected.json").read_text("utf-8"))


@cache
def page_of(case: str) -> Listing | Refused:
    elsewhere = expected(case).get("page")
    path = ROOT / elsewhere if elsewhere else FIXTURES / "pages" / case / "page.txt"
    page = parse(Capture(path.as_uri(), path.read_bytes()), WILSON)
    assert isinstance(page, Listing | Refused)
    return page


def records_of(case: str) -> tuple[Record, ...]:
    page = page_of(case)
    return page.records if isinstance(page, Listing) else ()


def test_there_are_cases() -> None:
    assert len(CASES) > 80


@each_case
def test_it_is_taken_or_refused_with_the_reason(case: str) -> None:
    page = page_of(case)
    assert (page.code if isinstance(page, Refused) else None) == expected(case)["refused"]


@each_case
def test_form(case: str) -> None:
    assert page_of(case).form == expected(case)["form"]


@each_case
def test_range(case: str) -> None:
    page = page_of(case)
    stated = (page.first, page.last, page.declared_total) if isinstance(page, Listing) else (None, None, None)
    assert stated == tuple(expected(case)[name] for name in ("first", "last", "declared_total"))


@each_case
def test_heading(case: str) -> None:
    page = page_of(case)
    assert (page.heading if isinstance(page, Listing) else None) == expected(case)["heading"]


@each_case
@pytest.mark.parametrize("field", ["position", "title", "summary", "url"])
def test_each_record_has_its(case: str, field: str) -> None:
    assert [asdict(record)[field] for record in records_of(case)] == [one[field] for one in expected(case)["records"]]


@each_case
def test_each_record_has_its_date_as_printed(case: str) -> None:
    assert [record.date.text for record in records_of(case)] == [one["date_text"] for one in expected(case)["records"]]


@each_case
def test_each_record_has_its_date(case: str) -> None:
    assert [record.date.edtf for record in records_of(case)] == [one["date"] for one in expected(case)["records"]]


@each_case
@pytest.mark.parametrize("mark", ["cut", "open_title"])
def test_what_may_not_be_all_is_marked(case: str, mark: str) -> None:
    assert [record.position for record in records_of(case) if asdict(record)[mark]] == expected(case)[mark]


@each_case
def test_problems(case: str) -> None:
    page = page_of(case)
    problems = page.problems if isinstance(page, Listing) else ()
    found = [{name: asdict(problem)[name] for name in ("severity", "code", "position")} for problem in problems]
    assert found == expected(case)["problems"]
