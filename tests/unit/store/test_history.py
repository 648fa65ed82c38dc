"""What a document was: since when, from which page, and what was there before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from harvester.cli import run
from harvester.cli.history import difference
from harvester.cli.serve import make_datasette
from harvester.store.database import open_to_write
from harvester.store.run import Run
from tests.support.harvesting import SOURCE
from tests.unit.store.test_identity import page, record

if TYPE_CHECKING:
    from pathlib import Path

    from datasette.app import Datasette

PAGE = "https://digitalarchive.wilsoncenter.org/x"
FIRST = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Harvest what the page of a listing said on three days, the second day's last."""
    file = tmp_path / "a.db"
    with open_to_write(file) as db:
        for captured, learned, title, date in (
            (0, 0, "Cable", "May 1, 1950"),
            (20, 30, "Cable, corrected", "May 1, 1950"),
            (10, 40, "Cable", "May 2, 1950"),
        ):
            with time_machine.travel(FIRST + timedelta(days=learned), tick=False):
                _harvest(Run(db, "test"), captured, record(title, date, slug="cable"))
    return file


def _harvest(one: Run, captured: int, stated: Any) -> None:
    capture, listing = page("x", stated, form="F", at=FIRST + timedelta(days=captured))
    one.add_page(capture, listing, SOURCE)
    one.finish(one.verdict)


def requested(path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(["history", "cable", "--db", str(path), *arguments]) == 0
    return capsys.readouterr().out


def fields(path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, tuple[str, str, str | None]]:
    outcome = json.loads(requested(path, capsys, *arguments, "--json"))
    return {one["field"]: (one["value"], one["since"], one["before"]) for one in outcome["fields"]}


def test_each_field_says_since_when_and_what_was_before(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = fields(path, capsys, "--as-of", "now")
    assert outcome["title"] == ("Cable, corrected", "2025-03-21T12:00:00Z", "Cable")
    assert outcome["date"] == ("1950-05-01", "2025-03-21T12:00:00Z", "1950-05-02")


def test_the_archive_as_it_was_on_a_day(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = fields(path, capsys, "--as-of", "2025-03-15")
    assert outcome["title"] == ("Cable", "2025-03-01T12:00:00Z", None)
    assert outcome["date"] == ("1950-05-02", "2025-03-11T12:00:00Z", "1950-05-01")
    assert fields(path, capsys, "--as-of", "2025-02") == {}
    # A month and a year mean their last second.
    assert fields(path, capsys, "--as-of", "2025-03") == fields(path, capsys, "--as-of", "2025")
    assert fields(path, capsys, "--as-of", "2025")["title"][0] == "Cable, corrected"


def test_as_far_as_was_known_then(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = fields(path, capsys, "--as-of", "2025-03-15", "--known", "2025-04-02")
    assert outcome["date"] == ("1950-05-01", "2025-03-01T12:00:00Z", None)
    assert fields(path, capsys, "--known", "2025-03-05")["title"] == ("Cable", "2025-03-01T12:00:00Z", None)


def test_the_page_is_named(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stated = requested(path, capsys, "--as-of", "now")
    assert f"title: Cable, corrected\n    since 2025-03-21T12:00:00Z, {PAGE}; before: Cable" in stated


def test_changes_are_told_with_their_run_and_page(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stated = requested(path, capsys)
    assert f"2025-03-31T12:00:00Z  changed (run 2, observed 2025-03-21T12:00:00Z, {PAGE})" in stated
    assert "    title\n    - Cable\n    + Cable, corrected" in stated
    assert stated.count("changed") == 1, "what was learned late changes nothing of what is held"


@pytest.mark.parametrize("wrong", ["2025-3", "yesterday", "2025-13-01", "2025-03-01T25:00:00Z"])
def test_what_is_no_date_is_said_so(path: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    assert run(["history", "cable", "--db", str(path), "--as-of", wrong]) == 2
    assert "write 2025, 2025-03, 2025-03-01, or 2025-03-01T12:00:00Z" in capsys.readouterr().err


async def _rows(datasette: Datasette, query: str, date: str) -> list[dict[str, Any]]:
    answer = await datasette.client.get(
        f"/a/{query}.json", params={"document": "cable", "date": date, "_shape": "array"}
    )
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


def test_canned_queries_answer_the_same(path: Path) -> None:
    import asyncio

    async def request_page() -> tuple[list[dict[str, Any]], ...]:
        datasette = make_datasette(path)
        await datasette.invoke_startup()
        return (
            await _rows(datasette, "as_known", "2025-03-05"),
            await _rows(datasette, "as_known", "2025-05-01"),
            await _rows(datasette, "as_known", "2025-02-01"),
            await _rows(datasette, "as_observed", "2025-03-15"),
        )

    early, late, before, observed = asyncio.run(request_page())
    assert {row["field"]: row["value"] for row in early}["title"] == "Cable"
    assert {row["field"]: row["value"] for row in late}["title"] == "Cable, corrected"
    assert before == []
    assert {row["field"]: (row["value"], row["page"]) for row in observed}["date_text"] == ("May 2, 1950", PAGE)


def test_long_texts_show_where_they_differ() -> None:
    words = [f"w{n}" for n in range(60)]
    other = [*words[:30], "NEW", *words[30:]]
    assert difference(" ".join(words), " ".join(other)) == [
        "- … w22 w23 w24 w25 w26 w27 w28 w29 w30 w31 w32 w33 w34 w35 w36 w37 …",
        "+ … w22 w23 w24 w25 w26 w27 w28 w29 NEW w30 w31 w32 w33 w34 w35 w36 w37 …",
    ]
