"""Harvests from web archives on the command line: what a target means, the progress, and the verdict as text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from harvester.cli.commands import command_line
from harvester.cli.harvest_options import apply_config, captures_folder
from harvester.cli.progress import LiveProgress
from harvester.cli.run_summary import exit_status, summary
from harvester.errors import UsageError
from harvester.registry import find_source
from harvester.webarchive.options import BEGINNING, WebArchiveOptions, read_span_end, read_target
from harvester.webarchive.place import WebArchive

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.ingest import Stop
    from harvester.source import Source

REASONS = {
    "another-address": "another address came",
    "another-kind": "no page",
    "another-time": "another time came",
    "damaged-body": "damaged",
    "excluded": "excluded",
    "no-answer": "no answer",
    "no-capture": "a page of the web archive itself",
    "no-original": "what it repeats is nowhere",
    "not-there": "listed but not there",
    "redirect": "redirected",
    "server-error": "server error",
    "too-large": "too large",
    "truncated": "cut off",
}
"""Why captures are not playable, in few words."""


def web_archive_target(
    targets: tuple[str, ...], params: dict[str, Any], sources: tuple[Source, ...]
) -> tuple[Source, WebArchiveOptions] | None:
    """Return the source and the options, as far as the target and its time say; None if no web archive is meant."""
    options = WebArchiveOptions()
    if params["web_archive"] is not None:
        options = replace(options, archive=WebArchive.at(params["web_archive"]))
        if len(targets) != 1:
            raise UsageError("name one archive, before the option: harvester harvest wilson --web-archive")
    read = read_target(targets[0])
    if read is not None:
        source = find_source(read.address, sources)
        if source is None:
            raise UsageError(
                f"no archive known is at {urlsplit(read.address).netloc}: save what {read.archive.host} plays back, "
                "with id_ behind the time of a capture, so that it comes as it was, and harvest the files"
            )
        since, until = read.since or options.since, min(read.until or options.until, options.until)
        archive = options.archive if params["web_archive"] else read.archive
        options = replace(options, archive=archive, page=read.page, since=since, until=until)
    elif params["web_archive"] is None:
        return None
    else:
        source = find_source(targets[0], sources)
        if source is None:
            names = ", ".join(one.name for one in sources)
            raise UsageError(f"no archive {targets[0]}: name one of {names}, or give the address of one of its pages")
        options = replace(options, page=None if targets[0] == source.name else targets[0])
    return source, _with_span(options, params)


def _with_span(options: WebArchiveOptions, params: dict[str, Any]) -> WebArchiveOptions:
    since = read_span_end(params["since"]) if params["since"] else options.since
    until = min(read_span_end(params["until"], end=True), options.until) if params["until"] else options.until
    if since > until:
        raise UsageError(f"--from {params['since'] or since.date()} is after --to: change one of them")
    return replace(options, since=max(since, BEGINNING), until=until)


def harvest_web(
    web: tuple[Source, WebArchiveOptions], db: Path, params: dict[str, Any], stop: Stop, *, as_json: bool
) -> int:
    """Harvest from a web archive, print what became of it, and return the exit status."""
    from harvester.webarchive.harvest import harvest_web_archive  # with the network's libraries

    source, options = web
    params = apply_config(params, source.name)
    options = replace(
        options,
        versions=params["versions"],
        most_requests=params["max_requests"],
        most_seconds=params["max_seconds"],
        delay=params["delay"],
        db=db,
        captures=captures_folder(params, db),
        refresh_after=params["refresh_after"],
        contact=params["contact"],
        list_only=params["dry_run"],
        command=command_line(),
    )
    progress = LiveProgress()
    try:
        row = harvest_web_archive(source, options, stop, progress, progress.notify)
    finally:
        progress.close()
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else _outcome(row, db, list_only=options.list_only))
    return exit_status(row, stop)


def _outcome(row: dict[str, Any], db: Path, *, list_only: bool) -> str:
    """Return how a run ended and why, and what the web archive lists if it lists anything."""
    found = row["web_archive"]
    lines = [] if list_only and row["status"] == "complete" else [summary(row, db)]
    lines += [row["reason"]] if row["reason"] and row["status"] != "interrupted" else []
    if found["listed"]:
        lines.append(_describe_plan(found) if list_only else describe_verdict(found))
    return "\n".join(lines)


def describe_verdict(found: dict[str, Any]) -> str:
    """Return what a web archive lists and what of it is held, as text."""
    text = f"{_listed(found)}: {found['wanted']} wanted ({found['versions']}), {found['held']} held"
    if found["not_playable"]:
        reasons = (f"{number} {REASONS.get(reason, reason)}" for reason, number in found["reasons"].items())
        text += f", {found['not_playable']} not playable ({', '.join(reasons)})"
    text += f", {found['not_requested']} not asked for yet" if found["not_requested"] else ""
    past = found["past_changes"]
    text += f".\n{_counted(past, 'change')} of the past: see harvester history" if past else ""
    return f"{text}.\nThat is what the web archive lists: whether the archive has more, no web archive can say."


def _listed(found: dict[str, Any]) -> str:
    since, until = found["since"][:10], found["until"][:10]
    where = urlsplit(found["web_archive"]).netloc
    listed, pages = _counted(found["listed"], "capture"), _counted(found["pages"], "page")
    return f"{where} lists {listed} of {pages} from {since} to {until}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _describe_plan(found: dict[str, Any]) -> str:
    """Return what would be fetched, and how long that would take at least."""
    seconds = timedelta(seconds=round(found["requests"] * found["delay"]))
    takes = f"at least {seconds} (hours:minutes:seconds)" if found["delay"] else "without a pause between them"
    return (
        f"{_listed(found)}: {found['wanted']} wanted ({found['versions']}), {found['held']} held; "
        f"{_counted(found['requests'], 'request')} would be sent, {takes}"
    )
