"""Receipts: what became of a part. They are the truth about a bulk reading, whatever an engine remembers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Receipt:
    """What the reading of a part brought.

    `records`: how many items were seen: pages that say something, `refused` ones by the code of their reason (`absent`:
    those of them that the site does not have), `ignored` ones that are no pages of a known archive, and `revisits`,
    whose originals are looked for when everything is loaded. `remarks`: what is odd about items, by code. `ends`: for
    each range of a WARC, in order, where the next record begins. `rows` and `size` (bytes) are of the Parquet file;
    `sources`: how many pages are of which archive.
    """

    part: str
    parser_version: int
    records: int
    pages: int
    ignored: int
    revisits: int
    refused: dict[str, int]
    absent: int
    remarks: dict[str, int]
    sources: dict[str, int]
    ends: tuple[int, ...]
    rows: int
    size: int
    seconds: float

    @property
    def lacking(self) -> int:
        """How many items were requested and not taken."""
        return sum(self.refused.values()) - self.absent

    def as_json(self) -> bytes:
        """Return the receipt as JSON."""
        return _RECEIPT.dump_json(self)


_RECEIPT = TypeAdapter(Receipt)


def receipt_from_json(text: bytes) -> Receipt:
    """Return a receipt from its JSON. Raises a ValueError if it is none."""
    return _RECEIPT.validate_json(text)


class Totals:
    """The sums of many receipts."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.remarks: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()

    def add(self, receipt: Receipt) -> None:
        """Add a receipt."""
        names = ("records", "pages", "ignored", "revisits", "absent", "lacking")
        self.counts.update({name: getattr(receipt, name) for name in names})
        self.refused.update(receipt.refused)
        self.remarks.update(receipt.remarks)
        self.sources.update(receipt.sources)
