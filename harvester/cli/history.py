"""`harvester history`: every change of a document, and the document as it was."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import db_option, json_option
from harvester.errors import UsageError
from harvester.registry import load_sources
from harvester.store.database import open_to_read, translate_errors
from harvester.store.history import ALWAYS, fields_as_of, find_document, gone_at, history_of
from harvester.utils import utc_timestamp
from harvester.webarchive.options import read_span_end

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.store.history import DatedField


SHORT = 100
"""Values up to this length are shown whole, one below the other."""
LONG = 1000
"""Longer values are texts."""
AROUND = 8
"""Words shown on both sides of a difference."""


def difference(before: str, after: str) -> list[str]:
    """Return the lines of a difference, `- before` and `+ after`; of long values only the parts that differ."""
    if max(len(before), len(after)) <= SHORT or not before or not after:
        return [f"- {before}", f"+ {after}"]
    old_words, new_words = before.split(), after.split()
    lines: list[str] = []
    for group in difflib.SequenceMatcher(None, old_words, new_words, autojunk=False).get_grouped_opcodes(AROUND):
        start, end = group[0], group[-1]
        lines.append("- " + _excerpt(old_words, start[1], end[2]))
        lines.append("+ " + _excerpt(new_words, start[3], end[4]))
    return lines


def _excerpt(words: list[str], start: int, end: int) -> str:
    """Return some of the words, with an ellipsis for those left out."""
    return " ".join([*["…"][: start > 0], *words[start:end], *["…"][: end < len(words)]])


@click.command()
@click.argument("document")
@db_option
@click.option("--as-of", metavar="DATE", help="The document as the archive showed it then; `now` for the present.")
@click.option("--known", metavar="DATE", help="With --as-of: as far as this database knew it then.")
@json_option
def history(document: str, db: Path, as_of: str | None, known: str | None, as_json: bool) -> None:
    """Show every change of a DOCUMENT, given by its id, key, address or title.

    With --as-of: what each field and text said at the end of a date (2025, 2025-03-01) or at a time
    (2025-03-01T12:00:00Z), since when, on which page, and what was there before.

    Examples:
        harvester history "Cable, Liu Shaoqi to Mao Zedong"
        harvester history liu-shaoqi-mao --as-of 2015
        harvester history liu-shaoqi-mao --as-of 2024-12-31 --known 2025-06-30

    """
    with translate_errors(db), open_to_read(db) as database:
        document_row = find_document(database, document)
        if as_of or known:
            _show_past(database, document_row, _moment(as_of), _moment(known), as_json=as_json)
            return
        changes = history_of(database, document_row["id"])
    if as_json:
        click.echo(json.dumps({"document": document_row, "changes": changes}, ensure_ascii=False))
        return
    click.echo(f"{document_row['title']}\n  {document_row['key']}, {document_row['date_text'] or 'undated'}")
    for change in changes:
        click.echo(_format_change(change))


def _moment(text: str | None) -> str:
    """Return a timestamp for a date in EDTF, meaning its last second, or for a time; ALWAYS for none or `now`."""
    if text is None or text == "now":
        return ALWAYS
    try:
        moment = datetime.fromisoformat(text) if "T" in text else read_span_end(text, end=True)
    except (ValueError, UsageError) as error:
        raise UsageError(f"no date: {text}; write 2025, 2025-03, 2025-03-01, or 2025-03-01T12:00:00Z") from error
    return utc_timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _show_past(db: Database, document_row: dict[str, Any], observed: str, known: str, *, as_json: bool) -> None:
    fields = fields_as_of(db, document_row["id"], load_sources()[document_row["source"]], observed, known)
    gone = gone_at(db, document_row["id"], observed, known)
    if as_json:
        data = {"document": document_row["key"], "gone_at": gone, "fields": [asdict(fact) for fact in fields]}
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    if not fields:
        click.echo(f"{document_row['title']}\n  no page that was known then showed it by then")
    for fact in fields:
        click.echo(_format_fact(fact))
    if gone:
        click.echo(f"gone since {gone}")


def _format_fact(fact: DatedField) -> str:
    since = f"since {fact.since}" if fact.since else "since before any page that says when it was captured"
    before = f"; before: {_beginning(fact.before)}" if fact.before else ""
    return f"{fact.field}: {_beginning(fact.value)}\n    {since}, {fact.uri}{before}"


def _beginning(value: str) -> str:
    """Return a value, of a transcript or translation only its beginning."""
    if len(value) <= LONG:
        return value
    return f"{' '.join(value[:LONG].split()[:-1])} … ({len(value):,} characters, all of them with --json)"


def _format_change(change: dict[str, Any]) -> str:
    observed = f", observed {change['observed_at']}" if change["observed_at"] else ""
    head = f"{change['learned_at']}  {change['kind']} (run {change['run_id']}{observed}, {change['uri'] or 'no page'})"
    if change["field"] is None:
        return head
    if change["before"] is None and change["after"] is None:
        return f"{head}\n    {change['field']}: first read"  # a text, which `texts` holds
    lines = difference(change["before"] or "", change["after"] or "")
    return "\n    ".join([head, change["field"], *lines])
