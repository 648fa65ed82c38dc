"""What Datasette is told about the database is true of the real one, and complete."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sqlite_utils import Database

from harvester.db.migrations import migrations
from harvester.db.pages import coverage, front_page
from tests.support.for_each import for_each
from tests.support.publishing import CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA: dict[str, Any] = yaml.safe_load((CONFIGURATION / "metadata.yaml").read_text("ascii"))
TABLES: dict[str, dict[str, Any]] = METADATA["databases"]["harvest"]["tables"]
INTERNAL = {
    "statements",
    "unconfirmed_changes",
    "site_changes",
    "attachments",
    "documents_unindexed",
    "document_words",
    "walk_pages",
    "listing_members",
    "fill_rates",
    "source_locks",
    "containers_read",
    "withdrawn_keys",
    "digests",
    "_sqlite_migrations",
}
FACETS = [(table, facet) for table, about in TABLES.items() for facet in about.get("facets", [])]
COUNTED = ("documents", "years", "kinds")


def real() -> Database:
    db = Database(memory=True)
    migrations().apply(db)
    return db


@pytest.fixture(scope="module")
def db() -> Iterator[Database]:
    database = real()
    yield database
    database.close()


def columns_of(db: Database, table: str) -> list[str]:
    return [row[0] for row in db.execute("SELECT name FROM pragma_table_xinfo(?)", [table])]


def plan_of(db: Database, sql: str) -> str:
    return "\n".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}"))


def test_every_table_and_view_is_described_or_internal(db: Database) -> None:
    there = {name for name in db.table_names() + db.view_names() if "_fts" not in name}
    assert set(TABLES) == there


def test_only_internals_are_hidden() -> None:
    assert {name for name, about in TABLES.items() if about.get("hidden")} == INTERNAL


@for_each("table", sorted(set(TABLES) - INTERNAL))
def test_every_column_is_described_and_no_other(db: Database, table: str) -> None:
    described = TABLES[table]["columns"]
    assert list(described) == columns_of(db, table)
    assert all(re.fullmatch(r"[A-Z].{4,}\.", text) for text in described.values()), described


@for_each("table", sorted(set(TABLES) - INTERNAL))
def test_every_table_says_what_it_is(table: str) -> None:
    assert TABLES[table]["title"]
    assert TABLES[table]["description"]


@for_each("table", sorted(set(TABLES) - INTERNAL))
def test_what_is_shown_first_exists(db: Database, table: str) -> None:
    about = TABLES[table]
    reading = about.get("reading", {})
    named = [*reading.get("columns", []), *about.get("facets", [])]
    named += [
        reading.get("under"),
        reading.get("key"),
        about.get("sort"),
        about.get("sort_desc"),
        about.get("label_column"),
    ]
    assert {name for name in named if name} <= set(columns_of(db, table))
    assert reading.get("link") in (None, *reading.get("columns", []))


def test_every_foreign_key_leads_to_a_table_with_a_label(db: Database) -> None:
    tables = [table for table in db.tables if table.name in set(TABLES) - INTERNAL]
    targets = {key.other_table for table in tables for key in table.foreign_keys} - INTERNAL
    labels = {name: TABLES[name].get("label_column") for name in targets}
    assert labels == {"documents": "title", "listings": "name", "captures": "uri", "runs": "started_at"}


def test_documents_come_by_date_with_years_and_kinds() -> None:
    # Newest first, so that undated ones come last: SQLite sorts empty values first.
    assert TABLES["documents"]["sort_desc"] == "date_from"
    assert set(TABLES["documents"]["facets"]) == {"year", "kind"}


@for_each("table, facet", FACETS)
def test_every_facet_is_counted_from_an_index(db: Database, table: str, facet: str) -> None:
    # As Datasette asks; without an index a facet silently disappears from large tables.
    sql = f'SELECT "{facet}", count(*) FROM (SELECT * FROM "{table}") WHERE "{facet}" IS NOT NULL GROUP BY "{facet}"'
    assert re.search(r"USING (COVERING INDEX|PRIMARY KEY)", plan_of(db, sql)), plan_of(db, sql)


@for_each("table", [name for name, about in TABLES.items() if about.get("sort_desc") == "date_from"])
def test_the_order_comes_from_an_index(db: Database, table: str) -> None:
    assert "TEMP B-TREE" not in plan_of(db, f"SELECT * FROM {table} ORDER BY date_from DESC LIMIT 101")


@for_each("question", COUNTED)
def test_the_front_page_counts_documents_from_indexes(db: Database, question: str) -> None:
    steps = [line for line in plan_of(db, front_page.QUERIES[question]).splitlines() if "documents" in line]
    assert steps
    assert [line for line in steps if "INDEX" not in line] == []


@for_each(
    "pages, stretches",
    [
        ([], []),
        ([(711, 720)], [(711, 720)]),
        ([(1, 10), (11, 20), (31, 40)], [(1, 20), (31, 40)]),
        ([(1, 10), (5, 12), (6, 8)], [(1, 12)]),
    ],
)
def test_pages_join_to_stretches(pages: list[tuple[int, int]], stretches: list[tuple[int, int]]) -> None:
    assert coverage.join(pages) == stretches


def test_no_facet_is_suggested() -> None:
    assert json.loads((CONFIGURATION / "settings.json").read_text("ascii"))["suggest_facets"] is False


@for_each("path", sorted(CONFIGURATION.glob("plugins/*.py")))
def test_plugins_are_plain_ascii(path: Any) -> None:
    # Datasette opens them in the machine's own encoding.
    assert path.read_bytes().isascii()


@for_each("path", sorted(CONFIGURATION.rglob("*.*")))
def test_nothing_is_loaded_from_elsewhere(path: Any) -> None:
    if path.suffix in {".html", ".css", ".js"}:
        text = path.read_text("utf-8")
        assert (
            re.findall(
                r"""(?:src|href)=["'](?:https?:)?//(?!datasette\.io/["'])|url\(|@import|<script>|\son\w+=""", text
            )
            == []
        )
