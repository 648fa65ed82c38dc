"""What a database must hold of the archive in `truth_world`, and what a harvest may ask it for: the rules, plainly.

A harvest knows of an item what the listing shows of it, and of the rest what its own page has shown last. Where the
document page at an address fails or is another item's, in that harvest

- what only document pages show (numbers, terms, texts) is as before, which needs no rule of its own here; and
- where the address has another item than before, or so many records were corrected that the listing is not believed
  (more than a tenth), the items that have the address, or had it, are in doubt, and nothing is asked of them.

Nothing else is. The next harvest reads the page again, and all is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.support.archive_pages import HOST

if TYPE_CHECKING:
    from tests.support.archive_pages import Item
    from tests.support.corrected_archive import World

SHOWN = ("title", "date", "summary")
"""What a listing shows of an item, besides its address."""
PROOF = 2
"""So many complete walks without an item: it is gone."""
GUARD_FROM, GUARD_SHARE = 10, 10
RIGHTS = "The History and Public Policy Program welcomes reuse of Digital Archive materials."


def edtf(printed: str | None) -> str | None:
    """Return a printed date of the archive's three forms as EDTF."""
    for form, wanted in (("%B %d, %Y", "%Y-%m-%d"), ("%B %Y", "%Y-%m"), ("%Y", "%Y")):
        try:
            return datetime.strptime(printed or "", form).strftime(wanted)
        except ValueError:
            continue
    return None


def shown(item: Item) -> tuple[Any, ...]:
    """Return what a listing shows of an item."""
    return tuple(getattr(item, name) for name in SHOWN)


@dataclass
class Requested:
    """The document pages that one harvest had to ask for, and those that it might."""

    must: set[str]
    may: set[str]


@dataclass
class Expected:
    """What must be held, by the items' numbers."""

    world: World
    known: dict[int, Item] = field(default_factory=dict)
    """As the listing showed each item last."""
    owners: dict[str, int] = field(default_factory=dict)
    """Which item a listing has shown last at an address."""
    missed: dict[int, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    doubt: set[int] = field(default_factory=set)
    unsure: dict[int, int] = field(default_factory=dict)
    """For how many more harvests it cannot be said whether an item that was in doubt counts as gone."""
    is_countable: bool = True
    """False where an item came back at another address: it is gone at the walk's end, until its page has been read."""
    harvests: int = 0
    struck: set[str] = field(default_factory=set)
    new: int = 0
    left: set[int] = field(default_factory=set)
    back: set[int] = field(default_factory=set)

    def pages_to_ask(self, read: set[tuple[str, int]], *, all_old: bool) -> Requested:
        """Return which pages the harvest that begins is to ask for; `read`: what pages were read where before."""
        listed = [self.world.items[number] for number in self.world.listed]
        must = {item.slug for item in listed if (item.slug, item.number) not in read}
        must |= {item.slug for item in listed if item.number in self.known and self._differ(item)}
        must |= {item.slug for item in listed if self.owners.get(item.slug) not in (None, item.number)}
        must |= {item.slug for item in listed if all_old}
        away = [item for item in self.known.values() if item.number not in self.world.listed]
        leaving = [i for i in away if self.missed[i.number] == PROOF - 1 and self._has_address(i)]
        # Of an item that may be gone by two answers, they may have come before.
        must |= {item.slug for item in leaving if item.number not in self.unsure}
        may = set(self.struck) | {item.slug for item in self.known.values() if all_old}
        may |= {item.slug for item in leaving}
        may |= {item.slug for item in listed if self.missed.get(item.number)}  # it was away when all were read again
        return Requested(must, may)

    def end_harvest(self, *, all_old: bool) -> None:
        """Add what the archive stated in the harvest that has ended, and which of its responses failed.

        `all_old`: every page was due; the page of an item that is away is then asked for, and two such answers are
        a proof, too, so that it may be gone earlier.
        """
        listed = [self.world.items[number] for number in self.world.listed]
        self._doubt(listed)
        self.new = len([item for item in listed if item.number not in self.known])
        self.left, self.back = set(), set()
        for number in self.known:
            self.missed[number] += 1
        # That an address has another item is learned from its page, which is read when the walk has ended.
        handed_over = {item.slug for item in listed if self.owners.get(item.slug) not in (None, item.number)}
        self.is_countable = not any(
            item.number in self.known
            and self.missed[item.number] >= PROOF
            and self.known[item.number].slug != item.slug
            for item in listed
        )
        for item in listed:
            self.known[item.number], self.owners[item.slug] = item, item.number
            self.missed[item.number] = 0
        for number, missed in self.missed.items():
            if missed >= PROOF and number not in self.gone and self.known[number].slug not in handed_over:
                self.left.add(number)
            if not missed and number in self.gone:
                self.back.add(number)
        self.gone = (self.gone | self.left) - self.back
        self.unsure = {number: left - 1 for number, left in self.unsure.items() if left > 1}
        self.unsure |= dict.fromkeys(self.doubt, PROOF + 1)
        if all_old:
            self.unsure |= dict.fromkeys((number for number, missed in self.missed.items() if missed), PROOF)
        self.struck = set(self.world.struck)
        self.harvests += 1

    def row(self, number: int) -> dict[str, Any]:
        """Return what the row of an item's document must be."""
        item, page = self.known[number], self.world.served.get(number)
        slug = item.slug if self._has_address(item) else None
        return {
            "title": item.title,
            "date": edtf(item.date),
            "date_text": item.date,
            "summary": "\n\n".join(item.summary) or None,
            "kind": item.kind,
            "slug": slug,
            "url": f"{HOST}/document/{slug}" if slug else None,
            "record_id": page.record_id if page else None,
            "node_id": page.node_id if page else None,
            "archive": page.archive if page else None,
            "archive_location": page.location if page else None,
            "classification": page.classification if page else None,
            "rights": RIGHTS if page else None,
        }

    def terms(self, number: int) -> set[tuple[str, str]]:
        """Return the terms of an item's document, with their facets."""
        page = self.world.served.get(number)
        if page is None:
            return set()
        found: dict[str, tuple[str | None, ...]] = {"person": page.people, "place": page.places}
        found |= {
            "subject": page.subjects,
            "contributor": page.contributors,
            "language": (page.language,),
            "donor": (page.donor,),
        }
        return {(facet, term) for facet, terms in found.items() for term in terms if term}

    def texts(self, number: int) -> set[tuple[str, str | None, str]]:
        """Return the texts of an item's document: kind, language, text."""
        page = self.world.served.get(number)
        texts = (
            [("transcript", page.language, page.transcript), ("translation", "English", page.translation)]
            if page
            else []
        )
        return {(kind, language, "\n\n".join(parts)) for kind, language, parts in texts if parts}

    def _has_address(self, item: Item) -> bool:
        return self.owners.get(item.slug) in (None, item.number)

    def _differ(self, item: Item) -> set[str]:
        before = self.known[item.number]
        return {name for name, old, new in zip(SHOWN, shown(before), shown(item), strict=True) if old != new}

    def _is_shortened(self, number: int) -> bool:
        """Return whether a value is only the beginning of what it was: as teasers are, which change nothing."""
        old, new = self.known[number], self.world.items[number]
        pairs = ((old.title, new.title), ("\n\n".join(old.summary), "\n\n".join(new.summary)))
        return any(one != other and one.startswith(other) for one, other in pairs if other)

    def _doubt(self, listed: list[Item]) -> None:
        news = [self._differ(item) for item in listed if item.number in self.known]
        total = len(self.known.keys() - self.gone)
        guarded = total >= GUARD_FROM and any(
            sum(name in one for one in news) * GUARD_SHARE > min(total, len(listed)) for name in SHOWN
        )
        before, self.doubt = self.doubt, set()
        for slug in self.world.struck:
            now, was = self.world.holders[slug], self.owners.get(slug)
            if now != was or guarded or now in before or self._is_shortened(now):
                self.doubt |= {now} | ({was} if was is not None else set())
