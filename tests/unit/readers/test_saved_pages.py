"""Pages as people save them: the address and time that the program states, and the page inside what it has packed."""

from __future__ import annotations

import base64
import functools
import gzip
import io
import json
import plistlib
import quopri
import tarfile
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from harvester.ingest import Stop, harvest_captures
from harvester.model import Capture, DocumentPage, Listing
from harvester.parsers.parse import parse
from harvester.readers.saved_page import parse_mail_date, plain_address
from harvester.store.run import Run
from tests.support.archive_server_site import Site, item_of
from tests.support.containers import captures, ignored, messages, problems, read
from tests.support.harvesting import SOURCE, fresh
from tests.support.paths import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

SAVED = FIXTURES / "saved"
SITE = Site(35, "saved")
SLUG = item_of(SITE.listing.records[0]).slug
HOST = SOURCE.hosts[0]
DOCUMENT = f"/document/{SLUG}"
LISTING = "/search?sort_bef_combine=created_DESC&page=1"
MORNING = datetime(2026, 11, 27, 4, 41, 3, tzinfo=UTC)


@functools.cache  # tokens in a page change with each request
def page_at(target: str) -> bytes:
    return SITE.answer(target, {}).body


def one(*targets: Path) -> Capture:
    [capture] = captures(found := read(*targets, sources=(SOURCE,)))
    assert problems(found) == []
    return capture


def save(folder: Path, name: str, body: bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    return file


def marked(address: str, body: bytes, ending: str = "\n") -> bytes:
    """Return a page as Chrome, Edge, Firefox and Internet Explorer save it “complete”: with the mark of the web."""
    mark = f"<!DOCTYPE html>{ending}<!-- saved from url=({len(address):04})%s -->{ending}".replace("%s", address)
    return mark.encode() + body.removeprefix(b"<!DOCTYPE html>").lstrip()


def singlefile(
    address: str, body: bytes, date: str = "Fri Nov 27 2026 05:41:03 GMT+0100 (Central European Time)"
) -> bytes:
    comment = (
        f"<!DOCTYPE html> <html lang=en><!--\n Page saved with SingleFile \n url: {address} \n saved date: {date}\n-->"
    )
    return comment.encode() + body.partition(b'<html lang="en" dir="ltr">')[2]


def mht(address: str, body: bytes, *, encoding: str = "quoted-printable", end: str = "\r\n") -> bytes:
    """Return a page as browsers save it in one file, with a picture behind it."""
    packed = quopri.encodestring(body) if encoding == "quoted-printable" else base64.encodebytes(body)
    lines = f"""From: <Saved by Blink>
Snapshot-Content-Location: {address}
Subject: =?utf-8?Q?Search=20|=20Wilson=20Center?=
Date: Fri, 27 Nov 2026 04:41:03 -0000
MIME-Version: 1.0
Content-Type: multipart/related;
\ttype="text/html";
\tboundary="----MultipartBoundary--a+b.c----"


------MultipartBoundary--a+b.c----
Content-Type: text/html
Content-ID: <frame-1@mhtml.blink>
Content-Transfer-Encoding: {encoding}
Content-Location: {address}

PAGE
------MultipartBoundary--a+b.c----
Content-Type: image/png
Content-Transfer-Encoding: base64
Content-Location: https://elsewhere.example/a.png

iVBORw0KGgo=
------MultipartBoundary--a+b.c------
"""
    return lines.replace("\n", end).encode().replace(b"PAGE", packed.replace(b"\n", end.encode()))


def webarchive(address: str, body: bytes, date: str | None = "Fri, 27 Nov 2026 04:41:03 GMT") -> bytes:
    """Return a page as Safari saves it."""
    main = {
        "WebResourceData": body,
        "WebResourceURL": address,
        "WebResourceMIMEType": "text/html",
        "WebResourceTextEncodingName": "UTF-8",
        "WebResourceFrameName": "",
    }
    if date:
        uid = plistlib.UID
        fields = {"NS.keys": [uid(2), uid(3)], "NS.objects": [uid(4), uid(5)]}
        objects = ["$null", fields, "Server", "Date", "nginx", date]
        main["WebResourceResponse"] = plistlib.dumps({"$objects": objects}, fmt=plistlib.FMT_BINARY)
    return plistlib.dumps({"WebMainResource": main, "WebSubresources": []}, fmt=plistlib.FMT_BINARY)


def test_a_page_saved_complete_has_its_address_and_its_frames_are_no_pages(tmp_path: Path) -> None:
    for program, ending in (("chrome", "\n"), ("internet explorer", "\r\n")):
        folder = tmp_path / program
        save(folder, "Search.html", marked(f"https://{HOST}{LISTING}", page_at(LISTING), ending))
        save(folder, "Search_files/saved_resource.html", b"<html>an advertisement")
        save(folder, "Search_files/more/inner.html", b"<html>another")
        save(folder, "Search_files/a.png", b"PNG")
        found = read(folder, sources=(SOURCE,))
        [capture] = captures(found)
        assert (capture.uri, capture.captured_at, ignored(found)) == (f"https://{HOST}{LISTING}", None, 3)
        page = parse(capture, SOURCE)
        assert isinstance(page, Listing)
        assert (page.first, len(page.records)) == (11, 10)


@pytest.mark.parametrize(
    "folder", ["Search_files", "Search.files", "Search-Dateien", "Search_fichiers", "Search_archivos"]
)
def test_the_folder_beside_a_page_is_known_in_many_languages(tmp_path: Path, folder: str) -> None:
    save(tmp_path, "Search.htm", marked(f"https://{HOST}{LISTING}", page_at(LISTING)))
    save(tmp_path, f"{folder}/frame.html", b"<html>")
    assert len(captures(read(tmp_path, sources=(SOURCE,)))) == 1
    (tmp_path / "Search.htm").unlink()  # without the page beside it, it is a folder like others
    assert len(captures(read(tmp_path, sources=(SOURCE,)))) == 1


def test_a_page_that_internet_explorer_saved_as_unicode_has_its_address(tmp_path: Path) -> None:
    address = f"http://{HOST}{DOCUMENT}"
    text = marked(address, page_at(DOCUMENT), "\r\n").decode()
    capture = one(save(tmp_path, "Letter.htm", text.encode("utf-16")))
    assert capture.uri == address
    assert isinstance(parse(capture, SOURCE), DocumentPage)


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_mhtml_is_read_with_its_address_and_time(tmp_path: Path, encoding: str, end: str) -> None:
    body = page_at(DOCUMENT)
    data = mht(f"https://{HOST}{DOCUMENT}", body, encoding=encoding, end=end)
    for name in ("Letter.mhtml", "Letter.mht", "named otherwise.html"):
        capture = one(save(tmp_path / name, name, data))
        assert (capture.uri, capture.captured_at) == (f"https://{HOST}{DOCUMENT}", MORNING)
        assert capture.body.replace(b"\r\n", b"\n").rstrip() == body.rstrip()
        assert capture.media_type == "text/html"


def test_mhtml_of_one_part_is_read_too(tmp_path: Path) -> None:
    head = "From: <Saved by Windows Internet Explorer 8>\r\nDate: Fri, 27 Nov 2026 05:41:03 +0100\r\n"
    head += f'MIME-Version: 1.0\r\nContent-Type: text/html;\r\n\tcharset="windows-1252"\r\nContent-Location: http://{HOST}{DOCUMENT}\r\n\r\n'
    capture = one(save(tmp_path, "a.mht", head.encode() + b"<html>\x93a\x94"))
    assert (capture.uri, capture.captured_at, capture.charset) == (f"http://{HOST}{DOCUMENT}", MORNING, "windows-1252")
    assert capture.body == b"<html>\x93a\x94"


def test_an_mhtml_file_cut_off_in_its_page_is_named_and_behind_it_is_taken(tmp_path: Path) -> None:
    whole = mht(f"https://{HOST}{DOCUMENT}", b"<html>" + b"word " * 200)
    behind = whole.index(b"------MultipartBoundary--a+b.c----", whole.index(b"word"))
    for cut in range(600, len(whole), 23):
        found = read(save(tmp_path, "a.mhtml", whole[:cut]), sources=(SOURCE,))
        assert (len(captures(found)), problems(found)) == (
            (1, []) if cut >= behind + 34 else (0, ["damaged-archive"])
        ), cut
    assert problems(read(save(tmp_path, "a.mhtml", whole.replace(b"text/html\r\n", b"image/png\r\n")))) == [
        "damaged-archive"
    ]


def test_a_web_archive_of_safari_is_read(tmp_path: Path) -> None:
    for date, moment in (("Fri, 27 Nov 2026 04:41:03 GMT", MORNING), (None, None), ("tomorrow", None)):
        data = webarchive(f"https://{HOST}{DOCUMENT}", page_at(DOCUMENT), date)
        capture = one(save(tmp_path, "a.webarchive", data))
        assert (capture.uri, capture.captured_at) == (f"https://{HOST}{DOCUMENT}", moment)
        assert (capture.body, capture.charset) == (page_at(DOCUMENT), "UTF-8")
    for broken in (
        data[:-40],
        b"bplist00",
        plistlib.dumps({"a": 1}, fmt=plistlib.FMT_BINARY),
        b"bplist00" + b"\xff" * 64,
    ):
        assert problems(read(save(tmp_path, "a.webarchive", broken), sources=(SOURCE,))) == ["damaged-archive"]


SINGLEFILE_TIMES = {
    "document-singlefile": "04:40:52",
    "listing-singlefile": "04:41:03",
    "document-singlefile-zip": "13:17:15",
    "listing-singlefile-zip": "13:18:33",
}


@pytest.mark.parametrize("kind", ["document", "listing"])
@pytest.mark.parametrize("program", ["singlefile", "singlefile-zip"])
def test_what_singlefile_has_saved_has_its_address_and_time(kind: str, program: str) -> None:
    capture = one(SAVED / f"{kind}-{program}.html.gz")
    listing = LISTING if program == "singlefile-zip" else LISTING.replace("page=1", "page=0")
    assert capture.uri == f"http://{HOST}{DOCUMENT if kind == 'document' else listing}"
    assert capture.captured_at
    assert capture.captured_at.isoformat() == f"2026-11-27T{SINGLEFILE_TIMES[f'{kind}-{program}']}+00:00"
    page, whole = parse(capture, SOURCE), parse(Capture(capture.uri, page_at(capture.uri.partition(HOST)[2])), SOURCE)
    assert isinstance(page, (Listing, DocumentPage))
    assert not isinstance(page, Listing) or page.records == whole.records  # type: ignore[union-attr]
    assert not isinstance(page, DocumentPage) or page.record.title == whole.record.title  # type: ignore[union-attr]


def test_a_zip_of_singlefile_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    capture = one(SAVED / "listing-singlefile.zip")
    assert capture.uri == f"http://{HOST}{LISTING}"
    whole = gzip.decompress((SAVED / "document-singlefile-zip.html.gz").read_bytes())
    at = whole.index(b"PK\3\4")
    for broken in (whole[:-700], whole[: at + 500], whole[: at + 440] + b"\0" * 40 + whole[at + 480 :]):
        assert problems(read(save(tmp_path, "a.html", broken), sources=(SOURCE,))) == ["damaged-archive"]


def test_a_mirror_of_httrack_has_addresses_that_its_names_have_lost(tmp_path: Path) -> None:
    comment = f"""<!DOCTYPE html>
<html lang="en">

<!-- Mirrored from {HOST}{LISTING} by HTTrack Website Copier/3.x [XR&CO'2014], Fri, 27 Nov 2026 04:41:03 GMT -->
<!-- Added by HTTrack --><meta charset="utf-8" /><!-- /Added by HTTrack -->"""
    body = comment.encode() + page_at(LISTING).partition(b'<html lang="en" dir="ltr">')[2]
    save(tmp_path, f"{HOST}/search7f3a.html", body)
    save(tmp_path, f"{HOST}/topics.html", body.replace(LISTING.encode(), b"/topics"))
    capture = one(tmp_path / HOST)
    assert (capture.uri, capture.captured_at) == (f"https://{HOST}{LISTING}", MORNING)


def test_names_of_wget_and_headers_of_wget_and_curl_are_understood(tmp_path: Path) -> None:
    named = one(save(tmp_path, f"1/{HOST}/search?sort_bef_combine=created_DESC&page=1.html", page_at(LISTING)))
    assert (named.uri, named.captured_at) == (f"https://{HOST}{LISTING}", None)
    head = b'HTTP/1.1 200 OK\r\nDate: Fri, 27 Nov 2026 04:41:03 GMT\r\nETag: "a"\r\n'
    head += b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    capture = one(save(tmp_path, f"2/{HOST}{DOCUMENT}.html", head + page_at(DOCUMENT)))
    assert (capture.uri, capture.captured_at, capture.etag) == (f"https://{HOST}{DOCUMENT}", MORNING, '"a"')
    assert (capture.body, capture.http_status, capture.charset) == (page_at(DOCUMENT), 200, "utf-8")
    gone = one(save(tmp_path, f"3/{HOST}{DOCUMENT}.html", head.replace(b"200 OK", b"404 Not Found") + b"<h1>gone"))
    assert gone.http_status == 404


def test_a_page_saved_from_a_web_archive_has_the_time_of_its_capture(tmp_path: Path) -> None:
    played = f"https://web.archive.org/web/20150601120000/https://{HOST}{DOCUMENT}"
    june = datetime(2015, 6, 1, 12, tzinfo=UTC)
    body = page_at(DOCUMENT)
    for name, data in (
        ("a.html", marked(played, body)),
        ("b.html", singlefile(played.replace("/https:", "id_/https:"), body)),
        ("c.mhtml", mht(played.replace("https://web.archive.org/web", "http://localhost:8080/wb"), body)),
        (f"web.archive.org/web/20150601120000/https:/{HOST}{DOCUMENT}.html", body),
    ):
        capture = one(save(tmp_path, name, data))
        assert (capture.uri, capture.captured_at) == (f"https://{HOST}{DOCUMENT}", june), name
    undated = one(save(tmp_path, "d.html", singlefile(played.replace("20150601120000", "2015"), body)))
    assert (undated.uri, undated.captured_at) == (f"https://{HOST}{DOCUMENT}", None)


def test_folders_of_archivebox_tell_addresses_and_times(tmp_path: Path) -> None:
    folder = tmp_path / "archive" / "1700000000.0"
    index = {"url": f"https://{HOST}{DOCUMENT}", "timestamp": "1700000000.0", "history": {}}
    good = {"status": "succeeded", "start_ts": "2026-11-27T04:41:03.123456+00:00"}
    index["history"] = {
        "dom": [good | {"output": "output.html"}, {"status": "failed", "output": None}],
        "singlefile": [good | {"output": "singlefile.html", "start_ts": "2026-11-27T04:41:03"}],
        "wget": [good | {"output": f"{HOST}{DOCUMENT}.html"}],
    }
    save(folder, "index.json", json.dumps(index).encode())
    save(folder, "index.html", b"<html>ArchiveBox")
    save(folder, "readability/content.html", b"<p>text")
    body = page_at(DOCUMENT)
    for name in ("output.html", "singlefile.html", f"{HOST}{DOCUMENT}.html"):
        save(folder, name, body)
    found = read(tmp_path, sources=(SOURCE,))
    held = {capture.file.rpartition("/")[2]: capture for capture in captures(found) if capture.file}
    assert {capture.uri for capture in held.values()} == {f"https://{HOST}{DOCUMENT}"}
    moment = MORNING.replace(microsecond=123456)
    times = {name: capture.captured_at for name, capture in held.items()}
    # Old versions wrote times without a zone: no time is known then.
    assert times == {"output.html": moment, "singlefile.html": None, f"{SLUG}.html": moment}
    assert (ignored(found), problems(found)) == (3, [])
    assert one(folder / "output.html") == held["output.html"]  # as `rebuild` reads it
    for broken in (b"{", b"[]", b'{"url": 1, "timestamp": 2}', b'{"url": "x", "timestamp": 2, "history": []}'):
        save(folder, "index.json", broken)
        assert read(tmp_path, sources=(SOURCE,))


def test_the_canonical_address_counts_last_and_for_documents_only(tmp_path: Path) -> None:
    other = "/document/another"
    link = f'<link href="https://{HOST}{DOCUMENT}?utm_source=x" rel="canonical">'
    meta = f'<meta property="og:url" content="https://{HOST}{DOCUMENT}">'
    for head in (link, meta, f"<link rel=canonical href=/x>{meta}"):
        page = f"<!DOCTYPE html><html><head>{head}</head><body>".encode()
        assert one(save(tmp_path, "Letter.html", page)).uri == f"https://{HOST}{DOCUMENT}", head
        assert one(save(tmp_path, f"{HOST}{other}.html", page)).uri == f"https://{HOST}{other}"
        assert one(save(tmp_path, "b.html", marked(f"https://{HOST}{other}", page))).uri == f"https://{HOST}{other}"
        # A page saved elsewhere is not believed when it says that it is the archive's.
        assert one(save(tmp_path, "c.html", marked("https://evil.example/", page))).uri.startswith("file:")
    body = b"<html><head></head><body>" + link.encode()
    assert one(save(tmp_path, "in the body.html", body)).uri.startswith("file:")
    # The canonical address of a listing often leaves out its page and filters.
    listing = f'<html><head><link rel="canonical" href="https://{HOST}/search"></head>'.encode()
    assert one(save(tmp_path, "search (3).html", listing)).uri.startswith("file:")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/document/a",
        f"https://{HOST}.evil.example/document/a",
        f"https://{HOST}@evil.example/document/a",
        f"https://evil.example/{HOST}/document/a",
        "file:///etc/passwd",
        f"file://{HOST}/document/a",
        "javascript:alert(1)",
        "../../etc/passwd",
        "about:internet",
        "http://[",
        f"https://{HOST}/about/../../etc",
        "https://" + "a" * 5000,
    ],
)
def test_an_address_of_no_source_is_not_believed(tmp_path: Path, address: str) -> None:
    for name, data in (
        ("a.html", marked(address, page_at(LISTING))),
        ("b.html", singlefile(address, page_at(LISTING))),
        ("c.mhtml", mht(address, page_at(LISTING))),
        ("d.webarchive", webarchive(address, page_at(LISTING))),
    ):
        file = save(tmp_path, name, data)
        capture = one(file)
        assert (capture.uri, capture.file, capture.captured_at) == (file.as_uri(), str(file), None)


def test_an_address_is_kept_without_user_port_and_fragment() -> None:
    assert plain_address(f" https://me:secret@{HOST}:8443/document/a?b#c ") == f"https://{HOST}/document/a?b"
    assert [
        plain_address(bad) for bad in ("https://a b/", "https://a/\0", "ftp://a/", "https:///x", "https://a:x/")
    ] == ([None, None, None, None, "https://a/"])
    assert parse_mail_date("Fri, 27 Nov 2026 04:41:03 +9999") is None


def test_saved_pages_in_containers_are_read_the_same(tmp_path: Path) -> None:
    files = {
        "Search.html": marked(f"https://{HOST}{LISTING}", page_at(LISTING)),
        "Search_files/saved_resource(1).html": b"<html>an advertisement",
        "Letter (1).mhtml": mht(f"https://{HOST}{DOCUMENT}", page_at(DOCUMENT)) + b"\r\n" * (5 * 1024**2),
        "Letter.webarchive": webarchive(f"https://{HOST}{DOCUMENT}", page_at(DOCUMENT)),
    }
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in files.items():
            packed.writestr(name, body)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    for container in ("a.zip", "a.tar"):
        found = read(tmp_path / container, sources=(SOURCE,))
        assert [(capture.uri.partition(HOST)[2], capture.captured_at) for capture in captures(found)] == [
            (LISTING, None),
            (DOCUMENT, MORNING),
            (DOCUMENT, MORNING),
        ]
        assert (problems(found), ignored(found)) == ([], 1)


def test_twenty_pages_of_one_listing_saved_by_hand_are_one_listing(tmp_path: Path) -> None:
    site = Site(197, "hand")
    for number in range(20):
        target = f"/search?sort_bef_combine=created_DESC&page={number}"
        body, address = site.answer(target, {}).body, f"https://{HOST}{target}"
        name = f"Search ({number})"
        if number % 2:
            save(tmp_path / "pages", f"{name}.html", singlefile(address, body))
        else:
            save(tmp_path / "pages", f"{name}.mhtml", mht(address, body))
    with fresh(tmp_path) as db:
        run = Run(db, "test")
        harvest_captures(run, read(tmp_path / "pages", sources=(SOURCE,)), (SOURCE,), Stop())
        [coverage] = db.query("SELECT * FROM coverage")
        assert (coverage["declared_total"], coverage["held"], coverage["missing"]) == (197, 197, 0)
        assert [*db.query("SELECT DISTINCT captured_at FROM captures")] == [{"captured_at": "2026-11-27T04:41:03Z"}]
        assert run.verdict == "complete"


def test_what_is_named_like_a_page_saved_again_has_the_address_of_its_name(tmp_path: Path) -> None:
    for name in ("search_page=3 (1).html", "search_page=3(2).html", "search_page=3.mhtml"):
        body = mht("", b"<html>") if name.endswith("mhtml") else b"<html>"
        assert one(save(tmp_path, name, body)).uri == f"https://{HOST}/search?page=3"


def test_a_bundle_larger_than_any_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.readers.bundles.MAX_BUNDLE", 9 * 1024**2)
    monkeypatch.setattr("harvester.readers.base.MAX_BUNDLE", 9 * 1024**2)
    data = mht(f"https://{HOST}{DOCUMENT}", b"<html>") + b" " * 10 * 1024**2
    found = read(save(tmp_path, "a.mhtml", data), sources=(SOURCE,))
    assert (problems(found), "save the page without them" in messages(found)) == (["damaged-archive"], True)
