"""Hashes what is stored about withdrawn documents, with a secret in a file beside the database that nothing serves.

Without the secret nobody can find out whether an address or a title is withdrawn. The harvester cannot either: then it
refuses to work, rather than show what is withdrawn.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.errors import DatabaseError
from harvester.store.keys import LOST_DATE, base_of, group_of, normalize_title

if TYPE_CHECKING:
    from sqlite_utils import Database

    from harvester.model import Record
    from harvester.store.keys import Keys

DIGITS = 32
SHORTEST_SUMMARY = 40
"""Characters. A shorter summary ("See also the original.") may belong to several documents."""


def secret_file(path: Path) -> Path:
    """Return the file of the secret of the database at `path`."""
    return path.with_name(f"{path.name}-withdrawn-key")


def database_file(db: Database) -> Path:
    """Return the file of an open database."""
    return Path(db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0])


class Hasher:
    """Hashes keys, addresses and summaries. The source and the kind of a key stay readable."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def digest(self, text: str) -> str:
        """Return the hash of a text."""
        return hmac.new(self._secret, text.encode(), "sha256").hexdigest()[:DIGITS]

    def key(self, key: str) -> str:
        """Return the hashed form of a key."""
        source, kind, _ = key.split(":", 2)
        return f"{source}:{kind}:{self.digest(key)}"

    def address(self, uri: str) -> str:
        """Return the hashed form of an address."""
        return f"address:{self.digest(uri)}"

    def undated(self, natural: str) -> str:
        """Return the hashed key of records with this title whose date a form has lost."""
        return self.key(f"{group_of(natural)}{LOST_DATE}")

    def titled(self, natural: str) -> str:
        """Return the hashed form of a title with its date, whatever its occurrence on a page."""
        source, _, _ = natural.split(":", 2)
        return f"{source}:titled:{self.digest(base_of(natural).rpartition(':')[0])}"

    def summary(self, source: str, text: str | None) -> list[str]:
        """Return the hashed form of a summary that is long enough to identify a document; else nothing."""
        plain = normalize_title(text or "")
        return [f"{source}:summary:{self.digest(plain)}"] if len(plain) >= SHORTEST_SUMMARY else []

    def of_record(self, keys: Keys, record: Record) -> list[str]:
        """Return all hashed forms by which a record may match a withdrawn document."""
        source = keys.natural.split(":", 1)[0]
        names = [self.key(key) for key in keys.strong]
        names += [self.key(base_of(keys.natural)), self.titled(keys.natural)]
        return names + self.summary(source, record.summary)


def make_hasher(path: Path) -> Hasher:
    """Return the hasher of the database at `path`; create its secret, readable by its owner only, if there is none."""
    file = secret_file(path)
    if not file.exists():
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            stream.write(secrets.token_hex(32))
            stream.flush()
            os.fsync(stream.fileno())
    return hasher_at(path)


def hasher_at(path: Path) -> Hasher:
    """Return the hasher of the database at `path`. Raises `DatabaseError` where its secret is missing."""
    try:
        secret = bytes.fromhex(secret_file(path).read_text("ascii").strip())
    except (OSError, ValueError) as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise DatabaseError(
            f"{secret_file(path)} {reason}, so documents that are withdrawn from {path} would be shown again: "
            "get it from a backup"
        ) from error
    return Hasher(secret)


def hasher_of(db: Database) -> Hasher:
    """Return the hasher of an open database."""
    return hasher_at(database_file(db))


def is_empty(db: Database) -> bool:
    """Return whether nothing is withdrawn, as almost always."""
    return db.execute("SELECT 1 FROM withdrawn LIMIT 1").fetchone() is None


def check_secret(db: Database) -> None:
    """Raise `DatabaseError` if the secret of a database with withdrawals is missing, or is that of another database."""
    if is_empty(db):
        return
    path = database_file(db)
    hasher = hasher_at(path)
    if not any(row["seal"] == seal_of(db, hasher, row["id"]) for row in db.query("SELECT id, seal FROM withdrawn")):
        raise DatabaseError(f"{secret_file(path)} belongs to another database: get the one of {path} from a backup")


def write_seal(db: Database, hasher: Hasher, document: int) -> None:
    """Write the digest of all that keeps a document withdrawn: it shows a wrong secret, and missing keys."""
    db.execute("UPDATE withdrawn SET seal = ? WHERE id = ?", [seal_of(db, hasher, document), document])


def seal_of(db: Database, hasher: Hasher, document: int) -> str:
    """Return the digest of all that keeps a document withdrawn."""
    sql = "SELECT withdrawn_at, vault_id, same_as FROM withdrawn WHERE id = ?"
    row = db.execute(sql, [document]).fetchone()
    keys = db.execute("SELECT key FROM withdrawn_keys WHERE document_id = ? ORDER BY key", [document]).fetchall()
    return hasher.digest(repr((document, row, [key for (key,) in keys])))
