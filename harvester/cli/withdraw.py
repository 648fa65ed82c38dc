"""`harvester withdraw`: hides a document for good, for rights or privacy, and undoes that."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING

import click

from harvester.cli.commands import db_option
from harvester.errors import UsageError
from harvester.store.capture_files import files_showing
from harvester.store.database import open_to_mend, open_to_read, transaction, translate_errors
from harvester.store.history import find_document
from harvester.store.keys import value_of
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.release import find_namesakes, release_namesake, undecided_records
from harvester.store.withdrawal.restore import present_withdrawals
from harvester.store.withdrawal.restore import undo_withdrawal as restore_document
from harvester.store.withdrawal.secret import hasher_of
from harvester.store.withdrawal.withdraw import withdraw as withdraw_document

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
@click.option(
    "--not", "namesake", metavar="KEY", help="Show a record that only has the title and date of a withdrawn one."
)
@click.option("--list", "as_list", is_flag=True, help="Show what is withdrawn, and what is withheld because it may be.")
def withdraw(
    document: str | None, db: Path, reason: str | None, undo: bool, namesake: str | None, as_list: bool
) -> None:
    """Hide a DOCUMENT, given by its id, key, address or title, from everything that is served or exported.

    Later harvests keep it hidden. What was known of it is kept in a file beside the database that is never served, so
    that it can be undone. Saved pages, captures and earlier backups still hold it: see docs/withdrawal.md.

    Examples:
        harvester withdraw 17 --reason "asked for by the author's heirs"
        harvester withdraw 17 --undo
        harvester withdraw --list
        harvester withdraw --not telegram-to-moscow

    """
    if as_list:
        _show(db)
    elif namesake is not None:
        _release(db, namesake)
    elif document is None:
        raise UsageError("no document named: give its id, key, address or title, or --list")
    elif undo:
        _undo(db, document)
    else:
        _withdraw(db, document, reason)


def _withdraw(db: Path, name: str, reason: str | None) -> None:
    with translate_errors(db), open_to_mend(db) as database:
        row = find_document(database, name)
        files = files_showing(database, row["id"])
        withdraw_document(database, db, row, _user_and_host(), reason)
    click.echo(f"document {row['id']} is withdrawn: {row['title']}")
    if files:
        more = f" and {len(files) - FILES_SHOWN} more" if len(files) > FILES_SHOWN else ""
        click.echo(f"These files still hold it: {', '.join(files[:FILES_SHOWN])}{more}")
    click.echo(f"To undo it: harvester withdraw {row['id']} --undo")


def _undo(db: Path, name: str) -> None:
    with translate_errors(db), open_to_mend(db) as database:
        found = [item for item in _withdrawn(database, db) if name in (str(item.document_id), item.key, item.title)]
        if not found:
            raise UsageError(f"no document “{name}” is withdrawn: see `harvester withdraw --list`")
        if len(found) > 1:
            raise UsageError(f"{len(found)} withdrawn documents have the title “{name}”: name one by its id")
        restore_document(database, db, found[0], _user_and_host())
    click.echo(f"document {found[0].document_id} is shown again: {found[0].title}")
    click.echo("What pages said of it meanwhile comes with the next harvest of them.")


def _withdrawn(database: Database, db: Path) -> list[Withdrawal]:
    """Return the withdrawals; print a warning if the file that holds their rows is lost."""
    found, lost = present_withdrawals(database, db)
    if lost:
        click.echo(str(vault.missing_error(db, lost)), err=True)
    return found


def _release(db: Path, name: str) -> None:
    """Release a withheld record, or a document that was withdrawn because it seemed to be the same."""
    with translate_errors(db), open_to_mend(db) as database:
        found = [
            item
            for item in find_namesakes(database, db)
            if name in (item.key, value_of(item.key), item.uri, item.title)
        ]
        if not found:
            raise UsageError(f"nothing is withheld as “{name}”: see `harvester withdraw --list`")
        if len(found) > 1:
            keys = ", ".join(value_of(item.key) for item in found)
            raise UsageError(f"{len(found)} records are withheld as “{name}”: name one by its key ({keys})")
        (item,) = found
        with transaction(database):
            release_namesake(database, db, hasher_of(database), item.document_id, [item.key], item.uri)
    click.echo(
        f"{value_of(item.key)} is no longer withheld: {item.title}. It comes with the next harvest of its pages."
    )


def _show(db: Path) -> None:
    with translate_errors(db), open_to_read(db) as database:
        found = _withdrawn(database, db)
        held = undecided_records(database, db)
    for item in found:
        click.echo(
            f"{item.document_id}  {item.withdrawn_at}  {item.by}: {item.reason or 'no reason given'}  {item.title}"
        )
    for record in held:
        click.echo(f"withheld until its page is read: {value_of(record.key)}  {record.title}")
    if not found:
        click.echo("nothing is withdrawn")


def _user_and_host() -> str:
    return f"{getpass.getuser()} on {socket.gethostname()}"
