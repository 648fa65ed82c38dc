"""What the tests of the published database share: a database with hostile content, and the two ways to serve one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

from datasette.utils import tilde_encode

from harvester.store.database import open_to_write
from harvester.store.search import index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / "db"
NO_DATABASE = shutil.ignore_patterns("*.db", "*.db-*", "captures", "__pycache__")
SCRIPT = "<script>alert(1)</script>"
# An installed Datasette is enough for the folder: its plugins must not need the harvester.
DATASETTE_ALONE = "import sys; sys.modules['harvester'] = None; from datasette.cli import cli; cli()"
STARTS_WITHIN = 60.0
CLOCK = "2026-01-02T03:04:05Z"
DOCUMENTS: list[dict[str, Any]] = [
    {"title": f"Report {SCRIPT}", "date": "1959-12-24", "kind": "Report", "summary": f"<b>{SCRIPT}</b> & more"},
    {"title": "https://hostile.example/title", "date": "1957-03-01", "url": "javascript:alert(1)"},
    {
        "title": "Letter to be followed",
        "date": "1957-03-02",
        "kind": "Letter",
        "url": "https://archive.example/a?b=1&c=2",
    },
    {"title": "Tagged address", "date": "1957-03-03", "url": 'https://archive.example/"onclick="alert(1)'},
    {"title": "=HYPERLINK(1)", "date": "1957-04", "kind": "Report"},
    {"title": "\u202egnirts desrever", "date": "1960"},
    {
        "title": "Émigré “quoted”",
        "date": "1958-01-01",
        "kind": "Telegram",
        "sender": "Stalin",
        "recipient": "Mao Zedong",
    },
    {"title": "x" * 3000, "date": "1958-01-02"},
    {"title": "Undated", "date": None},
    {"title": "Gone by now", "date": "1950-01-01", "gone_at": CLOCK},
    {"title": "Телеграмма Сталину", "date": "1949-05-01", "kind": "Telegram"},
    {"title": "{{ 7 * 7 }} {% raw %}", "date": "1949-05-02"},
]


@dataclass(frozen=True)
class Site:
    """A Datasette that runs, and the name under which its addresses have the database."""

    address: str
    database: str

    def get(self, path: str) -> tuple[int, str, Message]:
        """Give the status, the text and the headers of an answer; `DB` in a path is the database."""
        try:
            answer = urlopen(self.address + path.replace("DB", self.database).lstrip("/"), timeout=30)
        except HTTPError as error:
            answer = error
        with answer:
            return answer.status or 0, answer.read().decode(), answer.headers

    def text(self, path: str) -> str:
        """Give a page that must be there."""
        status, text, _ = self.get(path)
        assert status == 200, text
        return text

    def json(self, path: str) -> Any:
        """Give what a page says as data."""
        return json.loads(self.text(path))


def make_sample(path: Path) -> Path:
    """Make a database with what an archive's worst enemy might have put on its pages."""
    db = open_to_write(path)
    db.execute("BEGIN")
    db.table("runs").insert(
        {
            "id": 1,
            "command": f"harvest {SCRIPT}",
            "started_at": CLOCK,
            "finished_at": CLOCK,
            "status": "partial",
            "pages": 2,
            "records": 12,
            "new": 12,
            "reason": "a page was refused",
        }
    )
    db.table("listings").insert_all(
        [
            {"id": 1, "key": "a", "source": "wilson", "name": f"Search {SCRIPT}", "declared_total": 1250},
            {"id": 2, "key": "b", "source": "wilson", "name": "A whole one", "declared_total": 2},
        ]
    )
    db.table("captures").insert_all(
        [
            {
                "id": 1,
                "uri": "https://archive.example/search?page=71",
                "source": "wilson",
                "listing_id": 1,
                "sha256": "0",
                "parser_version": 1,
                "form": "A",
                "first": 711,
                "last": 720,
                "declared_total": 1250,
                "records": 10,
            },
            {
                "id": 2,
                "uri": "file:///pages/b.txt",
                "source": "wilson",
                "listing_id": 2,
                "sha256": "1",
                "parser_version": 1,
                "form": "A",
                "first": 1,
                "last": 2,
                "declared_total": 2,
                "records": 2,
            },
        ]
    )
    for number, document in enumerate(DOCUMENTS, start=1):
        _insert_document(db, number, dict(document))
    db.table("problems").insert(
        {
            "run_id": 1,
            "uri": "javascript:alert(1)",
            "severity": "error",
            "code": "form-c",
            "message": f"refused {SCRIPT}",
            "extract": SCRIPT,
        }
    )
    db.execute("COMMIT")
    index(db)
    db.close()
    return path


def _insert_document(db: Any, number: int, document: dict[str, Any]) -> None:
    date = document["date"]
    document |= {
        "id": number,
        "key": f"k{number}",
        "source": "wilson",
        "date_from": date and f"{date}-01-01"[:10],
        "year": date and int(date[:4]),
        "first_seen": CLOCK,
        "last_changed": CLOCK,
    }
    db.table("documents").insert(document)
    capture, position = (1, 710 + number) if number <= 10 else (2, number - 10)
    db.table("statements").insert(
        {
            "id": number,
            "document_id": number,
            "key": f"k{number}",
            "form": "A",
            "host": "",
            "hash": str(number),
            "content": "{}",
            "capture_id": capture,
        }
    )
    db.table("sightings").insert(
        {
            "capture_id": capture,
            "position": position,
            "document_id": number,
            "title": document["title"],
            "has_summary": 0,
            "statement_id": number,
        }
    )
    db.table("changes").insert({"run_id": 1, "document_id": number, "kind": "new", "after": document["title"]})


def configuration_with(folder: Path, *databases: Path) -> Path:
    """Copy the configuration directory, and put databases beside it, as in a checkout."""
    shutil.copytree(CONFIGURATION, folder, ignore=NO_DATABASE)
    for database in databases:
        shutil.copyfile(database, folder / database.name)
    return folder


@contextmanager
def harvester_serve(database: Path, *options: str) -> Iterator[tuple[Site, Server]]:
    """Run `harvester serve` on a free port."""
    with running(
        [sys.executable, "-m", "harvester", "serve", "--db", str(database), "--port", "0", *options]
    ) as server:
        yield Site(server.address(), tilde_encode(database.stem)), server


@contextmanager
def datasette_alone(folder: Path) -> Iterator[tuple[Site, Server]]:
    """Run `datasette FOLDER` on a free port."""
    with running([sys.executable, "-c", DATASETTE_ALONE, "serve", str(folder), "--port", "0"]) as server:
        yield Site(server.address(), "harvest"), server


@dataclass(frozen=True)
class Server:
    """A process that serves. It prints into files: nobody empties a pipe, and a full one would stop it."""

    process: subprocess.Popen[bytes]
    printed: Path
    complained: Path

    def address(self) -> str:
        """Wait until it says where it is."""
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and self.process.poll() is None:
            said = self.printed.read_text() + self.complained.read_text()
            if found := re.search(r"http://127\.0\.0\.1:\d+", said):
                return found[0] + "/"
            time.sleep(0.05)
        raise AssertionError(f"it did not start: {self.complained.read_text()}")


@contextmanager
def running(command: list[str], **environment: str) -> Iterator[Server]:
    """Run a server, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        printed, complained = Path(folder, "out"), Path(folder, "err")
        with printed.open("wb") as out, complained.open("wb") as err:
            process = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **environment})
        try:
            yield Server(process, printed, complained)
        finally:
            process.terminate()
            process.wait()
