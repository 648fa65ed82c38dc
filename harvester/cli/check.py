"""`harvester check`: checks and repairs the database."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from harvester.cli.commands import db_option, json_option
from harvester.store.database import open_to_mend, translate_errors
from harvester.store.integrity.check import run_checks as run_checks
from harvester.store.integrity.finding import EXAMPLES, REBUILD, REPAIR
from harvester.store.integrity.repair import repair as fix

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.store.integrity.finding import Finding


@click.command()
@db_option
@click.option("--fast", is_flag=True, help="Leave out the files that pages were read from.")
@click.option("--repair", is_flag=True, help="Mend what follows from other data: full text, documents, dead runs.")
@json_option
def check(db: Path, fast: bool, repair: bool, as_json: bool) -> int:
    """Check whether the database is sound: the file, what refers to what, full text, history, saved pages.

    Each line says what is wrong, where, and the command that mends it. Saved pages that are gone or changed since are
    no fault: only, they cannot be read again.

    Exit status 0 if nothing is wrong, 1 if something is.

    Examples:
        harvester check
        harvester check --repair

    """
    if repair:
        with translate_errors(db), open_to_mend(db) as database:
            fix(database)
    findings = run_checks(db, fast=fast)
    if repair:  # what is left of it needs the pages themselves
        findings = [replace(found, mend=REBUILD) if found.mend == REPAIR else found for found in findings]
    wrong = [finding for finding in findings if not finding.notice]
    if as_json:
        click.echo(
            json.dumps(
                {"sound": not wrong, "findings": [finding.as_dict() for finding in findings]}, ensure_ascii=False
            )
        )
    else:
        click.echo(
            "\n".join([*(format_finding(finding, db) for finding in findings), "sound" if not wrong else "not sound"])
        )
    return 1 if wrong else 0


def format_finding(finding: Finding, db: Path) -> str:
    """Return a finding as one line: what is wrong, where, and the command that repairs it."""
    places = "; ".join(finding.examples) + (" …" if finding.count > EXAMPLES else "")
    mended = f". To mend it: {finding.mend} --db {shlex.quote(str(db))}" if finding.mend else ""
    kind = "notice: " if finding.notice else ""
    return f"{kind}{finding.check}: {finding.count} {finding.message}{f' ({places})' if places else ''}{mended}"
