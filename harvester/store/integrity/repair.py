"""Repairs what is derived: full text, documents, orphaned rows, and runs whose process has died."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harvester.model import Problem
from harvester.registry import load_sources
from harvester.store.database import transaction
from harvester.store.digests import begin_counting, count_new_rows, digest_of, stored_digests, write_digest
from harvester.store.documents import insert_document, update_document
from harvester.store.integrity.derived import differing_documents
from harvester.store.integrity.invariants import DEPENDENT_TABLES
from harvester.store.integrity.runs import dead_runs, stale_claims
from harvester.store.integrity.search import is_index_current
from harvester.store.run import Run
from harvester.store.search_index import count_unindexed, rebuild_index, update_index
from harvester.store.walks import mark_interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from harvester.store.digests import Digest

COMMAND = "harvester check --repair"
_SIGHTED = """UPDATE sightings SET document_id = (SELECT document_id FROM statements WHERE id = statement_id)
    WHERE statement_id IN (SELECT id FROM statements)
    AND document_id IS NOT (SELECT document_id FROM statements WHERE id = statement_id)"""
_LOST = """SELECT document_id, captures.source FROM statements JOIN captures ON captures.id = capture_id
    WHERE document_id NOT IN (SELECT id FROM documents) GROUP BY document_id"""
_ENDED = """SELECT DISTINCT runs.id FROM walks JOIN runs ON runs.id = run_id
    WHERE walks.status IS NULL AND runs.status <> 'running'"""
# A value that the row held and that no change logged is no change of the document.
_UNLOGGED = """DELETE FROM changes WHERE run_id = ? AND kind = 'changed' AND EXISTS (SELECT 1 FROM changes AS last
    WHERE last.id = (SELECT max(id) FROM changes AS c WHERE c.document_id = changes.document_id
        AND c.field = changes.field AND c.merged_from IS NULL AND c.kind IN ('filled', 'changed') AND NOT c.is_past
        AND c.id < changes.id)
    AND last.after IS NOT changes.before AND (last.kind = 'changed' OR last.after IS NOT NULL))"""


def repair(db: Database) -> None:
    """Repair what can be repaired, in a run of its own that logs what was done."""
    before = stored_digests(db)
    run = Run(db, COMMAND)
    with run.recording_failure():
        with transaction(db):
            done = [*_end_dead_runs(db), *_fix_references(db), *_rewrite_documents(db, run)]
            _restore_digests(db, before)
        done += _fix_index(db)
        for message in done:
            run.add_run_problem(Problem("notice", "repaired", message))
        run.finish("complete")


def _restore_digests(db: Database, before: dict[str, Digest]) -> None:
    """Restore the digests of tables that have again the rows which they had before something else wrote there."""
    count_new_rows(db)
    begin_counting(db)
    for table, digest in stored_digests(db).items():
        if digest != before[table] == digest_of(db, table):
            write_digest(db, table, before[table])


def _end_dead_runs(db: Database) -> Iterator[str]:
    for run, last_seen in list(dead_runs(db)):
        sql = "UPDATE runs SET status = 'interrupted', finished_at = ?, reason = ? WHERE id = ?"
        db.execute(sql, [last_seen, "ended without a word: killed, or a power cut", run])
        mark_interrupted(db, run)
        yield f"run {run} was marked as interrupted"
    for (run,) in db.execute(_ENDED).fetchall():
        mark_interrupted(db, run)
        yield f"walks of run {run} without a verdict were marked as interrupted"
    for place in list(stale_claims(db)):
        db.execute("DELETE FROM source_locks WHERE source = ?", [place.split(",")[0]])
        yield f"the claim was taken away: {place}"


def _fix_references(db: Database) -> Iterator[str]:
    """Assign sightings as their statements are, and delete rows of documents and captures that do not exist."""
    lost = [row[0] for row in db.execute(_LOST)]
    if count := db.execute(_SIGHTED).rowcount:
        yield f"{count} sightings were given to the documents of their statements"
    for table in DEPENDENT_TABLES:
        for key in db.table(table).foreign_keys:
            marks = ",".join("?" * len(lost)) if key.other_table == "documents" else ""
            sql = f"""DELETE FROM {table} WHERE "{key.column}" IS NOT NULL
                AND "{key.column}" NOT IN (SELECT id FROM {key.other_table})
                {f'AND "{key.column}" NOT IN ({marks})' if marks else ""}"""
            if count := db.execute(sql, lost if marks else []).rowcount:
                yield f"{count} rows were taken out of {table}: what they referred to ({key.column}) is not there"


def _rewrite_documents(db: Database, run: Run) -> Iterator[str]:
    """Derive documents anew from their statements."""
    sources = load_sources()
    for document, source in db.execute(_LOST).fetchall():
        db.execute("DELETE FROM document_terms WHERE document_id = ?", [document])
        insert_document(db, document, sources[source], run.id)
        run.counts["new"] += 1
        yield f"document {document} was made again of what pages say of it"
    for document, names in list(differing_documents(db)):
        (source,) = db.execute("SELECT source FROM documents WHERE id = ?", [document]).fetchone()
        run.counts["changed"] += update_document(db, document, sources[source], run.id) == "changed"
        yield f"document {document} is what its pages say again ({', '.join(names)})"
    db.execute(_UNLOGGED, [run.id])


def _fix_index(db: Database) -> Iterator[str]:
    """Update full text; rebuild it if that is not enough."""
    path = Path(db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0])
    if not count_unindexed(db) and not is_index_current(path):
        rebuild_index(db)
        yield "the index of documents was made again"
    update_index(db)
