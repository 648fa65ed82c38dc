"""An address of the archive that is given to another document: readers find both, with their dates."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

from harvester.cli.serve import make_datasette
from harvester.store.database import open_to_read, open_to_write
from harvester.store.integrity.check import run_checks
from tests.support.vote_model import WHOLE, Stated, listing, own_page
from tests.unit.store.test_votes import harvest

if TYPE_CHECKING:
    from pathlib import Path

OLD = Stated("Letter to Mao", "May 1, 1950", "Of aid.", "110001", "80001", "letter")
NEW = Stated("Report on trade", "June 1951", "Of trade.", "110002", "80002", "letter")


def at(day: int) -> datetime:
    return datetime(2025, 3, day, 12, tzinfo=UTC)


@pytest.fixture
def harvested(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    open_to_write(path).close()
    first = [listing([OLD], WHOLE, at(1)), own_page(OLD, at(1))]
    harvest(path, [first, [listing([NEW], WHOLE, at(5)), own_page(NEW, at(5))]])
    return path


def shown(path: Path, address: str) -> tuple[BeautifulSoup, str]:
    async def request_page() -> str:
        datasette = make_datasette(path)
        await datasette.invoke_startup()
        answer = await datasette.client.get(address)
        assert answer.status_code == 200
        for database in datasette.databases.values():
            database.close()
        return str(answer.text)

    page = BeautifulSoup(asyncio.run(request_page()), "lxml")
    return page, " ".join(page.get_text().split())


def test_the_old_document_keeps_its_public_address_and_names_the_new_one(harvested: Path) -> None:
    with open_to_read(harvested) as db:
        keys = dict(db.execute("SELECT record_id, key FROM documents").fetchall())
    assert keys["110001"] == "letter"
    assert keys["110002"] != "letter"
    page, text = shown(harvested, "/document/letter")
    assert "Letter to Mao" in page.select_one("h1").get_text()  # type: ignore[union-attr]
    assert "The archive’s address “letter” led to this document until 2025-03-05." in text
    assert "Report on trade, June 1951, has it since 2025-03-05." in text
    assert page.select_one(f'.message-warning a[href$="/document/{keys["110002"]}"]')


def test_the_new_document_names_the_old_one(harvested: Path) -> None:
    with open_to_read(harvested) as db:
        ((key,),) = db.execute("SELECT key FROM documents WHERE record_id = '110002'").fetchall()
    _, text = shown(harvested, f"/document/{key}")
    assert "The archive’s address “letter” leads to this document since 2025-03-05." in text
    assert "Letter to Mao, May 1, 1950, had it until 2025-03-05." in text


def test_an_address_that_was_left_and_given_away_lists_both_with_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_to_write(path).close()
    moved = replace(OLD, slug="letter-to-mao")
    first = [listing([OLD], WHOLE, at(1)), own_page(OLD, at(1))]
    second = [listing([moved], WHOLE, at(3)), own_page(moved, at(3))]
    third = [listing([moved, NEW], WHOLE, at(5)), own_page(NEW, at(5))]
    harvest(path, [first, second, third])
    page, text = shown(path, "/document/letter")
    assert page.select_one('a[href$="/document/letter-to-mao"]')
    assert "Letter to Mao had it until 2025-03-05" in text
    assert "Report on trade has it since 2025-03-05" in text


def test_the_id_of_a_merged_document_is_not_given_to_the_next_that_has_its_address(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_to_write(path).close()
    moved = Stated("Letter to Mao, anew", "May 1, 1950", "Of aid.", "110001", "80001", "letter-anew")
    given = replace(NEW, slug="letter-anew")
    first = [listing([OLD], WHOLE, at(1)), own_page(OLD, at(1))]
    second = [listing([moved], WHOLE, at(3)), own_page(moved, at(3))]
    harvest(path, [first, second, [listing([given], WHOLE, at(5)), own_page(given, at(5))]])
    with open_to_read(path) as db:
        ((merged, before),) = db.execute("SELECT merged_from, before FROM changes WHERE kind = 'merged'").fetchall()
        ids = dict(db.execute("SELECT record_id, id FROM documents").fetchall())
        keys = dict(db.execute("SELECT record_id, key FROM documents").fetchall())
    assert before == "letter-anew" == keys["110001"]
    assert ids["110002"] not in (merged, ids["110001"])
    assert run_checks(path) == []


def test_a_document_that_was_merged_by_mistake_has_its_id_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_to_write(path).close()
    other = replace(NEW, slug="report")
    mixed_up = replace(OLD, slug="report")
    first = [listing([OLD, other], WHOLE, at(1)), own_page(OLD, at(1))]
    second = [own_page(mixed_up, at(2)), own_page(mixed_up, at(4))]
    harvest(path, [first])
    with open_to_read(path) as db:
        before = dict(db.execute("SELECT title, id FROM documents").fetchall())
    harvest(path, [second])
    with open_to_read(path) as db:
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    harvest(path, [[listing([OLD, other], WHOLE, at(6)), own_page(other, at(3))]])
    with open_to_read(path) as db:
        assert dict(db.execute("SELECT title, id FROM documents").fetchall()) == before
    assert run_checks(path) == []
