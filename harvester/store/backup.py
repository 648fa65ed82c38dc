"""Copies the database while it is in use: the copy is consistent, checked, and moved into place only when complete."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.errors import DatabaseError, UsageError
from harvester.store.database import BUSY_SECONDS, read_only_uri, translate_errors
from harvester.store.withdrawal.secret import secret_file
from harvester.store.withdrawal.vault import vault_of
from harvester.utils import fsync_path

if TYPE_CHECKING:
    from collections.abc import Iterator

SQLITE_SUFFIXES = ("-wal", "-journal")
"""Suffixes of files beside a database that hold a part of it: beside another database they would damage it."""


def back_up(path: Path, target: Path, *, replace: bool = False) -> int:
    """Copy the database at `path` to `target`; return the size of the copy in bytes.

    A database of an older version is copied without migration: users want a backup before they upgrade. The vault of
    withdrawn documents and the secret of their hashes are copied to files of their own.
    """
    check_target(path, target, replace=replace)
    if vault_of(path).exists():
        check_target(vault_of(path), vault_of(target), replace=replace)
    if secret_file(path).exists():
        check_target(secret_file(path), secret_file(target), replace=replace)
        _copy_secret(secret_file(path), secret_file(target))
    _copy_into_place(path, target, replace=replace)
    if vault_of(path).exists():  # last: it keeps more than the copy needs rather than less
        _copy_into_place(vault_of(path), vault_of(target), replace=replace)
    return target.stat().st_size


def _copy_secret(path: Path, target: Path) -> None:
    """Copy the secret. It is copied first, because a copy of the database is useless without it."""
    with os.fdopen(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as stream:
        stream.write(path.read_bytes())
    fsync_path(target)


def check_target(path: Path, target: Path, *, replace: bool) -> None:
    """Raise `UsageError` or `DatabaseError` if a copy would overwrite anything else, before any work is done."""
    if not path.is_file():
        raise DatabaseError(f"no database at {path}: name one with --db")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise UsageError(f"{target} is no file that can be written: name a file in a folder that is there")
    if target.exists() and target.samefile(path):
        raise UsageError(f"{target} is the database itself: name another file")
    if target.exists() and not replace:
        raise UsageError(f"{target} is there and was left as it is: name a new file, or replace it with --force")
    for ending in SQLITE_SUFFIXES:
        if Path(f"{target}{ending}").exists():
            raise UsageError(f"{target}{ending} belongs to a database in use, or one that broke off: name a new file")


def _copy_into_place(path: Path, target: Path, *, replace: bool) -> None:
    with temporary_sibling(target) as part:
        part.chmod(path.stat().st_mode | stat.S_IWUSR)  # users who may not read the database must not read the copy
        copy_into(path, part)
        _check_copy(path, part)
        fsync_path(part)
        check_target(path, target, replace=replace)
        _move_into_place(part, target, replace=replace)
    fsync_path(target.absolute().parent)


@contextmanager
def temporary_sibling(target: Path) -> Iterator[Path]:
    """Yield the empty, locked temporary file that is written first. What a killed backup has left is overwritten."""
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)  # files that SQLite may have left beside it are removed by SQLite
            try:
                yield part
            finally:
                part.unlink(missing_ok=True)
    except BlockingIOError as error:
        raise DatabaseError(f"another process is writing {part}: let it finish") from error
    except OSError as error:
        raise DatabaseError(
            f"cannot write {target} ({error.strerror}): check its folder, and the space there"
        ) from error


def copy_into(path: Path, part: Path) -> None:
    """Copy a database in one step: a copy in several steps restarts whenever a harvest writes in between.

    Whoever keeps the copy calls `fsync_path`: most copies are temporary, and syncing takes most of the time.
    """
    with (
        translate_errors(path),
        closing(sqlite3.connect(read_only_uri(path), uri=True, timeout=BUSY_SECONDS)) as source,
    ):
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with translate_errors(part), closing(sqlite3.connect(part)) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            source.backup(copy)
            # One file, which can be read on read-only media; the harvester sets its own mode again.
            copy.execute("PRAGMA journal_mode = DELETE")


def _check_copy(path: Path, part: Path) -> None:
    with translate_errors(part), closing(sqlite3.connect(part)) as copy:
        result = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if result != "ok":
        raise DatabaseError(f"{path} is damaged ({result}) and no copy was kept: see `harvester check --db {path}`")


def _move_into_place(part: Path, target: Path, *, replace: bool) -> None:
    """Move the copy into place. Unless `replace` is set, a file that has appeared there meanwhile is kept."""
    if replace:
        part.replace(target)
        return
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise UsageError(f"{target} has come meanwhile and was left as it is: name a new file") from None
    except OSError:  # a file system without links, as on USB sticks: the check a moment ago must do
        part.rename(target)
