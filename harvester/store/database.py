"""Opens the database, migrates its schema, and translates SQLite's errors into one line."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from harvester.db.migrations import SET_NAME, migrations, names
from harvester.db.pages.folding import register as register_fold
from harvester.errors import DatabaseError
from harvester.store import digests
from harvester.store.user_objects import schema_difference

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS = 30.0
"""How long to wait for another writer. A page takes milliseconds, so longer means that a process holds the lock."""
PAGE_CACHE_KIB = 16 * 1024
"""With the default 2 MB, loading slows down beyond 100,000 documents; with 64 MB it is no faster than with this."""
CHECKPOINT_PAGES = 16_000
"""Pages of 4 KB in the write-ahead log before a checkpoint (64 MB): random keys touch the same pages again."""
STATEMENTS = 512
"""SQL statements that stay compiled: those of a harvest are more than Python's 128, and compiling costs as much."""


def open_to_write(path: Path, wait: float = BUSY_SECONDS) -> Database:
    """Open or create the database at `path` and migrate it. A file that cannot be used is not changed."""
    _check_file(path)
    with translate_errors(path), ExitStack() as failed:
        connection = sqlite3.connect(path, timeout=wait, isolation_level=None, cached_statements=STATEMENTS)
        failed.callback(connection.close)
        connection.execute(f"PRAGMA busy_timeout = {int(wait * 1000)}")
        register_fold(connection)
        db = Database(connection)
        pending = _pending_migrations(db, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KIB}")
        # Each statement that meets a trigger keeps the pages before it: in a file that costs as much as the statement.
        connection.execute("PRAGMA temp_store = MEMORY")
        if pending:
            with transaction(db):  # what another process has applied meanwhile is not applied again
                migrations().apply(db)
        digests.register_crc32(connection)
        digests.start_counting(db)
        failed.pop_all()
    return db


def open_to_mend(path: Path) -> Database:
    """Open an existing database to write. A misspelt path must not become an empty database."""
    _check_exists(path)
    return open_to_write(path)


def _check_exists(path: Path) -> None:
    """Raise `DatabaseError` if there is no file at `path`."""
    if not path.is_file():
        raise DatabaseError(f"no database at {path}: make one with `harvester harvest TARGET --db {path}`")


def open_to_read(path: Path) -> Database:
    """Open an existing database read-only; it is never migrated."""
    _check_exists(path)
    _check_file(path)
    with translate_errors(path), ExitStack() as failed:
        connection = sqlite3.connect(read_only_uri(path), uri=True, timeout=BUSY_SECONDS)
        failed.callback(connection.close)
        register_fold(connection)
        digests.register_crc32(connection)
        db = Database(connection)
        pending = _pending_migrations(db, path)
        if not db.table_names():  # another process may be about to make them
            raise DatabaseError(f"{path} is still empty: harvest something with `harvester harvest TARGET --db {path}`")
        if pending:
            raise DatabaseError(f"{path} is of an older version: run `harvester harvest` on it once to bring it up")
        failed.pop_all()
    return db


def read_only_uri(path: Path) -> str:
    """Return the address by which SQLite opens a database to read.

    In a folder that cannot be written SQLite cannot make the file that readers of a write-ahead log share. Where no log
    lies there either, nobody is writing, and the file is opened as one that does not change.
    """
    file = path.resolve()
    closed = not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists()
    return f"{file.as_uri()}?{'immutable=1' if closed else 'mode=ro'}"


def check_shareable(path: Path) -> None:
    """Raise `DatabaseError` if a server cannot show the database while others write, because of its folder."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        raise DatabaseError(
            f"{path} lies in a folder that cannot be written, so SQLite cannot share it: serve a copy, which "
            "`harvester backup` makes, or publish it"
        ) from error


def fold_log(db: Database) -> None:
    """Write the write-ahead log into the database's file and delete it, so that no other file is left beside it."""
    db.execute("PRAGMA journal_mode = DELETE")


def skip_syncing(db: Database) -> None:
    """Write faster, and without protection against a power cut."""
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA journal_mode = MEMORY")


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when another connection has written to the database."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise DatabaseError(f"{path} is a folder: name a file with --db")
    if not path.parent.is_dir():
        raise DatabaseError(f"no folder {path.parent}: make it, or name another file with --db")
    if not path.exists():
        return
    # It is not opened: whoever closes a file gives up all locks that his process has on it, those of SQLite, too.
    if not os.access(path, os.R_OK):
        raise DatabaseError(f"cannot read {path} (Permission denied): check its permissions")
    if path.stat().st_size == 1:  # SQLite takes it for empty
        raise DatabaseError(_no_database(path))


def _pending_migrations(db: Database, path: Path) -> set[str]:
    """Return the names of the migrations that the database has not had.

    Raise `DatabaseError` for a database of a newer version, or one whose tables of these names are not ours.
    """
    known, applied = set(names()), {migration.name for migration in migrations().applied(db)}
    newer = applied - known
    if newer:
        raise DatabaseError(
            f"{path} was made by another version (it has {min(newer)}) and was left as it is: use that version, or "
            "harvest its saved pages and captures into a new file with --db"
        )
    tables = set(db.table_names())
    if "_sqlite_migrations" not in tables and "documents" in tables:
        raise DatabaseError(f"{path} holds other tables of the same names ({SET_NAME} did not make them): use --db")
    other = schema_difference(db) if applied == known else None
    if other:
        raise DatabaseError(
            f"{path} was made by an earlier version of the harvester ({other}) and was left as it is: harvest its "
            "saved pages and captures into a new file with --db"
        )
    return known - applied


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Run a block as one transaction with the write lock from its start, so that it cannot fail for want of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        counting = digests.begin_counting(db)
        yield
        if counting:
            digests.count_new_rows(db)
    except BaseException:
        db.rollback()
        raise
    db.commit()


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Translate SQLite's errors on the database at `path` into a `DatabaseError` that says what to do next."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise DatabaseError(_error_message(path, str(error))) from error
    except json.JSONDecodeError as error:
        raise DatabaseError(_bad_row_message(path, str(error))) from error
    except sqlite3.IntegrityError as error:
        raise DatabaseError(
            f"{path}: an index, a trigger or a table of your own does not allow this ({error}): nothing was written; "
            "change it, then run this again"
        ) from error
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise DatabaseError(_no_database(path)) from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise DatabaseError(f"{path} is damaged ({error}): restore a backup, or name another file") from error
        raise DatabaseError(f"{path}: {error}") from error


def _no_database(path: Path) -> str:
    return f"{path} is no SQLite database and was left as it is: name another file with --db"


def _error_message(path: Path, error: str) -> str:
    if "locked" in error or "busy" in error:
        holders = ", ".join(_processes_with_file(path)) or "another process"
        return f"{path} is locked by {holders}: let it finish or end it, then run this again"
    if "readonly" in error or "unable to open" in error:
        return f"cannot write {path} ({error}): check the permissions of the file and of its folder"
    if "full" in error or "I/O" in error:
        return f"cannot write {path} ({error}): free some disk space, then run this again; what was read is kept"
    if "malformed JSON" in error:
        return _bad_row_message(path, error)
    return f"{path}: {error}"


def _bad_row_message(path: Path, error: str) -> str:
    where = f"`harvester check --db {path}` says which, and what mends it"
    return f"{path} holds a row that cannot be understood ({error}): {where}"


def _processes_with_file(path: Path) -> Iterator[str]:
    """Yield the processes that have the file open, where the system shows them (Linux)."""
    target = path.resolve()
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(os.getpid()) and _has_open(process, target):
            yield f"process {process.name} ({_name(process)})"


def _has_open(process: Path, target: Path) -> bool:
    try:
        return any(link.resolve() == target for link in (process / "fd").iterdir())
    except OSError:
        return False  # another user's process, or one that has just ended: it has no readable name


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "ended"
