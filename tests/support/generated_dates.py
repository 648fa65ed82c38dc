"""Writes EDTF in the words of many languages, with CLDR's month names and rules of its own, for a reader to read back.

`python -m tests.support.generated_dates 100000` writes and reads so many and shows what is not read back.
"""

from __future__ import annotations

import calendar
import random
import sys
from typing import TYPE_CHECKING

from babel.dates import format_date, get_month_names

if TYPE_CHECKING:
    from collections.abc import Iterator
from datetime import date

LOCALES = ("en", "de", "fr", "es", "it", "pt", "nl", "ru", "pl", "cs", "hu", "ro", "zh", "ja")
ABOUT = {"en": "circa", "de": "um", "fr": "vers", "es": "hacia", "it": "circa", "nl": "omstreeks", "ru": "около"}
BEFORE = {
    "en": "before",
    "de": "vor",
    "fr": "avant",
    "it": "prima del",
    "nl": "vóór",
    "pl": "przed",
    "ro": "înainte de",
}
BETWEEN = {"en": "between {} and {}", "de": "zwischen {} und {}", "fr": "entre {} et {}", "es": "entre {} y {}"}
SEASONS = {21: "Spring", 22: "Summer", 23: "Autumn", 24: "Winter"}
ORDINALS = {18: "18th", 19: "19th", 20: "20th", 21: "21st"}


def pairs(count: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Return dates in words, each with the EDTF that it was written from."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice(_FORMS)(chance)


def _day(chance: random.Random) -> date:
    year, month = chance.randrange(1700, 2030), chance.randrange(1, 13)
    return date(year, month, chance.randrange(1, calendar.monthrange(year, month)[1] + 1))


def _days(chance: random.Random) -> tuple[str, str]:
    day, locale = _day(chance), chance.choice(LOCALES)
    return format_date(day, format=chance.choice(("long", "full")), locale=locale), day.isoformat()


def _months(chance: random.Random) -> tuple[str, str]:
    day, locale = _day(chance), chance.choice(LOCALES[:-2])
    name = get_month_names("wide", "stand-alone", locale)[day.month]
    return f"{name} {day.year}", f"{day:%Y-%m}"


def _years(chance: random.Random) -> tuple[str, str]:
    year, locale = _day(chance).year, chance.choice(list(ABOUT))
    return f"{ABOUT[locale]} {year}", f"{year}~"


def _uncertain(chance: random.Random) -> tuple[str, str]:
    year = _day(chance).year
    return chance.choice(("{}?", "[{}?]", "probably {}")).format(year), f"{year}?"


def _days_of_a_month(chance: random.Random) -> tuple[str, str]:
    day = _day(chance).replace(day=chance.randrange(1, 15))
    last = day.replace(day=chance.randrange(16, 29))
    name = get_month_names("wide", "format", "en")[day.month]
    form = chance.choice(("{0}-{1} {2} {3}", "{2} {0}–{1}, {3}", "{0} to {1} {2} {3}", "{3} {2} {0}-{1}"))
    return form.format(day.day, last.day, name, day.year), f"{day}/{last}"


def _months_of_a_year(chance: random.Random) -> tuple[str, str]:
    first, last, year = chance.randrange(1, 7), chance.randrange(7, 13), _day(chance).year
    names = get_month_names(chance.choice(("wide", "abbreviated")), "format", "en")
    return f"{names[first]}-{names[last]} {year}", f"{year}-{first:02}/{year}-{last:02}"


def _two_days(chance: random.Random) -> tuple[str, str]:
    first, last = sorted((_day(chance), _day(chance)))
    words = [format_date(day, format="long", locale="en") for day in (first, last)]
    return chance.choice(("{} - {}", "from {} to {}", "{} – {}")).format(*words), f"{first}/{last}"


def _seasons(chance: random.Random) -> tuple[str, str]:
    year, season = _day(chance).year, chance.randrange(21, 25)
    return chance.choice(("{0} {1}", "{1} {0}", "{0} of {1}")).format(SEASONS[season], year), f"{year}-{season}"


def _decades(chance: random.Random) -> tuple[str, str]:
    decade = chance.choice([one for one in range(170, 203) if one % 10])
    return chance.choice(("{}0s", "early {}0s", "mid-{}0s", "late {}0's", "{}-")).format(decade), f"{decade}X"


def _centuries(chance: random.Random) -> tuple[str, str]:
    number = chance.choice(list(ORDINALS))
    return chance.choice(("{} century", "late {} century", "the {} cent.")).format(ORDINALS[number]), f"{number - 1}XX"


def _open(chance: random.Random) -> tuple[str, str]:
    year, locale = _day(chance).year, chance.choice(list(BEFORE))
    before = f"{BEFORE[locale]} {year}", f"../{year - 1}"
    return chance.choice((before, (f"after {year}", f"{year + 1}/.."), (f"since {year}", f"{year}/..")))


def _between(chance: random.Random) -> tuple[str, str]:
    first, last = sorted((_day(chance).year, _day(chance).year))
    return BETWEEN[chance.choice(list(BETWEEN))].format(first, last), f"{first}/{last}"


def _choices(chance: random.Random) -> tuple[str, str]:
    year = _day(chance).year
    return f"{year} or {year + 1}", f"[{year},{year + 1}]"


def _numbers(chance: random.Random) -> tuple[str, str]:
    day = _day(chance).replace(day=chance.randrange(13, 29))
    form = chance.choice(("{0.day}.{0.month}.{0.year}", "{0.month}/{0.day}/{0.year}", "{0:%d.%m.%Y}"))
    return form.format(day), day.isoformat()


_FORMS = (
    *(_days, _days, _months, _years, _uncertain, _days_of_a_month, _months_of_a_year, _two_days, _seasons, _decades),
    *(_centuries, _open, _between, _choices, _numbers),
)


def main() -> None:
    """Read back what was written, and show what is not."""
    from harvester.parsers.dates import read_date

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    wrong = [(words, edtf, read_date(words).edtf) for words, edtf in pairs(count) if read_date(words).edtf != edtf]
    for words, edtf, found in wrong[:20]:
        print(f"{words!r}: {found}, not {edtf}")
    print(f"{count:,} dates, {len(wrong):,} not read back")


if __name__ == "__main__":
    main()
