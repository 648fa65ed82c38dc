"""Dates written by CLDR's month names and rules that are not the reader's own, read back."""

from __future__ import annotations

import pytest

from harvester.parsers.date_words import WORDS
from harvester.parsers.dates import read_date
from tests.support.generated_dates import pairs
from tests.support.trials import trials

pytestmark = pytest.mark.slow


def test_dates_in_the_words_of_many_languages_are_read_back() -> None:
    """So many in the default run; `python -m tests.support.generated_dates` reads back 100,000."""
    assert [(words, edtf) for words, edtf in pairs(trials(8_000, 20_000)) if read_date(words).edtf != edtf] == []


def test_no_month_has_the_name_of_another() -> None:
    """One word is one month in every language: `WORDS` would silently keep the last."""
    from harvester.parsers import date_words

    named: dict[str, set[int]] = {}
    for language in date_words._MONTHS:
        for number, names in enumerate(language.split("|"), 1):
            for name in names.split():
                named.setdefault(name, set()).add(number)
    assert {name: numbers for name, numbers in named.items() if len(numbers) > 1} == {}
    assert all(WORDS[name] == ("M", *numbers) for name, numbers in named.items())
