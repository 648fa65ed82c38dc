"""Search where very many documents hold a word: what is found, what is said, and what is not promised."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harvester.cli.serve import publish
from harvester.db.room import finding
from harvester.db.room.asked import Asked
from harvester.db.room.querying import query
from tests.benchmarks.explore_corpus import make, word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harvester.db.room.asking import Read

DOCUMENTS = 600
OFTEN, SELDOM = word(1), word(700)
HELD = """
    SELECT rowid AS id FROM documents_fts WHERE documents_fts MATCH ?1
    UNION SELECT document_id FROM texts_fts JOIN texts ON texts.id = texts_fts.rowid WHERE texts_fts MATCH ?1"""

ENDLESS = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT count(*) AS number, min(i) AS first FROM n WHERE ?1 IS NOT NULL"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("found") / "many.db"
    make(path, DOCUMENTS)
    return path


@pytest.fixture
def read(database: Path) -> Iterator[Read]:
    with closing(sqlite3.connect(database)) as db:
        db.row_factory = sqlite3.Row
        yield lambda sql, *values: [dict(row) for row in db.execute(sql, values)]


def ids(rows: list[dict[str, Any]]) -> set[int]:
    return {row["id"] for row in rows}


@pytest.mark.parametrize("words", [OFTEN, SELDOM])
def test_below_the_limit_all_is_found_in_every_year(read: Read, words: str) -> None:
    found = finding.by_words(read, Asked(words))
    held = ids(read(HELD, words))
    assert set(found.ids) == held
    assert len(found.ids) == len(held) > 0
    assert not found.more
    years = read(f"SELECT year, count(*) AS n FROM documents WHERE id IN ({HELD}) GROUP BY year", words)
    assert found.years == {row["year"]: row["n"] for row in years}


def test_years_narrow_down_and_those_beside_are_counted_still(read: Read) -> None:
    anyway = finding.by_words(read, Asked(OFTEN))
    within = finding.by_words(read, Asked(OFTEN, 1955, 1959))
    in_years = ids(read("SELECT id FROM documents WHERE year BETWEEN 1955 AND 1959"))
    assert within.ids == [one for one in anyway.ids if one in in_years]
    assert within.years == anyway.years
    assert 0 < len(within.ids) < len(anyway.ids)


def test_above_the_limit_the_newest_are_looked_at_and_it_says_so(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST", 50)
    found = finding.by_words(read, Asked(OFTEN))
    assert found.more
    assert len(found.ids) == 50
    assert set(found.ids) < ids(read(HELD, OFTEN))
    assert min(found.ids) > DOCUMENTS / 2
    rare = finding.by_words(read, Asked(SELDOM))
    assert not rare.more
    assert set(rare.ids) == ids(read(HELD, SELDOM))


@pytest.mark.parametrize("few", [finding.FEW, 1])
def test_words_in_titles_come_first_however_many_are_found(
    read: Read, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    found = finding.by_words(read, Asked(OFTEN)).ids
    entitled = ids(read("SELECT rowid AS id FROM documents_fts WHERE documents_fts MATCH ?", f"title : {OFTEN}"))
    # By weight, a summary full of the word may come before a long title; by place none does.
    first = found[: len(entitled)]
    assert len(entitled) > 20
    assert set(first) == entitled if few == 1 else len(set(first) & entitled) > 0.9 * len(entitled)


def test_a_filter_alone_is_counted_in_every_year(read: Read) -> None:
    question = Asked(year_from=1950, year_to=1950, chosen=(("kind", "Letter"),))
    found = finding.by_filters(read, question)
    assert set(found.ids) == ids(read("SELECT id FROM documents WHERE kind = 'Letter' AND year = 1950"))
    years = read("SELECT year, count(*) AS n FROM documents WHERE kind = 'Letter' GROUP BY year")
    assert found.years == {row["year"]: row["n"] for row in years}


def test_an_export_finds_all_whatever_the_limit(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST", 50)
    question = Asked(OFTEN, 1955, 1959)
    sql, values = query(question)
    held = ids(read(HELD, OFTEN)) & ids(read("SELECT id FROM documents WHERE year BETWEEN 1955 AND 1959"))
    assert ids(read(sql, *values)) == held
    assert ids(read(*_by_date(question))) == held


def _by_date(question: Asked) -> tuple[Any, ...]:
    sql, values = query(replace(question, order="date"))
    return sql, *values


def test_a_question_that_takes_too_long_is_answered_with_help(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasette = publish(database, {"sql_time_limit_ms": 300})
    # The question goes on for ever: however quick or busy the machine, SQLite has to be stopped.
    monkeypatch.setattr(sys.modules["harvest_configuration.room.finding"], "HELD", ENDLESS)

    async def ask(path: str) -> Any:
        await datasette.invoke_startup()
        return await datasette.client.get(path)

    page = asyncio.run(ask(f"/search?q={OFTEN}"))
    assert page.status_code == 200
    assert "given up" in page.text
    assert "Nothing was found" not in page.text
    data = asyncio.run(ask(f"/search.json?q={OFTEN}"))
    assert data.status_code == 503
    assert "rarer word" in data.json()["error"]
