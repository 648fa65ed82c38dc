"""Answers cut off at many places: each is taken whole, or what is wrong with it is named.

Three kinds of pages (a listing, a document, a text), as they are, packed (gzip, brotli, zstd) and in chunks, each cut
at evenly spread places, come from a local server (with a length that fits, and without any) and out of WARC files.
All cuts: `python -m tests.soak.cut_answers` (some minutes). It prints one line of JSON for each cut that was neither.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import re
import sqlite3
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]

from harvester.ingest import read_page
from harvester.model import Capture, Listing, Page, Record, Refused
from harvester.readers.targets import read_targets
from harvester.registry import load_sources
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.containers import packed_zstd, warc_record
from tests.support.live_crawls import run_crawls
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.live_crawls import Crawls

SOURCES = load_sources()
WILSON = SOURCES["wilson"]
HOST = f"https://{WILSON.hosts[0]}"
CUTS = 200
ENDINGS = {"gzip": gzip.compress, "br": brotli.compress, "zstd": packed_zstd}
HARMLESS = {"end-not-shown"}
"""What names a page that stops where it might well end: nothing of it is open there."""


@dataclass(frozen=True)
class Kind:
    """A kind of page: where it is, its media type, and its bytes."""

    path: str
    media_type: str
    body: bytes


def kinds() -> dict[str, Kind]:
    """Return the pages that are cut, by name."""
    item = next(one for one in make_items(50, seed=3) if one.classification and one.donor and one.summary)
    seed = next((ROOT / "seeds").glob("*000*.txt"))
    return {
        "listing": Kind("/search?page={}", "text/html", listing_page(make_items(10), 1, 30)),
        "document": Kind("/document/d{}", "text/html", document_page(item)),
        "text": Kind("/search?page={}", "text/plain", seed.read_bytes()),
    }


def chunked(data: bytes, size: int = 700) -> bytes:
    """Return a body as it travels in chunks."""
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def ways() -> dict[str, tuple[Any, dict[str, str]]]:
    """Return the ways in which a body travels: what is done to it, and the header fields that say so."""
    ways: dict[str, tuple[Any, dict[str, str]]] = {"plain": (bytes, {}), "no length": (bytes, {})}
    ways |= {name: (pack, {"Content-Encoding": name}) for name, pack in ENDINGS.items()}
    return ways | {"chunked": (chunked, {"Transfer-Encoding": "chunked"})}


def places(length: int, cuts: int) -> list[int]:
    """Return where to cut: evenly spread, and close behind one another at the end."""
    spread = {round(length * step / (cuts + 1)) for step in range(1, cuts + 1)}
    return sorted({*spread, *range(max(1, length - min(cuts, 9)), length)})


def of_kind(kind: Kind, number: int) -> str:
    """Return the address of a cut."""
    return kind.path.format(number)


# What is wrong with a reading


def wrong(page: Page, whole: Page) -> str | None:
    """Return what is wrong with the reading of a cut page: a value that the whole page lacks, or no problem."""
    assert not isinstance(whole, Refused)
    if isinstance(page, Refused):
        return None
    codes = {problem.code for problem in page.problems if problem.severity == "error"}
    named = codes or ({problem.code for problem in page.problems} & HARMLESS)
    if isinstance(page, Listing) != isinstance(whole, Listing):
        return "read as a page of another kind"
    invented = _invented(page, whole)
    if invented:
        return f"invented: {invented}"
    same = records(page) == records(whole)
    return None if named or same else "neither whole nor named"


def records(page: Page) -> list[Record]:
    """Return the records of a page; which address they were had from makes no difference."""
    if isinstance(page, Refused):
        return []
    found = page.records if isinstance(page, Listing) else (page.record,)
    return [replace(one, url=None, slug=None) for one in found]


def _invented(page: Page, whole: Page) -> str | None:
    for record, other in zip(records(page), records(whole), strict=False):
        for name in ("title", "summary", "record_id", "node_id", "archive_location", "rights", "kind", "uploaded"):
            stated, true = getattr(record, name), getattr(other, name)
            begins = record.cut and isinstance(whole, Listing) and name in ("title", "summary")
            if stated and stated != true and not (begins and true and true.startswith(stated.rstrip())):
                return f"{name} {stated!r}"
        if not set(record.terms) <= set(other.terms):
            return f"terms {record.terms}"
    return None


# Offline: WARC files


def offline(folder: Path, cuts: int) -> list[dict[str, Any]]:
    """Read cut answers out of WARC files; return what is wrong."""
    faults = []
    for name, kind in kinds().items():
        whole = read_page(Capture(HOST + of_kind(kind, 0), kind.body, media_type=kind.media_type), (WILSON,))[1]
        for way, (travel, fields) in ways().items():
            body = travel(kind.body)
            cut_at = dict(enumerate(places(len(body), cuts)))
            path = folder / f"{name}-{way}.warc"
            outcome = (("Content-Type", kind.media_type), *fields.items())
            path.write_bytes(
                b"".join(
                    warc_record(HOST + of_kind(kind, n), body[:at], ("200 OK", outcome)) for n, at in cut_at.items()
                )
            )
            for found in read_targets([path], sources=(WILSON,)):
                if isinstance(found, Capture) and (fault := wrong(read_page(found, (WILSON,))[1], whole)):
                    at = cut_at[int(re.findall(r"\d+", found.uri)[-1])]
                    faults.append({"from": "warc", "kind": name, "way": way, "at": at, "of": len(body), "fault": fault})
    return faults


# Live: a local server


async def live(crawls: Crawls, folder: Path, cuts: int) -> list[dict[str, Any]]:
    """Harvest cut answers from a local server; return what is wrong."""
    faults: list[dict[str, Any]] = []
    for name, kind in kinds().items():
        whole = read_page(Capture(HOST + of_kind(kind, 0), kind.body, media_type=kind.media_type), (WILSON,))[1]
        for way, (travel, fields) in ways().items():
            body = travel(kind.body)
            answers = {of_kind(kind, n): body[:at] for n, at in enumerate(places(len(body), cuts))}
            head = {"Content-Type": kind.media_type, **fields}
            async with _served(answers, head, length=way not in ("chunked", "no length")) as base:
                db = crawls.fresh(f"{name}-{way.replace(' ', '-')}.db")
                captures = folder / f"{name}-{way}"
                await crawls.harvest(base, db, start=" ".join(base + path for path in answers), captures=captures)
            faults += [
                {"from": "live", "kind": name, "way": way, **fault}
                for fault in _faults_of(db, captures, answers, whole)
            ]
    return faults


def _faults_of(db: Path, captures: Path, answers: dict[str, bytes], whole: Page) -> list[dict[str, Any]]:
    """Compare what a run has kept with the page that was cut; nothing must be without a word."""
    found = read_targets([captures], sources=(WILSON,)) if captures.exists() else []
    kept = {one.uri: one for one in found if isinstance(one, Capture)}
    with contextlib.closing(sqlite3.connect(db)) as connection:
        named = {uri for (uri,) in connection.execute("SELECT uri FROM problems WHERE severity = 'error'")}
        [(status,)] = connection.execute("SELECT status FROM runs")
    faults: list[dict[str, Any]] = [] if status in ("partial", "failed") else [{"fault": f"the run is {status}"}]
    for path, body in answers.items():
        uri, of = HOST + path, {"at": len(body)}
        if uri not in kept and uri not in named:
            faults.append({"fault": f"nothing is said of {path}", **of})
        elif uri in kept and (fault := wrong(read_page(kept[uri], (WILSON,))[1], whole)):
            faults.append({"fault": fault, **of})
    return faults


@contextlib.asynccontextmanager
async def _served(answers: dict[str, bytes], fields: dict[str, str], *, length: bool) -> Any:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            body = answers.get(target)
            head = [f"HTTP/1.1 {404 if body is None else 200} -", "Connection: close"]
            head += [f"{name}: {value}" for name, value in fields.items()] if body is not None else []
            head += [f"Content-Length: {len(body or b'')}"] if length or body is None else []
            writer.write("\r\n".join([*head, "", ""]).encode() + (body or b""))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def main() -> None:
    """Print what is wrong, and how much was tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.cut_answers", description=__doc__)
    parser.add_argument("--cuts", type=int, default=CUTS, help="cuts of each kind and way")
    cuts = parser.parse_args().cuts
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        faults = offline(folder, cuts)

        async def harvest(crawls: Crawls) -> None:
            faults.extend(await live(crawls, folder, cuts))

        run_crawls(harvest)
    for fault in faults:
        print(json.dumps(fault))
    tried = sum(len(places(len(travel(kind.body)), cuts)) for kind in kinds().values() for travel, _ in ways().values())
    print(json.dumps({"tried": 2 * tried, "faults": len(faults)}))


if __name__ == "__main__":
    main()
