"""The reference of definitions: `python -m tests.definition_reference` writes it into docs/sources.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.config.toml_file import fields_of, model_at
from harvester.definitions.model import Definition
from harvester.source import FACETS, FIELDS
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

PAGE = ROOT / "docs" / "sources.md"
BEGIN = "<!-- The reference: written by `python -m tests.definition_reference`; a test compares both. -->\n"


def render() -> str:
    """Return the reference."""
    tables = [name for name in fields_of(Definition) if model_at(Definition, (name,)) is not Definition]
    parts = [
        "### At the top\n",
        *_rows(Definition, tables),
        *(line for name in tables for line in _table(name)),
        "### Fields and facets\n",
        f"A label is one of the fields {_listed(FIELDS)}, or one of the facets {_listed(FACETS)}, which may have "
        "several values, or `none`, whose values are left out.\n",
    ]
    return "\n".join(parts)


def _table(name: str) -> Iterator[str]:
    model = model_at(Definition, (name,))
    yield f"### `[{name}]`\n\n{(model.__doc__ or '').strip()}\n"
    yield from _rows(model, [])


def _rows(model: type[BaseModel], without: list[str]) -> Iterator[str]:
    yield "| key | what it says | example |\n|---|---|---|"
    for key, field in fields_of(model).items():
        if key not in without:
            needed = " **Needed.**" if field.is_required() else ""
            yield f"| `{key}` | {field.description}{needed} | `{(field.examples or [''])[0]}` |"
    yield ""


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text("utf-8").partition(BEGIN)[0] + BEGIN + "\n" + render(), "utf-8")
