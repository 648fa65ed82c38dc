"""The folder of a bulk reading: its plan, and for each part a Parquet file and a receipt. Machines share only this."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from harvester.bulk.parts import part_from_json
from harvester.bulk.receipts import receipt_from_json
from harvester.errors import HarvesterError, UsageError
from harvester.parsers.parse import PARSER_VERSION
from harvester.utils import fsync_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harvester.bulk.parts import Part
    from harvester.bulk.receipts import Receipt

PLAN = "plan.jsonl"


class BulkFolder:
    """A folder that any number of processes read and write at the same time, on a file system that they share.

    A file is written under a name of its own and renamed when it is whole, so that nobody sees half of one; two that
    write the same file write the same. `replaced/ID.jsonl` holds the parts that a part was divided into.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """Raise UsageError if there is no plan here."""
        if not (self.path / PLAN).is_file():
            raise UsageError(f"no plan in {self.path}: make one with `harvester bulk plan TARGET --out {self.path}`")

    def write_plan(self, parts: Iterable[Part]) -> int:
        """Write a plan in place of the one that is here, if any; return its number of parts.

        Parts that are in both keep what was read of them. The same part twice, of a target named twice, is one.
        """
        for name in ("parts", "receipts", "replaced", "deaths"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        written: set[str] = set()
        with AsideFile(self.path / PLAN) as aside, aside.path.open("wb") as file:
            for part in parts:
                if part.id not in written:
                    file.write(part.as_json() + b"\n")
                    written.add(part.id)
        return len(written)

    def planned(self) -> Iterator[Part]:
        """Yield the parts of the plan, in order, each that was divided as what it was divided into."""
        self.check()
        yield from self._expanded(self._parts_in(self.path / PLAN))

    def _expanded(self, parts: Iterable[Part]) -> Iterator[Part]:
        for part in parts:
            replaced = self._replaced(part)
            yield from self._expanded(self._parts_in(replaced)) if replaced.exists() else (part,)

    def _parts_in(self, path: Path) -> Iterator[Part]:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    part = part_from_json(line)
                except ValueError:
                    raise HarvesterError(f"{path}, line {number}, is no part: plan again with --out") from None
                yield part

    def replace(self, part: Part, parts: Iterable[Part]) -> None:
        """Write that other parts, perhaps none, are read instead of a part."""
        with AsideFile(self._replaced(part)) as aside:
            aside.path.write_bytes(b"".join(other.as_json() + b"\n" for other in parts))

    def receipt(self, part: Part) -> Receipt | None:
        """Return a part's receipt; None if it is to be read, for the first time or because its file is not whole.

        A part that an earlier version of the parsers has read is read again.
        """
        try:
            receipt = receipt_from_json(self._receipt(part).read_bytes())
            size = self.parquet(part).stat().st_size
        except (OSError, ValueError):
            return None
        return receipt if receipt.parser_version == PARSER_VERSION and receipt.size == size else None

    def write_receipt(self, part: Part, receipt: Receipt) -> None:
        """Write a part's receipt, after its Parquet file: from now on it is read."""
        with AsideFile(self._receipt(part)) as aside:
            aside.path.write_bytes(receipt.as_json())

    def deaths(self, part: Part) -> list[str]:
        """Return how processes have ended that were reading a part, one line each."""
        try:
            return self._deaths(part).read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []

    def add_death(self, part: Part, how: str) -> None:
        """Write how a process has ended that was reading a part."""
        with self._deaths(part).open("a", encoding="utf-8") as file:
            file.write(f"{how}\n")

    def remove_unfinished(self, part: Part, process: int) -> None:
        """Delete what a process of this machine, which has been killed, had written of a part."""
        for target in (self.parquet(part), self._receipt(part)):
            for path in target.parent.glob(f".{target.name}.{process}.*"):
                path.unlink(missing_ok=True)

    def parquet(self, part: Part) -> Path:
        """Return the path of what a part's pages say."""
        return self.path / "parts" / f"{part.id}.parquet"

    def _receipt(self, part: Part) -> Path:
        return self.path / "receipts" / f"{part.id}.json"

    def _replaced(self, part: Part) -> Path:
        return self.path / "replaced" / f"{part.id}.jsonl"

    def _deaths(self, part: Part) -> Path:
        return self.path / "deaths" / part.id


class AsideFile:
    """A file that is written under another name, and renamed when the block ends well; else it is deleted."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f".{target.name}.{os.getpid()}.{uuid4().hex[:8]}")

    def __enter__(self) -> AsideFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                fsync_path(self.path)
                self.path.replace(self._target)
                fsync_path(self._target.parent)
        finally:
            with suppress(FileNotFoundError):
                self.path.unlink()
