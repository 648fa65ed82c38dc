"""An archive that changes after one of its documents was withdrawn never shows it, and hides no other for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from harvester.store.database import open_to_read
from harvester.store.withdrawal.secret import secret_file
from tests.soak.withdrawal_changes import CHANGES, NAMESAKE, OTHERS, SECRET, Change, Trial
from tests.support.publishing import harvester_serve

if TYPE_CHECKING:
    from pathlib import Path

QUICK = (
    *("slug", "id and slug", "slug, title, date, summary", "both, then slug", "listed twice"),
    *("another's page shows it once", "a new one's page shows it once", "its slug goes to a new one"),
    *("a namesake, and slug", "an old capture of a listing", "slugs swapped"),
)
BY_NAME = {change.name: change for change in CHANGES}


@pytest.mark.parametrize("name", QUICK)
def test_it_is_never_seen_and_others_are(name: str, tmp_path: Path) -> None:
    assert Trial(tmp_path, BY_NAME[name]).run() == []


@pytest.fixture
def withdrawn(tmp_path: Path) -> Path:
    """Return a database in which a namesake came after a document was withdrawn, whose page nobody has read."""
    trial = Trial(tmp_path, Change("", ()))
    trial.sync()
    assert run(["withdraw", SECRET.slug, "--db", str(trial.db)]) == 0
    trial.world.add(NAMESAKE)
    trial.harvest_listing()
    return trial.db


def slugs(path: Path) -> set[str]:
    with open_to_read(path) as db:
        return {row[0] for row in db.execute("SELECT slug FROM documents")}


def test_a_namesake_is_withheld_and_named_and_can_be_freed(
    withdrawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert NAMESAKE.slug not in slugs(withdrawn)
    with open_to_read(withdrawn) as db:
        outcome = db.execute("SELECT position, message, extract FROM problems WHERE code = 'withheld'").fetchall()
    assert [(position, extract) for position, _, extract in outcome] == [(7, None)]
    assert outcome[0][1].startswith("withheld until its page is read")
    assert run(["withdraw", "--list", "--db", str(withdrawn)]) == 0
    assert f"withheld until its page is read: {NAMESAKE.slug}" in capsys.readouterr().out
    assert run(["withdraw", "--not", NAMESAKE.slug, "--db", str(withdrawn)]) == 0
    assert run(["withdraw", "--not", "nothing", "--db", str(withdrawn)]) == 2
    last = max(tmp_path.glob("*.warc"), key=lambda file: int(file.stem))
    assert run(["harvest", str(last), "--db", str(withdrawn)]) == 0
    assert {NAMESAKE.slug} == slugs(withdrawn) & {NAMESAKE.slug, SECRET.slug}


def test_without_the_secret_nothing_is_harvested_served_published_or_made_again(
    withdrawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = secret_file(withdrawn)
    right = secret.read_text()
    commands = (
        ["harvest", str(tmp_path / "0.warc")],
        ["rebuild"],
        ["publish", str(tmp_path / "public"), "--yes"],
        ["serve", "--port", "0"],
        ["withdraw", OTHERS[0].slug],
    )
    for wrong, stated in ((None, "is missing"), ("ab" * 32, "belongs to another database"), ("?", "cannot be read")):
        secret.unlink() if wrong is None else secret.write_text(wrong)
        for command in commands:
            assert run([*command, "--db", str(withdrawn)]) == 1
            err = capsys.readouterr().err
            assert stated in err
            assert "get " in err
    secret.write_text(right)
    assert run(["harvest", str(tmp_path / "0.warc"), "--db", str(withdrawn)]) == 0


def test_what_is_typed_later_does_not_name_it(withdrawn: Path, tmp_path: Path) -> None:
    named = tmp_path / f"{SECRET.slug.upper()}.html"
    named.write_text(f"<html><body>{SECRET.title}, {'x' * 50}</body></html>")
    run(["harvest", str(named), str(tmp_path / "other.html"), "--db", str(withdrawn)])
    other = tmp_path / "page.txt"
    other.write_text(f"No listing, but it says: {SECRET.title}. " * 3)
    assert run(["harvest", str(other), "--db", str(withdrawn)]) == 3
    with open_to_read(withdrawn) as db:
        stated = [str(row).lower() for table in ("runs", "problems") for row in db.execute(f"SELECT * FROM {table}")]
    assert [text for text in stated if "qxvarlo" in text or SECRET.slug in text] == []
    assert any("no listing, but it says: [withdrawn]" in text for text in stated)


def test_its_addresses_answer_that_it_is_gone(withdrawn: Path) -> None:
    with open_to_read(withdrawn) as db:
        (number,) = db.execute("SELECT id FROM withdrawn").fetchone()
    name = withdrawn.stem
    with harvester_serve(withdrawn) as (site, _):
        for address in (f"/document/{SECRET.slug}", f"/document/{number}.json", f"/{name}/documents/{number}"):
            status, text, _ = site.get(address)
            assert (status, "withdrawn" in text) == (410, True)
        assert site.get("/document/never-was")[0] == 404
        assert site.get(f"/{name}/documents/999")[0] == 404
