"""What is read of a plan, and what is missing: the plan minus the receipts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harvester.bulk.receipts import Totals
from harvester.bulk.rows import SKIPPED, read_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part
    from harvester.bulk.receipts import Receipt

SHOWN = 5


@dataclass
class BulkStatus:
    """How far a bulk reading is."""

    parts: int = 0
    bytes: int = 0
    bytes_read: int = 0
    missing: list[Part] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)

    @property
    def verdict(self) -> str:
        """`complete` if every part is read and nothing in them was refused, else `partial`."""
        return "partial" if self.missing or self.totals.counts["lacking"] else "complete"

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON object that other programs rely on."""
        totals = self.totals
        return {
            "verdict": self.verdict,
            "parts": self.parts,
            "read": self.parts - len(self.missing),
            "bytes": self.bytes,
            "bytes_read": self.bytes_read,
            **{name: totals.counts[name] for name in ("records", "pages", "ignored", "revisits")},
            "refused": dict(totals.refused),
            "remarks": dict(totals.remarks),
            "sources": dict(totals.sources),
            "missing": [part.id for part in self.missing],
        }

    def lines(self) -> Iterator[str]:
        """Yield it as lines for people."""
        counts, read = self.totals.counts, self.parts - len(self.missing)
        sizes = f"{_format_size(self.bytes_read)} of {_format_size(self.bytes)}"
        yield f"{self.verdict}: {read:,} of {self.parts:,} parts are read, {sizes}"
        refused, revisits = sum(self.totals.refused.values()), counts["revisits"]
        later = f", {revisits:,} revisits whose pages are looked for when all is loaded" if revisits else ""
        taken = f"{counts['pages']:,} pages, {counts['ignored']:,} ignored, {refused:,} refused"
        yield f"{counts['records']:,} records: {taken}{later}"
        yield from (f"  of {name}: {count:,} pages" for name, count in self.totals.sources.most_common())
        yield from (f"  refused, {code}: {count:,}" for code, count in self.totals.refused.most_common())
        yield from (f"  remarked, {code}: {count:,}" for code, count in self.totals.remarks.most_common())
        yield from (f"  not read: {', '.join(map(str, part.pieces[:2]))}" for part in self.missing[:SHOWN])
        if len(self.missing) > SHOWN:
            yield f"  and {len(self.missing) - SHOWN:,} other parts"


def read_status(folder: BulkFolder) -> BulkStatus:
    """Return how far a bulk reading is."""
    status = BulkStatus()
    for part in folder.planned():
        status.parts += 1
        status.bytes += part.size
        receipt: Receipt | None = folder.receipt(part)
        if receipt is None:
            status.missing.append(part)
        else:
            status.bytes_read += part.size
            status.totals.add(receipt)
    return status


def refusals(folder: BulkFolder) -> Iterator[dict[str, Any]]:
    """Yield everything that was not taken: its address, the file and byte where it is, and the reason."""
    columns = ["kind", "uri", "content", "file", "offset"]
    for part in folder.planned():
        receipt = folder.receipt(part)
        if receipt and receipt.refused:
            for row in read_columns(folder.parquet(part), columns):
                if row["kind"] in (SKIPPED, "refused"):
                    yield from _refusal(row)


def _refusal(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    content = json.loads(row["content"])  # of a problem, or of a refused page
    if content.get("severity", "error") == "error":
        place = {name: row[name] for name in ("uri", "file", "offset")}
        yield place | {name: content[name] for name in ("code", "message")}


def _format_size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
