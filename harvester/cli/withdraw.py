"""`harvester withdraw`: hides a document for good, for rights or privacy, and shows it again."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING

import click

from harvester.cli.commands import db_option
from harvester.errors import UsageError
from harvester.store.database import explained, open_to_read, open_to_write
from harvester.store.history import find_document
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.restore import undo as show_again
from harvester.store.withdrawal.restore import withdrawn_now
from harvester.store.withdrawal.withdraw import withdraw as hide

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.store.withdrawal.vault import Withdrawal

FILES_SHOWN = 5


@click.command()
@click.argument("document", required=False)
@db_option
@click.option("--reason", metavar="TEXT", help="Why; kept where only you can read it.")
@click.option("--undo", is_flag=True, help="Show the DOCUMENT again.")
@click.option("--list", "as_list", is_flag=True, help="Show what is withdrawn.")
def withdraw(document: str | None, db: Path, reason: str | None, undo: bool, as_list: bool) -> None:
    """Hide a DOCUMENT, given by its id, key, address or title, from everything that is served or exported.

    Later harvests keep it hidden. What was known of it is kept in a file beside the database that is never served, so
    that it can be undone. Saved pages, captures and earlier backups still hold it: docs/truth.md says what to do.

    Examples:
        harvester withdraw 17 --reason "asked for by the author's heirs"
        harvester withdraw 17 --undo

    """
    if as_list:
        _show(db)
    elif document is None:
        raise UsageError("no document named: give its id, key, address or title, or --list")
    elif undo:
        _undo(db, document)
    else:
        _withdraw(db, document, reason)


def _withdraw(db: Path, name: str, reason: str | None) -> None:
    with explained(db), open_to_write(db) as database:
        row = find_document(database, name)
        files = _files(database, row["id"])
        hide(database, db, row, _me(), reason)
    click.echo(f"document {row['id']} is withdrawn: {row['title']}")
    if files:
        more = f" and {len(files) - FILES_SHOWN} more" if len(files) > FILES_SHOWN else ""
        click.echo(f"These files still hold it: {', '.join(files[:FILES_SHOWN])}{more}")
    click.echo(f"To undo it: harvester withdraw {row['id']} --undo")


def _files(db: Database, document: int) -> list[str]:
    """Name the saved pages and web archives in which the document stands."""
    sql = """SELECT DISTINCT file FROM captures WHERE file IS NOT NULL AND (
        id IN (SELECT capture_id FROM statements WHERE document_id = ?1)
        OR id IN (SELECT capture_id FROM sightings WHERE document_id = ?1)) ORDER BY file"""
    return [row[0] for row in db.execute(sql, [document])]


def _undo(db: Path, name: str) -> None:
    with explained(db), open_to_write(db) as database:
        found = [one for one in _withdrawn(database, db) if name in (str(one.document_id), one.key, one.title)]
        if not found:
            raise UsageError(f"no document “{name}” is withdrawn: see `harvester withdraw --list`")
        if len(found) > 1:
            raise UsageError(f"{len(found)} withdrawn documents have the title “{name}”: name one by its id")
        show_again(database, db, found[0], _me())
    click.echo(f"document {found[0].document_id} is shown again: {found[0].title}")
    click.echo("What pages said of it meanwhile comes with the next harvest of them.")


def _withdrawn(database: Database, db: Path) -> list[Withdrawal]:
    """Give what is withdrawn; say where the file is lost that keeps it."""
    found, lost = withdrawn_now(database, db)
    if lost:
        click.echo(f"{vault.vault_of(db)} is missing or lacks the documents {lost}: get it from a backup", err=True)
    return found


def _show(db: Path) -> None:
    with explained(db), open_to_read(db) as database:
        found = _withdrawn(database, db)
    for one in found:
        click.echo(f"{one.document_id}  {one.withdrawn_at}  {one.by}: {one.reason or 'no reason given'}  {one.title}")
    if not found:
        click.echo("nothing is withdrawn")


def _me() -> str:
    return f"{getpass.getuser()} on {socket.gethostname()}"
