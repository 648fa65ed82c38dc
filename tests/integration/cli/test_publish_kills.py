"""`harvester publish`, killed at any moment: what was published is whole, and nothing withdrawn comes with the next."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from harvester.cli.publish import MARK
from tests.soak.withdrawal_changes import OTHERS, SECRET, Change, Trial
from tests.support.live_processes import Aim, in_process

if TYPE_CHECKING:
    from pathlib import Path

MOMENTS = {
    "before anything is written": Aim("shutil:rmtree"),
    "before the database is copied": Aim("harvester.cli.publish:copy_into"),
    "before what is of this machine is taken out": Aim("harvester.cli.publish:redact"),
    "before it is marked as published": Aim("harvester.cli.publish:utc_timestamp"),
    "before the old one makes room": Aim("os:rename"),
    "between the old one and the new one": Aim("os:rename", 2),
}
WHOLE = {SECRET.slug, *(item.slug for item in OTHERS)}


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Publish a database, then withdraw a document of it."""
    trial = Trial(tmp_path, Change("", ()))
    trial.sync()
    assert run(["publish", str(tmp_path / "public"), "--yes", "--db", str(trial.db)]) == 0
    assert run(["withdraw", SECRET.slug, "--db", str(trial.db)]) == 0
    return trial.db


def slugs(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "harvest.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {slug for (slug,) in database.execute("SELECT slug FROM documents")}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_what_was_published_is_whole(db: Path, tmp_path: Path, moment: str) -> None:
    public = tmp_path / "public"
    before = files(public)
    command = ["publish", str(public), "--yes", "--db", str(db)]
    done = in_process(tmp_path, command, MOMENTS[moment])
    assert done.status == -signal.SIGKILL, done.err
    if not public.exists():  # it lies beside until somebody publishes again, whatever becomes of that
        assert moment == "between the old one and the new one"
        assert run(["publish", str(public), "--yes", "--db", str(tmp_path / "none.db")]) == 1
    assert files(public) == before
    assert slugs(public) == WHOLE
    assert run(command) == 0
    assert slugs(public) == WHOLE - {SECRET.slug}
    assert [path.name for path in tmp_path.iterdir() if "public" in path.name] == ["public"]
    held = b"".join(files(public).values()).lower()
    assert b"qxvoruk" not in held
    assert SECRET.slug.encode() not in held
    assert not list(public.glob("*withdrawn*"))


def test_killed_while_folders_are_removed_the_old_or_the_new_one_is_whole(db: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    before = files(public)
    published = []
    for time in range(1, 30):  # how many there are depends on what Python has compiled
        done = in_process(tmp_path, ["publish", str(public), "--yes", "--db", str(db)], Aim("shutil:rmtree", time))
        published.append(slugs(public))
        assert (public / MARK).exists()
        if done.status == 0:
            break
        assert done.status == -signal.SIGKILL, done.err
    assert done.status == 0
    old, new = WHOLE, WHOLE - {SECRET.slug}
    assert published == [old] * published.count(old) + [new] * published.count(new)
    assert published.count(new) > 1  # killed behind it, too
    assert files(public).keys() == before.keys()
