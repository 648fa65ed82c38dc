"""Texts as they are compared: what white space, Unicode and a page's remarks on its own reading make no difference."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from harvester.store.keys import normalize_text
from harvester.store.page_hashes import comparable_text

WHITE = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]
WORDS = "Politbüro “secret” discusses aid — the 1 letter"


@pytest.mark.parametrize("length", [1, 20])
def test_all_white_space_is_one_space_in_short_texts_and_in_long_ones(length: int) -> None:
    text = " ".join([WORDS] * length)
    for white in (*WHITE, "  ", "\n\n", "\n \n"):
        for printed in (f"{text}{white}{text}", f"{white}{text} {text}", f"{text} {text}{white}"):
            assert normalize_text(printed) == f"{text} {text}", repr(white)


@pytest.mark.parametrize("length", [1, 20])
def test_an_invisible_character_is_no_white_space(length: int) -> None:
    text = " ".join([WORDS] * length)
    assert normalize_text(f"{text}\u200b{text}\xad") == f"{text}\u200b{text}\xad"


def test_a_decomposed_letter_is_the_composed_one() -> None:
    text = " ".join([WORDS] * 20)
    assert normalize_text(unicodedata.normalize("NFD", text)) == text


@pytest.mark.parametrize("length", [1, 60])
def test_a_remark_on_the_reading_at_either_end_makes_no_difference(length: int) -> None:
    text = " ".join([WORDS] * length)
    for remark in ("Printed on 5 May 2026", "1,234 views", "Downloaded 7 times", "VIEWS: 12"):
        assert comparable_text(f"{remark} {text}") == f" {text}"
        assert comparable_text(f"{text} {remark}") == f"{text} "
    assert comparable_text(f"{text} viewed in Moscow") == f"{text} viewed in Moscow"


def test_inside_a_long_text_such_words_are_its_own() -> None:
    half = " ".join([WORDS] * 30)
    assert comparable_text(f"{half} 1,234 views {half}") == f"{half} 1,234 views {half}"
