"""A plain model of what is known of an archive: lists, dictionaries and nothing of the harvester's."""

from __future__ import annotations

from dataclasses import dataclass, field

VOICES = ("document", "F")
"""The pages that speak of an item, the richer first."""
FIELDS = ("title", "date", "summary")
Stated = tuple["str | None", ...]


@dataclass(frozen=True)
class Saying:
    """What one page said of one item (FIELDS): the days on which it was captured and harvested, and the voice."""

    at: int
    learned: int
    voice: str
    stated: Stated


@dataclass
class Known:
    """What is known of one item."""

    sayings: list[Saying] = field(default_factory=list)
    denials: list[tuple[int, int]] = field(default_factory=list)  # captured, harvested: its address was not there
    marks: list[tuple[int, int, bool]] = field(default_factory=list)  # since, learned, whether it was gone

    def state(self, at: int, learned: int, judged: int | None = None) -> dict[str, str]:
        """Return what the item was on a day, as far as was known on another.

        `judged`: the day as of which it is judged which pages are the item's, if that is a later one.
        """
        believed = self.believed(learned if judged is None else judged)
        spoken = [s for s in believed if s.at <= at and s.learned <= learned]
        found = {name: self._field(number, spoken) for number, name in enumerate(FIELDS)}
        return {name: value for name, value in found.items() if value is not None}

    def believed(self, judged: int) -> list[Saying]:
        """Return what counts of all that is known on a day, in order of time.

        A document's first page that has neither the title nor the date of the listing before it may be another item's.
        It counts when the listing after it has both, or when it is read on another day, too.
        """
        spoken = [s for s in self.sayings if s.learned <= judged]
        spoken.sort(key=lambda s: (s.at, s.voice == "document"))
        pages = [s for s in spoken if s.voice == "document"]
        if len({page.at for page in pages}) != 1:
            return spoken
        rows = [s for s in spoken if s.voice == "F"]
        before, after = ([r for r in rows if (r.at <= pages[0].at) == earlier] for earlier in (True, False))
        return [s for s in spoken if s.voice == "F" or not before or _may_be(s, before[-1], after[:1])]

    @staticmethod
    def _field(number: int, spoken: list[Saying]) -> str | None:
        """Return one field: the document's page is believed, but what a listing changes is news until it is read."""
        values = [(s.at, s.voice, s.stated[number]) for s in spoken]
        page: str | None = None
        row: str | None = None
        news: tuple[str | None, str | None, set[int]] | None = None  # the new value, the page's, readings of that
        for place, (at, voice, value) in enumerate(values):
            rows_before = any(other == "F" for _, other, _ in values[:place])
            pages_before = any(other == "document" for _, other, _ in values[:place])
            held = news[0] if news else page if page is not None else row
            if voice == "document":
                page = value
                if news and value is not None and value == news[1]:
                    news[2].add(at)
                    news = news if len(news[2]) < 4 else None
                else:
                    news = None
            else:
                if rows_before and pages_before and value != row:
                    teaser = page and value and page.startswith(value) and page != value
                    if value == page or (teaser and row != held):
                        news = None
                    elif row == held and not teaser:
                        news = (value, page, set())
                row = value
        return news[0] if news else page if page is not None else row

    def gone(self, at: int, learned: int) -> bool:
        """Return whether the item was gone on a day, as far as was known on another."""
        marks = [mark for mark in self.marks if mark[0] <= at and mark[1] <= learned]
        return bool(marks) and max(enumerate(marks), key=lambda one: (one[1][0], one[0]))[1][2]

    @property
    def is_gone(self) -> bool:
        return bool(self.marks) and self.marks[-1][2]


def _may_be(page: Saying, row: Saying, next_row: list[Saying]) -> bool:
    title, date, _ = page.stated
    has_something = title == row.stated[0] or (date is not None and date == row.stated[1])
    return has_something or any(one.stated[:2] == (title, date) for one in next_row)


@dataclass
class Model:
    """What is known of all items, by slug, and who stands on the listing (how many walks in a row lacked it)."""

    items: dict[str, Known] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    def say(self, slug: str, saying: Saying) -> None:
        """Add what a page states of an item; an item that is gone returns if the page is newer."""
        known = self.items.setdefault(slug, Known())
        known.sayings.append(saying)
        if known.is_gone and saying.at >= known.marks[-1][0] and saying in known.believed(saying.learned):
            known.marks.append((saying.at, saying.learned, False))

    def deny(self, slug: str, at: int, learned: int) -> None:
        """Add that nothing is at an item's address; after two such runs it is gone, unless a page shows it since."""
        known = self.items[slug]
        known.denials.append((at, learned))
        shown = max((s.at for s in known.sayings if s.voice == "document"), default=-1)
        since = [one for one in known.denials if one[0] >= shown]
        listed = max((s.at for s in known.sayings), default=-1)
        if len({run for _, run in since}) > 1 and listed <= min(since)[0] and not known.is_gone:
            known.marks.append((at, learned, True))

    def walk(self, shown: list[str], *, accepted: bool) -> list[str]:
        """Add the items on the listing; return those that have left it, unless they are too many to be believed."""
        for slug in self.missed:
            self.missed[slug] += slug not in self.left
        for slug in shown:
            self.missed[slug] = 0
            self.left.discard(slug)
        leaving = [slug for slug, missed in self.missed.items() if missed > 1 and slug not in self.left]
        members = len(self.missed.keys() - self.left)
        return [] if members >= 10 and len(leaving) * 10 > members and not accepted else leaving

    def leave(self, slug: str, day: int, *, answers: bool) -> None:
        """Remove an item from the listing; without a page at its address it is gone."""
        self.left.add(slug)
        if not answers and not self.items[slug].is_gone:
            self.items[slug].marks.append((day, day, True))
