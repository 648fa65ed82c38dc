"""Counts what was found by year, kind, term, listing: the filters that lead on."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from .asked import TERMS, UNSTATED, Asked
from .asking import attempt, kept, numbers, reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasette.app import Datasette

    from .asking import Read, Rows
    from .finding import Found

FILED = ("term", "listing")
"""Of these a document has many, and counting goes on only for so long; the page says how far it came."""
CHUNK = 250
PATIENCE = 0.04
MOST_VALUES = 12
ALL = {
    "kind": "SELECT kind AS value, count(*) AS count FROM documents GROUP BY kind ORDER BY 2 DESC, 1",
    "term": """SELECT facet, term AS value, count(*) AS count FROM document_terms
        WHERE facet IN ('language', 'person', 'place', 'subject') GROUP BY facet, term ORDER BY 3 DESC, 2""",
    "listing": """SELECT listing_id AS value, listings.name AS label, count(DISTINCT document_id) AS count
        FROM listings JOIN captures ON captures.listing_id = listings.id
        JOIN sightings ON sightings.capture_id = captures.id
        WHERE document_id IS NOT NULL GROUP BY 1 ORDER BY 3 DESC, 2""",
    "gone": "SELECT 'yes' AS value, count(*) AS count FROM documents WHERE gone_at IS NOT NULL HAVING count(*) > 0",
}
FOUND = {
    "kind": """SELECT kind AS value, count(*) AS count FROM json_each(?) AS found
        CROSS JOIN documents AS d INDEXED BY documents_facts ON d.id = found.value GROUP BY 1 ORDER BY 2 DESC, 1""",
    "term": """SELECT facet, term AS value, count(*) AS count FROM json_each(?) AS found
        CROSS JOIN document_terms AS t ON t.document_id = found.value
        WHERE facet IN ('language', 'person', 'place', 'subject') GROUP BY facet, term ORDER BY 3 DESC, 2""",
    "listing": """SELECT listing_id AS value, listings.name AS label, count(DISTINCT document_id) AS count
        FROM json_each(?) AS found CROSS JOIN sightings ON sightings.document_id = found.value
        CROSS JOIN captures ON captures.id = sightings.capture_id CROSS JOIN listings ON listings.id = listing_id
        GROUP BY 1 ORDER BY 3 DESC, 2""",
    # Gone documents are few: looked for from their side.
    "gone": """SELECT 'yes' AS value, count(*) AS count FROM documents INDEXED BY documents_gone
        WHERE gone_at IS NOT NULL AND id IN (SELECT value FROM json_each(?)) HAVING count(*) > 0""",
}


async def count(datasette: Datasette, database: str, asked: Asked, found: Found) -> dict[str, Any]:
    """Give the counts of each facet, by year, and of how many documents those were made that take long."""

    async def read_all() -> dict[str, tuple[Rows | None, int]]:
        return await reading(
            datasette, database, lambda read: {name: _count(read, name, asked, found.ids) for name in FOUND}
        )

    made = await kept(datasette, database, ("counts", *asked.what), read_all)
    counted = {name: rows for name, (rows, _) in made.items()}
    terms = counted.pop("term") or []
    counted |= {facet: [row for row in terms if row["facet"] == facet] for facet in TERMS}
    filed = min(made[name][1] for name in FILED)
    years = [{"value": year, "count": number} for year, number in (found.years or {}).items()]
    return {"year": years, "filed": filed} | {name: _values(rows, name, asked) for name, rows in counted.items()}


def _count(read: Read, name: str, asked: Asked, found: Sequence[int]) -> tuple[Rows | None, int]:
    """Count one facet, and say of how many documents; None where it took too long."""
    if asked == Asked(order=asked.order, page=asked.page):
        return attempt(read, ALL[name]), len(found)
    if name in FILED:
        return _count_some(read, FOUND[name], found)
    return attempt(read, FOUND[name], numbers(found)), len(found)


def _count_some(read: Read, sql: str, found: Sequence[int]) -> tuple[Rows | None, int]:
    """Count by and by, the best documents first, until it has taken too long."""
    counts: Counter[tuple[Any, ...]] = Counter()
    names: tuple[str, ...] = ()
    until, done = time.monotonic() + PATIENCE, 0
    while done < len(found) and (not done or time.monotonic() < until):
        for row in attempt(read, sql, numbers(found[done : done + CHUNK])) or []:
            number = row.pop("count")
            names = tuple(row)
            counts[tuple(row.values())] += number
        done += CHUNK
    rows = [{**dict(zip(names, key, strict=True)), "count": number} for key, number in counts.most_common()]
    return rows, min(done, len(found))


def _values(rows: Rows | None, facet: str, asked: Asked) -> Rows:
    """Give a facet's values with what each leads to; those chosen first, even where nothing has them."""
    chosen = asked.of(facet)
    named = [{**row, "value": UNSTATED if row["value"] is None else str(row["value"])} for row in rows or []]
    known = {row["value"]: row for row in named}
    first = [known.get(value, {"value": value, "count": 0}) for value in chosen]
    rest = [row for row in named if row["value"] not in chosen][:MOST_VALUES]
    return [{"label": _label(facet, row), **row, "chosen": row["value"] in chosen} for row in first + rest]


def _label(facet: str, row: dict[str, Any]) -> str:
    if facet == "gone":
        return "gone from the archive" if row["value"] == "yes" else "still there"
    return "not stated" if row["value"] == UNSTATED else row["value"]
