"""A database that is loaded from parts has the rows of one that is harvested from the same files."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

import pytest

from harvester.bulk.folder import BulkFolder
from harvester.bulk.index import plan_index
from harvester.bulk.parts import ReadOptions
from harvester.bulk.status import read_status
from harvester.errors import UsageError
from harvester.store.database import open_to_read
from tests.support.bulk import SOURCES, harvest_here, load_here, pages, plan, read_here, records, rows, wacz
from tests.support.containers import packed_zstd, tar_zst, warc_record, zipped

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


SMALL = 40_000
"""Bytes of a part: a few pages."""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder of all kinds of containers, some damaged, and pages by themselves."""
    folder = tmp_path_factory.mktemp("collection")
    made = pages(20)
    (folder / "a.warc.gz").write_bytes(b"".join(records(made, gz=True)))
    plain = records(dict(list(made.items())[:12]), gz=False, day=2)
    (folder / "b.warc").write_bytes(b"".join(plain[:10]) + plain[10][:-2000] + b"".join(plain[11:]))  # one is cut off
    (folder / "c.wacz").write_bytes(wacz(b"".join(records(pages(10, seed=2), gz=True, day=3))))
    (folder / "d.warc.zst").write_bytes(
        b"".join(map(packed_zstd, records(dict(list(made.items())[:5]), gz=False, day=4)[:6]))
    )
    names = {f"digitalarchive.wilsoncenter.org/{uri.split('/', 3)[3]}": body for uri, body in pages(12, seed=3).items()}
    (folder / "e.zip").write_bytes(zipped(names, 0))
    (folder / "f.tar.zst").write_bytes(tar_zst(dict(list(names.items())[:5])))
    (folder / "page.html").write_bytes(next(iter(made.values())))
    (folder / "page.txt").write_text("no page of an archive")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "gone.html").symlink_to(folder / "nowhere")
    return folder


def test_the_database_has_the_rows_of_a_plain_harvest(collection: Path, tmp_path: Path) -> None:
    bulk = plan(tmp_path / "bulk", [collection], SMALL)
    assert len(list(bulk.planned())) > 10
    assert read_here(bulk) == []
    load_here(bulk, tmp_path / "bulk.db")
    harvest_here(tmp_path / "plain.db", [collection])
    assert rows(tmp_path / "bulk.db") == rows(tmp_path / "plain.db")
    # Damage (once, in b.warc), the link that leads nowhere, two text files that are no listing.
    assert read_status(bulk).totals.refused == {"damaged-archive": 1, "unreadable": 1, "not-a-listing": 2}
    assert read_status(bulk).verdict == "partial"


def test_pages_that_say_nothing_of_themselves_get_what_the_plan_says(collection: Path, tmp_path: Path) -> None:
    target = [collection / "page.html"]
    bulk = plan(tmp_path / "bulk", target, SMALL, ReadOptions(listing="Letters"))
    read_here(bulk)
    load_here(bulk, tmp_path / "bulk.db")
    harvest_here(tmp_path / "plain.db", target, listing="Letters")
    assert rows(tmp_path / "bulk.db") == rows(tmp_path / "plain.db")


def test_pages_in_folders_of_archivebox_have_the_addresses_and_times_that_it_states(tmp_path: Path) -> None:
    made = pages(10)
    for number, (uri, body) in enumerate(made.items()):
        history = {"dom": [{"status": "succeeded", "start_ts": "2025-11-27T04:41:03+00:00", "output": "output.html"}]}
        folder = tmp_path / "archive" / f"{number}"
        folder.mkdir(parents=True)
        (folder / "index.json").write_text(json.dumps({"url": uri, "timestamp": "17", "history": history}))
        (folder / "output.html").write_bytes(body)
    bulk = plan(tmp_path / "bulk", [tmp_path / "archive"], SMALL)
    read_here(bulk)
    load_here(bulk, tmp_path / "bulk.db")
    harvest_here(tmp_path / "plain.db", [tmp_path / "archive"])
    with open_to_read(tmp_path / "bulk.db") as db:
        assert {(uri, at) for uri, at in db.execute("SELECT uri, captured_at FROM reads")} == {
            (uri, "2025-11-27T04:41:03Z") for uri in made
        }
    assert rows(tmp_path / "bulk.db") == rows(tmp_path / "plain.db")


def test_what_was_loaded_is_loaded_once(collection: Path, tmp_path: Path) -> None:
    bulk = plan(tmp_path / "bulk", [collection / "a.warc.gz"], SMALL)
    read_here(bulk)
    assert load_here(bulk, tmp_path / "bulk.db") is not None
    before = rows(tmp_path / "bulk.db")
    assert load_here(bulk, tmp_path / "bulk.db") is None
    assert rows(tmp_path / "bulk.db") == before


def test_a_record_that_shows_a_warc_is_not_cut(tmp_path: Path) -> None:
    """The bytes of a page, not packed, look like the beginning of a record; parts are cut there and mended."""
    made = pages(3)
    inner = warc_record(next(iter(made)), b"<p>forged", date="2030-01-01T00:00:00Z")
    shown = [warc_record(uri, body.replace(b"</body>", inner * 40 + b"</body>")) for uri, body in made.items()]
    (tmp_path / "a.warc").write_bytes(b"".join(shown))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc"], 10_000)
    planned = len(list(bulk.planned()))
    assert planned > 5
    read_here(bulk)
    assert len(list(bulk.planned())) < planned
    assert read_status(bulk).verdict == "complete"
    load_here(bulk, tmp_path / "bulk.db")
    harvest_here(tmp_path / "plain.db", [tmp_path / "a.warc"])
    assert rows(tmp_path / "bulk.db") == rows(tmp_path / "plain.db")


def test_a_revisit_finds_its_page_in_another_part(tmp_path: Path) -> None:
    made = pages(20)
    digest = "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    uri = f"{next(iter(made))}"
    first = warc_record(uri, made[uri], WARC_Payload_Digest=digest, gz=True)
    again = warc_record(uri, b"", kind="revisit", date="2025-05-01T00:00:00Z", WARC_Payload_Digest=digest, gz=True)
    lost = warc_record(
        f"{uri}1", b"", kind="revisit", date="2025-05-01T00:00:01Z", WARC_Payload_Digest="sha1:B", gz=True
    )
    others = records(dict(list(made.items())[1:]), gz=True)
    (tmp_path / "a.warc.gz").write_bytes(again + b"".join(others) + lost)
    (tmp_path / "b.warc.gz").write_bytes(first)
    targets = [tmp_path / "a.warc.gz", tmp_path / "b.warc.gz"]
    bulk = plan(tmp_path / "bulk", targets, SMALL)
    read_here(bulk)
    assert read_status(bulk).totals.counts["revisits"] == 2
    load_here(bulk, tmp_path / "bulk.db")
    harvest_here(tmp_path / "plain.db", targets)
    assert rows(tmp_path / "bulk.db") == rows(tmp_path / "plain.db")


def index_of(made: list[bytes], filename: str, style: str) -> str:
    """Return the index of records, one of them listed twice, in the order of their addresses as indexes have it."""
    lines, offset = [], 0
    for record in made:
        uri = re.search(rb"WARC-Target-URI: (\S+)", gzip.decompress(record))
        assert uri is not None
        fields = {"url": uri[1].decode(), "mime": "text/html", "status": "200", "offset": str(offset)}
        fields |= {"length": str(len(record)), "filename": filename}
        if style == "cdxj":
            lines.append(f"{fields['url']} 20250301120000 {json.dumps(fields)}")
        else:
            values = [fields[name] for name in ("url", "mime", "status", "offset", "filename")]
            lines.append(" ".join(["key", "20250301120000", *values]))
        offset += len(record)
    head = [] if style == "cdxj" else [" CDX N b a m s V g"]
    return "\n".join([*head, *sorted([*lines, lines[0]])]) + "\n"


@pytest.mark.parametrize("style", ["cdxj", "cdx"])
def test_of_an_index_only_the_records_of_known_archives_are_read(tmp_path: Path, style: str) -> None:
    made = records(pages(20), gz=True)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(made))
    (tmp_path / f"all.{style}").write_text(index_of(made, "crawl/a.warc.gz", style))
    bulk = BulkFolder(tmp_path / "bulk")
    bulk.write_plan(plan_index(tmp_path / f"all.{style}", tmp_path, SOURCES, ReadOptions(), SMALL))
    read_here(bulk)
    load_here(bulk, tmp_path / "bulk.db")
    harvest_here(tmp_path / "plain.db", [tmp_path / "a.warc.gz"])
    plain = rows(tmp_path / "plain.db")
    assert len(plain["captures"]) == 22
    assert rows(tmp_path / "bulk.db")["captures"] == plain["captures"]
    assert rows(tmp_path / "bulk.db")["documents"] == plain["documents"]


def test_a_file_that_an_index_lists_and_nobody_has_is_named(tmp_path: Path) -> None:
    made = records(pages(10), gz=True)
    (tmp_path / "all.cdxj").write_text(index_of(made, "gone.warc.gz", "cdxj"))
    bulk = BulkFolder(tmp_path / "bulk")
    bulk.write_plan(plan_index(tmp_path / "all.cdxj", tmp_path, SOURCES, ReadOptions(), SMALL))
    read_here(bulk)
    assert read_status(bulk).totals.refused == {"unreadable": 1}


@pytest.mark.parametrize("filename", ["../outside.warc.gz", "OUTSIDE"])
def test_an_index_leads_to_no_file_outside_its_folder(tmp_path: Path, filename: str) -> None:
    made = records(pages(10), gz=True)
    (tmp_path / "outside.warc.gz").write_bytes(b"".join(made))
    (tmp_path / "warcs").mkdir()
    named = filename.replace("OUTSIDE", str(tmp_path / "outside.warc.gz"))
    (tmp_path / "all.cdxj").write_text(index_of(made, named, "cdxj"))
    bulk = BulkFolder(tmp_path / "bulk")
    bulk.write_plan(plan_index(tmp_path / "all.cdxj", tmp_path / "warcs", SOURCES, ReadOptions(), SMALL))
    read_here(bulk)
    assert read_status(bulk).totals.refused == {"unreadable": 1}


def test_an_index_with_a_line_that_is_none_is_refused(tmp_path: Path) -> None:
    for line in ("com,x)/ 20250301120000 {", "[" * 100_000, 'k 1 {"a": ' + "[" * 100_000, "no index"):
        (tmp_path / "all.cdxj").write_text(f"!OpenWayback-CDXJ 1.0\n{line}\n")
        with pytest.raises(UsageError, match=r"all\.cdxj, line 2: no line of a CDXJ"):
            list(plan_index(tmp_path / "all.cdxj", tmp_path, SOURCES, ReadOptions(), SMALL))
