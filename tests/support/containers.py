"""Makes the containers that pages come in, with other people's tools: tarfile, zipfile, zstd, warcio."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import sys
import tarfile
import warnings
import zipfile
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from harvester.model import Capture, Skipped
from harvester.readers.targets import read_targets
from harvester.source import Source
from tests.support.forks import FORKS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from harvester.readers.base import ReadItem
    from harvester.readers.targets import ReadBefore

HOST = "archive.example"
SOURCE = Source("example", "An example", (HOST, "alias.example"), paths=(r"document/[\w-]+", r"search(\?.*)?"))
Pages = dict[str, bytes]  # by path and query of their addresses

OK = ("200 OK", (("Content-Type", "text/html; charset=utf-8"),))


def packed_zstd(data: bytes, window_log: int | None = None) -> bytes:
    """Pack in a frame with a checksum; written as a stream if a window is asked for, since that states it."""
    options: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
    if window_log is None:
        return zstd.compress(data, options=options)
    packer = zstd.ZstdCompressor(options=options | {zstd.CompressionParameter.window_log: window_log})
    return packer.compress(data) + packer.flush()


def zstd_with_dictionary(records: list[bytes], packed: bool) -> bytes:
    """Return a .warc.zst whose records need the dictionary in its first frame."""
    dictionary = zstd.train_dict(records * 40, 2000).dict_content
    frame = packed_zstd(dictionary) if packed else dictionary
    packs = [zstd.compress(record, zstd_dict=zstd.ZstdDict(dictionary)) for record in records]
    return b"\x5d\x2a\x4d\x18" + len(frame).to_bytes(4, "little") + frame + b"".join(packs)


def tar(pages: Pages) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, body in pages.items():
            member = tarfile.TarInfo(f"pages/{path}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return out.getvalue()


def tar_gz(pages: Pages) -> bytes:
    return gzip.compress(tar(pages), mtime=0)


def tar_zst(pages: Pages) -> bytes:
    return packed_zstd(tar(pages))


def zipped(pages: Pages, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path, body in pages.items():
            archive.writestr(zipfile.ZipInfo(f"pages/{path}"), body, method)
    return out.getvalue()


class Unseekable(io.BytesIO):
    """What a zip is written to that goes down a pipe: lengths then stand behind the members."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


def zip_piped(pages: Pages) -> bytes:
    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in pages.items():
            archive.writestr(zipfile.ZipInfo(f"pages/{path}"), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def warc_record(
    uri: str,
    body: bytes,
    answer: tuple[str, Iterable[tuple[str, str]]] = OK,
    kind: str = "response",
    date: str = "2025-03-16T12:00:00Z",
    gz: bool = False,
    **fields: str,
) -> bytes:
    """Return one record; `fields` are more of its own header's, with _ for -."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gz)
    record_id = f"<urn:uuid:{uuid5(NAMESPACE_URL, uri + date)}>"
    headers = {"WARC-Date": date, "WARC-Record-ID": record_id}
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    http = StatusAndHeaders(answer[0], list(answer[1]), protocol="HTTP/1.1") if kind != "resource" else None
    record = writer.create_warc_record(
        uri,
        kind,
        payload=io.BytesIO(body),
        http_headers=http,
        warc_headers_dict=headers,
        warc_content_type="text/html" if http is None else "",
    )
    with warnings.catch_warnings():  # warcio leaves its temporary file to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        writer.write_record(record)
        del writer, record
    return out.getvalue()


def warc_records(pages: Pages, gz: bool = False) -> list[bytes]:
    return [warc_record(f"https://{HOST}/{path}", body, gz=gz) for path, body in pages.items()]


def warc(pages: Pages) -> bytes:
    return b"".join(warc_records(pages))


def warc_gz(pages: Pages) -> bytes:
    return b"".join(warc_records(pages, gz=True))


def warc_gz_in_one(pages: Pages) -> bytes:
    return gzip.compress(warc(pages), mtime=0)


def warc_zst(pages: Pages) -> bytes:
    return b"".join(packed_zstd(record) for record in warc_records(pages))


def wacz(pages: Pages) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.warc.gz"), warc_gz(pages))
        archive.writestr(zipfile.ZipInfo("pages/pages.jsonl"), b"{}\n")
        archive.writestr(zipfile.ZipInfo("datapackage.json"), b"{}\n")
    return out.getvalue()


CONTAINERS: dict[str, Callable[[Pages], bytes]] = {
    "a.tar": tar,
    "a.tar.gz": tar_gz,
    "a.tar.zst": tar_zst,
    "a.zip": zipped,
    "piped.zip": zip_piped,
    "a.warc": warc,
    "a.warc.gz": warc_gz,
    "one.warc.gz": warc_gz_in_one,
    "a.warc.zst": warc_zst,
    "a.wacz": wacz,
}


def read(
    *targets: Path,
    sources: tuple[Source, ...] = (SOURCE,),
    listing: str | None = None,
    before: ReadBefore | None = None,
) -> list[ReadItem]:
    return list(read_targets(list(targets), listing, sources, before))


def read_cuts(file: Path, whole: bytes, step: int = 1) -> Iterator[tuple[int, list[ReadItem]]]:
    """Yield what is read from a file that is cut off at every byte, or at every `step`-th."""
    file.write_bytes(whole)
    for cut in reversed(range(0, len(whole), step)):
        os.truncate(file, cut)
        yield cut, read(file)


def captures(found: Iterable[ReadItem]) -> list[Capture]:
    return [item for item in found if isinstance(item, Capture)]


def pages_of(found: Iterable[ReadItem]) -> list[tuple[str, bytes]]:
    return [(capture.uri, capture.body) for capture in captures(found)]


def problems(found: Iterable[ReadItem]) -> list[str]:
    return [item.problem.code for item in found if isinstance(item, Skipped) and item.problem]


def messages(found: Iterable[ReadItem]) -> str:
    return "\n".join(item.problem.message for item in found if isinstance(item, Skipped) and item.problem)


def ignored(found: Iterable[ReadItem]) -> int:
    return sum(isinstance(item, Skipped) and item.problem is None for item in found)


def read_measured(file: Path) -> dict[str, Any]:
    """Read in another process: what was found, the MB of memory that it took beyond its start, and the seconds."""
    outcome = file.with_name(f"{file.name}.outcome")
    process = FORKS.Process(target=_measure, args=(file, outcome))
    process.start()
    process.join(120)
    assert process.exitcode == 0, process.exitcode
    return dict(json.loads(outcome.read_text()))


def _measure(file: Path, outcome: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    count, size, codes = 0, 0, dict[str, int]()
    for found in read_targets([file], None, (SOURCE,)):
        if isinstance(found, Skipped):
            code = found.problem.code if found.problem else "ignored"
            codes[code] = codes.get(code, 0) + 1
        else:
            count, size = count + 1, size + len(found.body)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    mb = (used.ru_maxrss - before.ru_maxrss) // 1024
    outcome.write_text(json.dumps({"pages": count, "bytes": size, "codes": codes, "mb": mb, "seconds": seconds}))
