"""Dates of numbers only (`3/4/1950`): read in the order that the archive's definition states, else as either of two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from harvester.model import Capture, DocumentPage, Listing
from harvester.parsers.parse import parse
from harvester.registry import load_sources
from harvester.source import RANGE, Addresses, DateOrder, DocumentForm, Form, HtmlListing, Source
from harvester.store.integrity.derived import find_differing
from harvester.store.run import Run
from tests.support.harvesting import documents, fresh

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOST = "https://ledgers.example"
LEDGERS = Source(
    name="ledgers",
    title="Archive of Ledgers",
    hosts=("ledgers.example",),
    addresses=Addresses(("/item/",), r"item/(?P<slug>[\w-]+)"),
    forms=(
        DocumentForm("item", marks=(b"ledger-item",), fields="dl"),
        HtmlListing("list", range_line=RANGE, ends_at="Next page"),
        Form("text", ("Archive of Ledgers",), RANGE, ends_at="Next page"),
    ),
)
PRINTED = ("3/4/1950", "25.12.1950", "3.4.1950 - 5.4.1950", "before 3/4/1950", "circa 3/4/1950")
EITHER = ("[1950-03-04,1950-04-03]", "1950-12-25", None, None, "[1950-03-04~,1950-04-03~]")
READ: dict[DateOrder, tuple[str, ...]] = {
    "day-month": ("1950-04-03", "1950-12-25", "1950-04-03/1950-04-05", "../1950-04-02", "1950-04-03~"),
    "month-day": ("1950-03-04", "1950-12-25", "1950-03-04/1950-05-04", "../1950-03-03", "1950-03-04~"),
}
ORDERS = [(None, EITHER), *READ.items()]


def html() -> Capture:
    rows = "".join(
        f'<li><span>{date}</span> <a href="/item/{n}">Ledger {n}</a><p>Of the port.</p></li>'
        for n, date in enumerate(PRINTED)
    )
    body = f"<html><body><main><p>1 - 5 of 5</p><ul>{rows}</ul><p>Next page</p></main></body></html>"
    return Capture(f"{HOST}/list", body.encode(), media_type="text/html")


def text() -> Capture:
    records = "\n\n".join(f"{date}\n\nLedger {n}\n\nOf the port." for n, date in enumerate(PRINTED))
    return Capture("file:///list.txt", f"Archive of Ledgers\n\n1 - 5 of 5\n\n{records}\n\nNext page\n".encode())


def item(date: str) -> Capture:
    body = f'<html><body class="ledger-item"><h1>Ledger 0</h1><dl><dt>Date</dt><dd>{date}</dd></dl></body></html>'
    return Capture(f"{HOST}/item/0", body.encode(), media_type="text/html")


def take(folder: Path, source: Source, captures: Iterable[Capture]) -> list[dict[str, object]]:
    db = fresh(folder)
    run = Run(db, "test")
    for capture in captures:
        run.add_page(capture, parse(capture, source), source)
    run.finish(run.verdict)
    assert list(find_differing(db)) == []
    return documents(db)


@pytest.mark.parametrize("capture", [html(), text()], ids=["html", "text"])
@pytest.mark.parametrize(("order", "expected"), ORDERS)
def test_a_listing_is_read_in_the_order_that_the_source_states(
    capture: Capture, order: DateOrder | None, expected: tuple[str | None, ...]
) -> None:
    page = parse(capture, replace(LEDGERS, date_order=order))
    assert isinstance(page, Listing)
    assert [record.date.text for record in page.records] == list(PRINTED)
    assert [record.date.edtf for record in page.records] == list(expected)
    warned = [problem.position for problem in page.problems if problem.code == "no-such-date"]
    assert warned == [at for at, edtf in enumerate(expected, 1) if edtf is None]


@pytest.mark.parametrize(("order", "expected"), ORDERS)
def test_a_documents_page_is_read_in_that_order(order: DateOrder | None, expected: tuple[str | None, ...]) -> None:
    page = parse(item(PRINTED[0]), replace(LEDGERS, date_order=order))
    assert isinstance(page, DocumentPage)
    assert page.record.date.edtf == expected[0]


@pytest.mark.parametrize("capture", [html(), text()], ids=["html", "text"])
@pytest.mark.parametrize(("order", "expected"), ORDERS)
def test_the_database_holds_what_the_page_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capture: Capture,
    order: DateOrder | None,
    expected: tuple[str | None, ...],
) -> None:
    source = replace(LEDGERS, date_order=order)
    monkeypatch.setitem(load_sources(), source.name, source)
    rows = sorted(take(tmp_path, source, [capture]), key=lambda row: str(row["title"]))
    assert [row["date_text"] for row in rows] == list(PRINTED)
    assert [row["date"] for row in rows] == list(expected)


@pytest.mark.parametrize(("order", "changed"), [("day-month", 0), ("month-day", 1), (None, 1)])
def test_the_same_day_printed_in_words_is_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: DateOrder | None, changed: int
) -> None:
    source = replace(LEDGERS, date_order=order)
    monkeypatch.setitem(load_sources(), source.name, source)
    db = fresh(tmp_path)
    for day, printed in enumerate(("3/4/1950", "3 April 1950"), 1):
        run = Run(db, "test")
        capture = replace(item(printed), captured_at=datetime(2026, 1, day, tzinfo=UTC))
        run.add_page(capture, parse(capture, source), source)
        run.finish(run.verdict)
    found = db.execute("SELECT count(*) FROM changes WHERE kind = 'changed' AND field = 'date'").fetchone()[0]
    assert found == changed
