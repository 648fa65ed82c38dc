"""Statements: what each voice (a form at a host) says of an item, and the document that they make together.

A document is a function of its statements alone, so the order in which pages arrive cannot matter. Of each voice
the newest statement counts. Between voices the richer form is believed (the order of `Source.forms`), then the
archive's own host before its aliases: two voices that disagree never flap. A cut-off record fills gaps only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, Any

from harvester.pages.dates import read_date
from harvester.pages.titles import LOOKED_AT, TitleParts, read_title
from harvester.store.keys import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.pages.page import Record
    from harvester.source import Source

DESCRIBED = (
    "title",
    "summary",
    "kind",
    "archive",
    "archive_location",
    "classification",
    "rights",
    "uploaded",
    "credit",
)
STATED = (*DESCRIBED, "date_text", "url", "slug", "record_id", "node_id")
"""The fields that a statement holds, besides `terms` (by facet) and `attached` (a hash of texts and files)."""
FACETS = ("language", "subject", "person", "place", "contributor", "collection", "donor")
KEYS = ("url", "slug", "record_id", "node_id")
"""Those of them by which the archive itself knows an item."""


@dataclass(frozen=True)
class Statement:
    """What one voice said of one item."""

    form: str
    host: str
    observed_at: str | None
    cut: bool
    hash: str
    content: str

    @property
    def voice(self) -> tuple[str, str, bool]:
        """Who says it."""
        return self.form, self.host, self.cut

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The stated fields; what was not stated is absent."""
        return json.loads(self.content)  # type: ignore[no-any-return]


def content_of(record: Record, attached: str | None) -> str:
    """Give what a record says as JSON; `attached` is a hash of what else its page holds."""
    values = {name: value for name in _SAID if (value := getattr(record, name))}
    values |= {"date_text": record.date.text} if record.date.text else {}
    values |= {"terms": _by_facet(record)} if record.terms else {}
    return json.dumps(values | ({"attached": attached} if attached else {}), ensure_ascii=False)


_SAID = tuple(name for name in STATED if name != "date_text")


def _by_facet(record: Record) -> dict[str, list[str]]:
    facets = sorted({facet for facet, _ in record.terms})
    return {facet: sorted({plain(term) for name, term in record.terms if name == facet}) for facet in facets}


def merge(statements: Sequence[Statement], source: Source) -> dict[str, Any]:
    """Make a document's content of its statements: one value a field, None where no voice states it."""
    newest, older = _by_voice(statements, source)
    now, before = _together(newest), _together(older)
    content = {name: now.get(name) for name in STATED}
    # A key once stated stays true: a page that does not show it takes nothing away.
    content |= {name: content[name] or before.get(name) for name in KEYS}
    return _with_derived(content)


def merge_terms(statements: Sequence[Statement], source: Source) -> dict[str, list[str]]:
    """Give a document's terms by facet: of each facet those of the first voice that states any."""
    stated = _together([fields.get("terms", {}) for fields in _by_voice(statements, source)[0]])
    return {facet: stated.get(facet, []) for facet in FACETS}


def _together(stated: list[dict[str, Any]]) -> dict[str, Any]:
    """Give of each field what the first says that says anything of it."""
    together: dict[str, Any] = {}
    for fields in reversed(stated):
        together |= fields
    return together


def _by_voice(statements: Sequence[Statement], source: Source) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Part what each voice says now from what it said before, each in the order in which voices are believed."""
    if len(statements) == 1:  # as of most documents, and of each when it is new
        return [statements[0].fields], []
    forms = [form.name for form in source.forms]
    ordered = sorted(
        statements, key=lambda s: (s.cut, _place(s.form, forms), _place(s.host, source.hosts), s.host, s.hash)
    )
    latest: dict[tuple[str, str, bool], str] = {}
    for s in ordered:
        latest[s.voice] = max(latest.get(s.voice, ""), s.observed_at or "")
    now = [(s.observed_at or "") == latest[s.voice] for s in ordered]
    return [s.fields for s in compress(ordered, now)], [s.fields for s in compress(ordered, map(not_, now))]


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _with_derived(content: dict[str, Any]) -> dict[str, Any]:
    date = read_date(content["date_text"])
    title = _parts(content["title"][:LOOKED_AT])  # what it says goes before what the archive calls the item
    return content | {
        "date": date.edtf,
        "date_from": date.first_day,
        "date_to": date.last_day,
        "date_precision": date.precision,
        "year": date.year,
        "kind": title.kind or _parts((content["kind"] or "")[:LOOKED_AT]).kind,
        "sender": title.sender,
        "recipient": title.recipient,
    }


@lru_cache(maxsize=32768)  # a listing and a document page, or many sightings, give the same title again
def _parts(title: str) -> TitleParts:
    return read_title(title)
