"""What lies in a target and is not read: it is named, and the run is partial."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harvester.cli import run
from harvester.readers.base import path_named, path_text
from tests.support.containers import HOST, captures, ignored, messages, problems, read
from tests.support.paths import ROOT

PAGE = b"<html>page"
LISTING = (ROOT / "seeds" / "002_00e7ceb9e6167759.txt").read_bytes()


def harvested(capsys: pytest.CaptureFixture[str], folder: Path, *targets: Path) -> tuple[int, dict[str, Any]]:
    status = run(["harvest", *map(str, targets), "--db", str(folder / "a.db"), "--json"])
    return status, json.loads(capsys.readouterr().out)


def deep(folder: Path) -> None:
    """Make folders within folders, too deep for the system to enter them by their path."""
    place = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 240, dir_fd=place)
        inner = os.open("d" * 240, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


def test_a_folder_that_cannot_be_entered_is_named_and_the_run_is_partial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "page.txt").write_bytes(LISTING)
    assert harvested(capsys, tmp_path, tmp_path / "pages")[0] == 0
    deep(tmp_path / "pages")
    assert problems(read(tmp_path / "pages")) == ["unreadable"]
    assert "a folder that cannot be entered (File name too long)" in messages(read(tmp_path / "pages"))
    status, row = harvested(capsys, tmp_path, tmp_path / "pages")
    assert (status, row["status"], row["severities"]["error"]) == (3, "partial", 1)


def test_links_that_lead_nowhere_or_in_circles_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages, elsewhere = tmp_path / "pages", tmp_path / "elsewhere"
    for folder in (pages, elsewhere):
        folder.mkdir()
    (pages / "page.txt").write_bytes(LISTING)
    (pages / "again.txt").symlink_to("page.txt")
    (pages / "circle").symlink_to(pages)
    (pages / "picture.png").symlink_to("nothing")
    assert (problems(read(pages)), ignored(read(pages))) == ([], 2)
    (pages / "dangling.txt").symlink_to("nothing.txt")
    (pages / "looping.html").symlink_to("looping.html")
    (pages / "outside").symlink_to(elsewhere)
    os.mkfifo(pages / "pipe.txt")
    found = read(pages)
    assert (len(captures(found)), problems(found)) == (2, ["unreadable"] * 4)
    for part in ("leads nowhere", "Too many levels of symbolic links", "name that folder, too", "no file, though"):
        assert part in messages(found)
    assert harvested(capsys, tmp_path, pages)[0] == 3


def test_links_in_a_tar_are_the_pages_that_they_lead_to(tmp_path: Path) -> None:
    """A mirror of many nights has each page that did not change as a link to the night before (rsync --link-dest)."""
    for mode in ("w", "w:gz"):
        with tarfile.open(tmp_path / "a.tar", mode) as archive:
            for night, names in (("1", "ab"), ("2", "abc")):
                for name in names:
                    member = tarfile.TarInfo(f"{night}/{HOST}/document/{name}")
                    earlier = night == "2" and name != "c"
                    if earlier:
                        member.type, member.linkname = tarfile.LNKTYPE, f"1/{HOST}/document/{name}"
                    member.size = 0 if earlier else len(PAGE)
                    archive.addfile(member, None if earlier else io.BytesIO(PAGE))
            way = tarfile.TarInfo(f"3/{HOST}/document/{'d' * 120}")
            way.type, way.linkname = tarfile.SYMTYPE, "../../../2/" + HOST + "/document/c"
            archive.addfile(way)
            lost = tarfile.TarInfo("document/lost")
            lost.type, lost.linkname = tarfile.LNKTYPE, "document/nothing"
            archive.addfile(lost)
        found = read(tmp_path / "a.tar")
        held = sorted(capture.uri.rpartition("/")[2] for capture in captures(found))
        assert held == ["a", "a", "b", "b", "c", "d" * 120]
        assert {capture.body for capture in captures(found)} == {PAGE}
        assert (problems(found), "document/nothing" in messages(found)) == (["unreadable-member"], True)


@pytest.mark.parametrize(
    ("name", "head", "code"),
    [
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "packed"),
        ("a.rar", b"Rar!\x1a\x07", "packed"),
        ("a.tar.bz2", bz2.compress(b"x" * 999), "packed"),
        ("a.tar.xz", lzma.compress(b"x" * 999), "packed"),
        ("page.html.bz2", bz2.compress(b"<html>"), "packed"),
    ],
)
def test_what_is_known_to_hold_pages_and_is_not_read_is_named(
    tmp_path: Path, name: str, head: bytes, code: str
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / name).write_bytes(head)
    for found in (read(pages), read(pages / name)):
        assert (problems(found), captures(found)) == ([code], [])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, head)
    assert problems(read(tmp_path / "a.zip")) == ["nested-archive"]


def test_archives_in_archives_make_the_run_partial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("page.txt", LISTING)
        archive.writestr("more.wacz", b"PK")
    assert harvested(capsys, tmp_path, tmp_path / "a.zip")[0] == 3


@pytest.mark.parametrize("name", [b"caf\xe9", b"caf\\xe9", "café".encode(), b"\xff\\xff"])
def test_a_name_that_is_no_text_leads_back_to_its_file(tmp_path: Path, name: bytes) -> None:
    folder = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118 - bytes
    folder.mkdir()
    (folder / "page.txt").write_bytes(LISTING)
    assert path_named(path_text(folder / "page.txt")) == folder / "page.txt"
    run(["harvest", str(tmp_path), "--db", str(tmp_path / "a.db")])
    assert run(["check", "--db", str(tmp_path / "a.db")]) == 0
