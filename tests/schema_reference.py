"""The schema as people read it: `python -m tests.schema_reference` writes docs/schema.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from sqlite_utils import Database

from harvester.db.migrations import FOLDER, migrations

PAGE = Path(__file__).resolve().parent.parent / "docs" / "schema.md"
METADATA = FOLDER.parent / "metadata.yaml"
INTRODUCTION = """# Schema

Every table and view of a harvest, as `python -m tests.schema_reference` wrote it down from `db/migrations` and
`db/metadata.yaml`; a test compares them. All times are UTC, ISO 8601 to the second. Full text is kept in the FTS5 table
`documents_fts`. Tables and columns of your own may stand beside these; the harvester leaves them alone.
"""


def described() -> dict[str, dict[str, Any]]:
    """Return what metadata.yaml says of each table that readers see."""
    tables: dict[str, dict[str, Any]] = yaml.safe_load(METADATA.read_text("ascii"))["databases"]["harvest"]["tables"]
    return tables


def comments() -> dict[str, str]:
    """Return the comment above each CREATE statement, for tables that only the harvester reads."""
    above = re.compile(r"((?:^--.*\n)+)CREATE (?:TABLE|VIEW|VIRTUAL TABLE) (\w+)", re.MULTILINE)
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("[0-9]*.sql")):
        for comment, name in above.findall(path.read_text("utf-8")):
            found[name] = re.sub(r"\s*^--\s?", " ", comment, flags=re.MULTILINE).strip()
    return found


def _rows(db: Database, name: str, about: dict[str, Any]) -> list[str]:
    texts = about.get("columns", {})
    leads = {key["from"]: key["table"] for key in db.query(f"PRAGMA foreign_key_list([{name}])")}
    rows = []
    for column in db.query(f"PRAGMA table_xinfo([{name}])"):
        kind = " ".join(filter(None, [column["type"].lower(), "key" if column["pk"] else ""]))
        text = " ".join(filter(None, [texts.get(column["name"], ""), _lead(leads.get(column["name"]))]))
        rows.append(f"| `{column['name']}` | {kind} | {text.replace('|', chr(92) + '|')} |")
    return rows


def _lead(table: str | None) -> str:
    return f"→ [{table}](#{table})" if table else ""


def _section(db: Database, name: str, kind: str, text: str, about: dict[str, Any]) -> str:
    head = f"## {name}\n\n{'A view. ' if kind == 'view' else ''}{about.get('description') or text}".rstrip()
    return "\n".join([f"{head}\n", "| column | type | what it holds |", "|---|---|---|", *_rows(db, name, about), ""])


def render() -> str:
    """Write the whole page: what readers see first, then what only the harvester reads."""
    db = Database(memory=True)
    migrations().apply(db)
    about, above = described(), comments()
    sql = """SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'
        AND name NOT LIKE '\\_sqlite%' ESCAPE '\\' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'"""
    kinds = dict(db.execute(sql).fetchall())
    names = [*(name for name in about if name in kinds), *sorted(set(kinds) - set(about))]
    parts = [_section(db, name, kinds[name], above.get(name, ""), about.get(name, {})) for name in names]
    return "\n".join([INTRODUCTION, *parts])


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
