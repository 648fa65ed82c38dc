"""`harvester history`: every change of a document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import db_option, json_option
from harvester.store.database import explained, open_to_read
from harvester.store.history import find_document, history_of

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("document")
@db_option
@json_option
def history(document: str, db: Path, as_json: bool) -> None:
    """Show every change of a DOCUMENT, given by its id, key, address or title.

    Example:
        harvester history "Cable, Liu Shaoqi to Mao Zedong"

    """
    with explained(db), open_to_read(db) as database:
        found = find_document(database, document)
        changes = history_of(database, found["id"])
    if as_json:
        click.echo(json.dumps({"document": found, "changes": changes}, ensure_ascii=False))
        return
    click.echo(f"{found['title']}\n  {found['key']}, {found['date_text'] or 'undated'}")
    for change in changes:
        click.echo(_told(change))


def _told(change: dict[str, Any]) -> str:
    observed = f", observed {change['observed_at']}" if change["observed_at"] else ""
    head = f"{change['learned_at']}  {change['kind']} (run {change['run_id']}{observed}, {change['uri'] or 'no page'})"
    if change["field"] is None:
        return head
    return f"{head}\n    {change['field']}\n    - {change['before'] or ''}\n    + {change['after'] or ''}"
