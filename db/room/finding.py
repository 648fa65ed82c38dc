"""Finds the documents that answer a question, in order, and counts them by year.

However many documents hold a word, the newest `MOST` are looked at, before any filter; the page says so. Below that,
all is exact. A limit on time instead would answer the same question now so, now otherwise; and among the oldest, what
is new would never be found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from .asking import attempt, kept, reading
from .querying import TABLES, query, years_query

if TYPE_CHECKING:
    from datasette.app import Datasette

    from .asked import Asked
    from .asking import Read

MOST = 20_000
FEW = 5_000
"""Where no more hold the words, all are ranked: looking at each costs, and so does knowing how rare each word is."""
# What the index alone can tell takes no time: how many hold the words, and which is the oldest of those looked at.
HELD = """
    SELECT count(*) AS number, min(id) AS first
    FROM (SELECT rowid AS id FROM {0}_fts WHERE {0}_fts MATCH ? ORDER BY rowid DESC LIMIT {1})"""


class Found(NamedTuple):
    """What answers a question, in order; whether there is more that was not looked at; and how many by year.

    The years are all years, so that those beside the chosen ones are seen, too; None where counting took too long.
    """

    ids: list[int]
    more: bool
    years: dict[int, int] | None


async def find(datasette: Datasette, database: str, asked: Asked) -> Found:
    """Find the documents that answer a question."""
    look = by_words if asked.words.groups else by_filters

    async def read_all() -> Found:
        return await reading(datasette, database, lambda read: look(read, asked))

    return await kept(datasette, database, ("found", *asked.what, asked.sorted_by), read_all)


def by_filters(read: Read, asked: Asked) -> Found:
    """Find by filters alone."""
    sql, values = query(asked, most=MOST + 1)
    ids = [row["id"] for row in read(sql, *values)]
    sql, values = years_query(_in_any_year(asked))
    years = attempt(read, sql, *values)
    return Found(
        ids[:MOST], len(ids) > MOST, None if years is None else {row["year"]: row["documents"] for row in years}
    )


def by_words(read: Read, asked: Asked) -> Found:
    """Find by words in any year: so one search serves the years beside the chosen ones, too."""
    together = [_held(read, table, asked.words.match) for table in TABLES]
    each = max(_held(read, table, word)[0] for word in asked.words.wanted for table in TABLES)
    few = each < MOST and max(number for number, _ in together) < FEW
    first = {table: at for table, (number, at) in zip(TABLES, together, strict=True) if number == MOST}
    sql, values = query(_in_any_year(asked), most=MOST, weighed=few, first=first)
    found = read(sql, *values)
    ids = [row["id"] for row in found if asked.is_within(row["year"])]
    years = Counter(row["year"] for row in found if row["year"] is not None)
    return Found(ids[:MOST], len(ids) > MOST or each == MOST, dict(sorted(years.items())))


def _held(read: Read, table: str, match: str) -> tuple[int, int]:
    """Count what holds words, as far as is looked, and say where that begins."""
    (row,) = read(HELD.format(table, MOST), match)
    return row["number"], row["first"]


def _in_any_year(asked: Asked) -> Asked:
    return replace(asked, year_from=None, year_to=None)
