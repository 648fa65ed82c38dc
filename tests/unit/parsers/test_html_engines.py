"""Made-up pages through both engines: the same to the letter, what was rendered, and the same documents as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harvester.cli import run as run_command
from harvester.model import Capture, DocumentPage, Listing
from harvester.parsers.parse import parse
from harvester.store.database import open_to_read
from tests.support.archive_pages import Item, document_page, listing_page, make_items
from tests.support.harvesting import SOURCE, documents, fresh, harvest_pages
from tests.support.trials import trials

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


SEARCH = "https://digitalarchive.wilsoncenter.org/search?page=0"
FEW = settings(max_examples=trials(6, 15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(
    st.characters(categories=("L", "N", "P", "S"), include_characters=" \u00a0"), min_size=1, max_size=40
).filter(lambda text: text.strip() and not text.strip().isdigit())


def line(text: str) -> str:
    return " ".join(filter(None, text.split(" "))).strip()


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    return [
        Item(
            number,
            slug=f"item-{number}",
            title=draw(WORDS),
            date=draw(st.sampled_from(["July 9, 1956", "March 1960", "1979", None])),
            summary=tuple(draw(st.lists(WORDS, max_size=2))),
            language=draw(st.sampled_from(["Russian", None])),
            location=draw(WORDS),
            people=tuple(draw(st.lists(WORDS.map(line), max_size=2, unique=True))),
            translation=tuple(draw(st.lists(WORDS, max_size=3))),
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def titled(title: str) -> list[Item]:
    return [Item(0, "item-0", title, "July 9, 1956", ())]


@pytest.mark.slow
@FEW
@given(items(), st.integers(1, 900), st.sampled_from(["table", "rows"]))
@example(titled("M"), 1, "table")  # links in the footer begin so, too
def test_listings(made: list[Item], first: int, shape: str) -> None:
    body = listing_page(made, first, first + len(made) + 3, shape=shape, page_size=len(made))
    fast, reference = (parse(Capture(SEARCH, body), SOURCE, engine) for engine in ("fast", "reference"))
    assert fast == reference
    assert isinstance(fast, Listing)
    assert [(r.slug, r.title, r.date.text, r.summary) for r in fast.records] == [
        (item.slug, line(item.title), item.date, "\n\n".join(map(line, item.summary)) or None) for item in made
    ]
    assert fast.problems == ()


@pytest.mark.slow
@FEW
@given(items())
def test_documents(made: list[Item]) -> None:
    for item in made:
        capture = Capture(item.url, document_page(item))
        fast, reference = (parse(capture, SOURCE, engine) for engine in ("fast", "reference"))
        assert fast == reference
        assert isinstance(fast, DocumentPage)
        assert (fast.record.title, fast.record.archive_location) == (line(item.title), line(item.location or ""))
        assert [text.text for text in fast.texts if text.kind == "translation"] == (
            ["\n\n".join(map(line, item.translation))] if item.translation else []
        )


def test_pages_of_real_size() -> None:
    made = make_items(10, seed=5)
    for engine in ("auto", "fast", "reference"):
        page = parse(Capture(SEARCH, listing_page(made, 711, 1250)), SOURCE, engine)
        assert isinstance(page, Listing)
        assert [record.slug for record in page.records] == [item.slug for item in made]
        assert page.problems == ()


def test_the_token_of_a_request_changes_nothing() -> None:
    item = make_items(1)[0]
    one, other = document_page(item), document_page(item)
    assert one != other
    assert parse(Capture(item.url, one), SOURCE) == parse(Capture(item.url, other), SOURCE)


def as_text(made: Sequence[Item], first: int, total: int) -> bytes:
    """Render a listing as an extractor saves it (form A)."""
    blocks = ["Skip to content", "Results:", f"{first} - {first + len(made) - 1} of {total}", "Documents"]
    for item in made:
        blocks += [*([item.date] if item.date else []), item.title, *item.summary]
    return ("\n\n".join([*blocks, "Pagination"]) + "\n").encode()


def dated(count: int) -> list[Item]:
    return [item for item in make_items(3 * count, seed=2) if item.date and item.summary][:count]


def test_text_and_html_of_a_listing_are_the_same_documents(tmp_path: Path) -> None:
    made = dated(10)
    text = Capture("file:///saved.txt", as_text(made, 1, 30))
    html = Capture(SEARCH, listing_page(made, 1, 30))
    without = ("key", "url", "slug")
    found = []
    for captures in ([text], [html], [text, html], [html, text]):
        db = fresh(tmp_path)
        harvest_pages(db, [(capture, parse(capture, SOURCE)) for capture in captures])
        rows = [{name: row[name] for name in row if name not in without} for row in documents(db)]
        found.append(sorted(rows, key=lambda row: str(row["title"])))
        db.close()
    assert len(found[0]) == 10
    assert found[0] == found[1] == found[2] == found[3]


def test_a_listing_and_the_pages_of_its_documents_meet(tmp_path: Path) -> None:
    made = make_items(10, seed=6)
    captures = [Capture(SEARCH, listing_page(made, 1, 10)), *(Capture(item.url, document_page(item)) for item in made)]
    db = fresh(tmp_path)
    harvest_pages(db, [(capture, parse(capture, SOURCE)) for capture in captures])
    rows = documents(db)
    assert {row["slug"]: (row["record_id"], row["node_id"], row["archive_location"]) for row in rows} == {
        item.slug: (item.record_id, item.node_id, item.location) for item in made
    }
    assert db.execute("SELECT count(*) FROM texts").fetchone()[0] == 20
    db.close()


def test_the_engine_is_chosen_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "cut.html"
    page.write_bytes(listing_page(make_items(10), 1, 10).split(b"Minutes")[0][:-400])
    outcome = {}
    for engine in ("auto", "fast", "reference"):
        run_command(["parse", "--json", "--engine", engine, str(page)])
        outcome[engine] = capsys.readouterr().out.count("reference-reading")
    assert outcome == {"auto": 1, "fast": 0, "reference": 0}


def test_a_run_counts_the_pages_that_the_reference_engine_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = listing_page(make_items(10), 1, 20)
    (tmp_path / "whole.html").write_bytes(whole)
    (tmp_path / "cut.html").write_bytes(whole.split(b"Minutes")[0][:-400])
    run_command(["harvest", str(tmp_path), "--db", str(tmp_path / "x.db")])
    assert "1 page read by the reference engine" in capsys.readouterr().out
    with open_to_read(tmp_path / "x.db") as db:
        assert db.execute("SELECT pages, reference_readings FROM runs").fetchall() == [(2, 1)]
