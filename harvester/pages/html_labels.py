"""Labelled values, as metadata blocks and listings print them: a label, then its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harvester.pages.html_text import Part

FACETS = frozenset({"language", "subject", "person", "place", "contributor", "collection", "donor"})
JOINT = "; "
"""Stands between several values of a field that has one."""


def label_of(text: str) -> str:
    """Give a label as it is compared."""
    return text.strip().rstrip(":").strip().casefold()


def labelled_parts(parts: Sequence[Part], fields: Mapping[str, str]) -> tuple[dict[str, Any], list[Part]]:
    """Take the labelled values out of the parts of a record; a label that ends in a colon ends the value before."""
    values: list[tuple[str, list[str]]] = []
    rest: list[Part] = []
    for part in parts:
        text = " ".join(part)
        if text.endswith(":") or label_of(text) in fields:
            values.append((label_of(text), []))
        elif values:
            values[-1][1].append(text)
        else:
            rest.append(part)
    return stated_fields(values, fields), rest


def stated_fields(values: Iterable[tuple[str, Sequence[str]]], fields: Mapping[str, str]) -> dict[str, Any]:
    """Give the fields of a record that labelled values state; facets become its terms."""
    stated: dict[str, Any] = {}
    terms: dict[tuple[str, str], None] = {}
    for label, texts in values:
        field = fields.get(label)
        if field in FACETS:
            terms |= {(str(field), text): None for text in texts}
        elif field and texts:
            stated.setdefault(field, JOINT.join(dict.fromkeys(texts)))
    return stated | ({"terms": tuple(terms)} if terms else {})
