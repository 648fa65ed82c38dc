"""Turns filters into conditions of SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .asked import TERMS, UNSTATED

if TYPE_CHECKING:
    from .asked import Asked


@dataclass
class Sql:
    """A query in the making, with its values in the order of their marks."""

    values: list[Any]

    def mark(self, value: object) -> str:
        """Keep a value, and give the mark that stands for it, however often it is used."""
        if value not in self.values:
            self.values.append(value)
        return f"?{self.values.index(value) + 1}"


def conditions(asked: Asked, sql: Sql, *, alone: bool) -> list[str]:
    """Give the filters as conditions on `d`, a document. Alone they lead to documents; else each is looked up."""
    found = []
    # A year is how its days begin; so the index by kind and date serves years, too.
    if asked.year_from is not None:
        found.append(f"d.date_from >= {sql.mark(f'{asked.year_from:04}')}")
    if asked.year_to is not None:
        found.append(f"d.date_from < {sql.mark(f'{asked.year_to + 1:04}')}")
    kinds = asked.of("kind")
    if kinds:
        stated = ", ".join(sql.mark(kind) for kind in kinds if kind != UNSTATED)
        found.append(f"(d.kind IN ({stated}) OR d.kind IS NULL)" if UNSTATED in kinds else f"d.kind IN ({stated})")
    found += [_filed(facet, term, sql, alone=alone) for facet in TERMS for term in asked.of(facet)]
    found += [_listed(listing, sql) for listing in asked.of("listing")]
    found += ["d.gone_at IS NOT NULL" if value == "yes" else "d.gone_at IS NULL" for value in asked.of("gone")]
    return found


def _filed(facet: str, term: str, sql: Sql, *, alone: bool) -> str:
    """Ask for a term. By itself it leads to the documents; otherwise each document found is looked up."""
    where = f"facet = {sql.mark(facet)} AND term = {sql.mark(term)}"
    if alone:
        return f"d.id IN (SELECT document_id FROM document_terms WHERE {where})"
    return f"EXISTS (SELECT 1 FROM document_terms WHERE document_id = d.id AND {where})"


def _listed(listing: str, sql: Sql) -> str:
    return f"""d.id IN (SELECT sightings.document_id FROM captures JOIN sightings ON sightings.capture_id = captures.id
        WHERE captures.listing_id = {sql.mark(int(listing))})"""
