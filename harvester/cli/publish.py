"""`harvester publish`: a folder that any Datasette serves as `harvester serve` does."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import db_option
from harvester.cli.serve import CONFIG_DIR, datasette_config, name_archives
from harvester.db.pages.databases import read_metadata
from harvester.errors import UsageError
from harvester.store.backup import copy_into
from harvester.store.database import open_to_read, translate_errors
from harvester.store.redaction import redact
from harvester.store.status import count_holdings, count_rights, list_sources
from harvester.store.withdrawal.secret import check_secret, database_file
from harvester.utils import fsync_path, utc_timestamp

if TYPE_CHECKING:
    from sqlite_utils import Database

MARK = "published.json"
"""The file that marks a folder written by this command, which may be overwritten."""
PARTS = ("__init__.py", "citations", "metadata.yaml", "plugins", "pages", "settings.json", "static", "templates")
"""The published parts of the configuration directory; users keep databases there, too."""
RIGHTS_SHOWN = 12
_ARCHIVES = re.compile(r"(?<=    archives:\n)(?:      .*\n)+")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@db_option
@click.option("--yes", is_flag=True, help="Publish without asking: the rights were looked at.")
def publish(directory: Path, db: Path, yes: bool) -> None:
    """Write a DIRECTORY that plain `datasette DIRECTORY` serves as `harvester serve` does.

    First it shows what the archive says on the rights of what is held, and asks. With it come a container file and
    instructions. In which folders of this machine pages lay, and how its schedules stand, is left out. A directory that
    this command wrote is written anew; any other one that is not empty is left alone.

    Example:
        harvester publish public

    """
    bring_back(directory)
    check_target(directory)
    with translate_errors(db), open_to_read(db) as database:
        check_secret(database)
        click.echo("\n".join(format_rights(database)))
        if not yes:
            click.confirm("Publish all of this?", abort=True)
        write_folder(database, directory)
    click.echo(f"{directory} is ready: `datasette {directory}` serves it; its README.md says how to put it elsewhere")


def _beside(directory: Path) -> tuple[Path, Path]:
    """Return the folder that is written before it is put in place, and the one that is out of place then."""
    target = directory.absolute()
    return target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")


def bring_back(directory: Path) -> None:
    """Put what was published in its place again, if a kill came between the two renames that replace it."""
    _, old = _beside(directory)
    if (old / MARK).exists() and not directory.exists():
        old.rename(directory.absolute())


def check_target(directory: Path) -> None:
    """Raise UsageError if the directory holds anything that this command did not write."""
    if not directory.absolute().parent.is_dir():
        raise UsageError(f"no folder {directory.absolute().parent}: make it first")
    if directory.exists() and not (directory / MARK).exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} holds something else and was left as it is: name a new folder")


def format_rights(db: Database) -> list[str]:
    """Return lines that report how many documents there are, and under which rights."""
    counts, statements = count_holdings(db), count_rights(db)
    lines = [f"{counts['documents']} documents with {counts['texts']} texts. What the archive says on their rights:"]
    lines += [f"  {count} documents: {' '.join(text.split())}" for text, count in statements[:RIGHTS_SHOWN]]
    lines += [f"  {len(statements) - RIGHTS_SHOWN} other statements"] if len(statements) > RIGHTS_SHOWN else []
    lines += [f"  {counts['silent']} documents: nothing is stated"] if counts["silent"] else []
    return lines + ([f"{counts['gone']} of them have left the archive."] if counts["gone"] else [])


def write_folder(db: Database, directory: Path) -> None:
    """Write a new folder, then move it into place, so that a server never sees half of it."""
    target = directory.absolute()
    made, old = _beside(directory)
    for left in (made, old):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(CONFIG_DIR / "publishing", made)
    for part in PARTS:
        copy = shutil.copytree if (CONFIG_DIR / part).is_dir() else shutil.copyfile
        copy(CONFIG_DIR / part, made / part)
    for compiled in made.rglob("__pycache__"):
        shutil.rmtree(compiled)
    names = name_archives(read_metadata())
    held = "".join(f"      {name}: {json.dumps(names[name])}\n" for name in list_sources(db) if name in names)
    described = (made / "metadata.yaml").read_text("utf-8")
    (made / "metadata.yaml").write_text(_ARCHIVES.sub(lambda _: held or "      {}\n", described), "utf-8")
    # JSON is YAML. Datasette 0.65 does not read it, 1.0 does not read settings.json.
    (made / "datasette.yaml").write_text(json.dumps(datasette_config("harvest"), indent=1) + "\n", "utf-8")
    # Not VACUUM INTO: read only, SQLite cannot do that with a generated column.
    copy_into(database_file(db), made / "harvest.db")
    redact(made / "harvest.db")
    fsync_path(made / "harvest.db")
    about: dict[str, Any] = {"published_at": utc_timestamp(), **count_holdings(db)}
    (made / MARK).write_text(json.dumps(about) + "\n", "utf-8")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)
