"""Counts search results by year, kind, party, term and listing. All counts are exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .folding import fold
from .labels import FACETS
from .search_request import UNSTATED, SearchRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .search import SearchResult

COUNTED = tuple(facet for facet in FACETS if facet != "in")
"""The facets that are counted in each database."""
SHOWN = 12
"""Values of a facet shown beside the results; the others are on a page of their own."""
LABELS = {"kind": {UNSTATED: "not stated"}, "gone": {"yes": "No longer in the archive", "no": "Still in the archive"}}


def count(searched: Mapping[str, SearchResult], question: SearchRequest) -> dict[str, Any]:
    """Return the most frequent values of each facet with their counts, the years with theirs, and how many there are.

    `values` says how many values of each facet occur, so that a page can lead on to those that it does not show. Of
    several databases `in` counts each; the numbers of listings are each database's own.
    """
    found = list(searched.values())
    every = {facet: values(found, facet, question) for facet in COUNTED}
    counts: dict[str, Any] = {facet: _shown(rows) for facet, rows in every.items()}
    if len(found) > 1:
        counts |= {
            "listing": [],
            "in": [{"value": name, "count": len(result.ids)} for name, result in searched.items()],
        }
    return {"year": years(found), **counts, "values": {facet: len(rows) for facet, rows in every.items()}}


def years(found: Sequence[SearchResult]) -> list[dict[str, Any]]:
    """Return the counts by year, ignoring the filter by year itself."""
    counted: dict[int, int] = {}
    for result in found:
        held = result.without("year")
        for year, documents in result.facets.years.items():
            if number := documents.intersection_cardinality(held):
                counted[year] = counted.get(year, 0) + number
    return [{"value": year, "count": number} for year, number in sorted(counted.items())]


def values(found: Sequence[SearchResult], facet: str, question: SearchRequest) -> list[dict[str, Any]]:
    """Return all values of a facet that occur, chosen ones first, then by how often: `value`, `label`, `count`."""
    counted: dict[str, int] = {}
    labels: dict[str, str] = dict(LABELS.get(facet, {}))
    for result in found:
        held = result.without(facet)
        if facet == "listing":
            labels |= result.facets.labels
        for value, documents in result.facets.values.get(facet, {}).items():
            if number := documents.intersection_cardinality(held):
                counted[value] = counted.get(value, 0) + number
    chosen = question.of(facet)
    for value in chosen:
        counted.setdefault(value, 0)
    rows = [
        {"value": value, "label": labels.get(value, value), "count": number, "chosen": value in chosen}
        for value, number in counted.items()
    ]
    return sorted(rows, key=lambda row: (not row["chosen"], -row["count"], row["label"]))


def by_name(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return values sorted by label, ignoring accents and case."""
    return sorted(rows, key=lambda row: ((fold(row["label"]) or "").casefold(), row["label"]))


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the chosen values and the most frequent others."""
    chosen = [row for row in rows if row["chosen"]]
    return chosen + [row for row in rows if not row["chosen"]][:SHOWN]
