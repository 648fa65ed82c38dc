"""What a careful reader finds in a title. The golden values were written by reading, never by running the code."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.parsers.title_vocabulary import KINDS
from harvester.parsers.titles import TitleParts, explain_title, read_title
from tests.soak.titles import LABELLED, load, score
from tests.support.for_each import for_each
from tests.support.paths import FIXTURES, ROOT

GOLDEN = [
    case for name in ("seeds", "hard") for case in json.loads((FIXTURES / f"titles/{name}.json").read_text("utf-8"))
]
unhurried = settings(deadline=None)  # a busy machine is no wrong reading
each_golden = for_each("case", GOLDEN)


@each_golden
def test_kind(case: dict[str, str | None]) -> None:
    assert read_title(case["title"] or "").kind == case["kind"]


@each_golden
def test_sender(case: dict[str, str | None]) -> None:
    assert read_title(case["title"] or "").sender == case["sender"]


@each_golden
def test_recipient(case: dict[str, str | None]) -> None:
    assert read_title(case["title"] or "").recipient == case["recipient"]


def test_the_golden_seed_titles_are_those_of_the_seeds() -> None:
    printed = "\n".join(page.read_text("utf-8") for page in (ROOT / "seeds").glob("*.txt"))
    titles = json.loads((FIXTURES / "titles/seeds.json").read_text("utf-8"))
    assert [case["title"] for case in titles if case["title"] not in printed] == []
    assert sum(printed.count(f"{case['title']}\n") for case in titles) == 60  # records; 10 of them repeat a title


def test_every_kind_of_the_closed_list_is_read_from_its_own_name() -> None:
    assert {kind: read_title(f"Draft {kind}, 5 May 1956").kind for kind in KINDS} == {kind: kind for kind in KINDS}


@pytest.mark.parametrize("name", LABELLED)
def test_titles_are_read_as_people_labelled_them(name: str) -> None:
    result = score(load(name))
    assert result.kind >= 0.98, result.wrong
    assert result.precision >= 0.98, result.wrong
    assert result.recall >= 0.95, result.wrong


# Titles put together from what titles are made of reach further into the reader than plain random text does.
PIECES = [
    *(
        "Telegram",
        "Letter",
        "Report",
        "Memorandum of Conversation",
        "Decision",
        "Reply",
        "Excerpt from the Diary",
        "No. 5",
    ),
    *(
        "from",
        "to",
        "by",
        "of",
        "for",
        "on",
        "and",
        "the",
        "'s",
        ",",
        ".",
        ":",
        "-",
        "'",
        "’",
        "‘",
        "“",
        "”",
        '"',
        "(",
        ")",
        "[",
        "]",
    ),
    *(
        "Mao Zedong",
        "Filippov [Stalin]",
        "the CC CPSU",
        "Ambassador",
        "USSR",
        "Visit",
        "Plenum",
        "5 May 1956",
        "1956",
        "\u00a0",
    ),
]
ANY_TITLE = st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)


@unhurried
@given(ANY_TITLE)
def test_a_reading_says_only_what_is_printed_and_listed(title: str) -> None:
    kind, *parties = read_title(title)
    assert kind is None or kind in KINDS
    printed = " ".join(title.split())
    for party in parties:
        assert party is None or (party and party == party.strip() and party in printed)


@unhurried
@given(ANY_TITLE)
def test_each_value_has_its_rule(title: str) -> None:
    parts, rules = explain_title(title)
    assert [value is None for value in parts] == [rule is None for rule in rules]


@unhurried
@given(ANY_TITLE, st.sampled_from(["\u00a0", "\n", "  ", " \u00a0\n"]))
def test_white_space_makes_no_difference(title: str, gap: str) -> None:
    assert read_title(gap + title.replace(" ", gap) + gap) == read_title(title)


PERSON = st.builds(
    str.__add__, st.sampled_from(["Kov", "Mik", "Roshch", "Zor", "Petr"]), st.sampled_from(["alev", "ov", "in", "yan"])
)
PARTY = PERSON | st.builds("{} [{}]".format, PERSON, PERSON) | st.builds("{} and {}".format, PERSON, PERSON)
SENT = st.sampled_from(
    [
        ("Telegram", "Ciphered Telegram No. 53"),
        ("Letter", "Draft Letter"),
        ("Report", "Report"),
        ("Notes", "Handwritten Note"),
    ]
)
ROUTES = ["{kind}, {a} to {b}", "{kind} from {a} to {b}", "{kind} to {b} from {a}", "{kind} by {a} to {b}"]
TAILS = [
    *("", ".", ", 1956", ", 5 May 1956.", " [1956]", " (Excerpt)", " (1)", " [via Roshchin]", ", No. 7", " - the Loan"),
    *(" on the Loan", " regarding Aid from X to Y", ", 'Letter from X to Y'", " “On the Loan”", ", Report on the Loan"),
]


@unhurried
@given(SENT, PARTY, PARTY, st.sampled_from(ROUTES), st.sampled_from(TAILS))
def test_however_a_route_is_put_both_ends_are_read(
    named: tuple[str, str], sender: str, recipient: str, route: str, tail: str
) -> None:
    kind, words = named
    assert read_title(route.format(kind=words, a=sender, b=recipient) + tail) == TitleParts(kind, sender, recipient)


@unhurried
@given(SENT, PERSON, PARTY, st.sampled_from(["'s", "’s"]), st.sampled_from(TAILS))
def test_an_owner_is_the_sender(named: tuple[str, str], sender: str, recipient: str, owns: str, tail: str) -> None:
    kind, words = named
    assert read_title(f"{sender}{owns} {words} to {recipient}{tail}") == TitleParts(kind, sender, recipient)


@unhurried
@given(st.sampled_from(["Memorandum of Conversation", "Minutes", "Protocol", "Agreement", "Interview"]), PARTY, PARTY)
def test_the_parties_of_a_conversation_are_neither(kind: str, one: str, other: str) -> None:
    for title in (
        f"{kind} between {one} and {other}",
        f"{kind}, {one} and {other}, Moscow",
        f"{kind} of {one} with {other}",
    ):
        assert read_title(title) == TitleParts(kind, None, None)


@unhurried
@given(SENT, PARTY, PARTY, st.sampled_from(["'{}'", "‘{}’", "“{}”", '"{}"']))
def test_nothing_is_read_from_a_quotation(named: tuple[str, str], sender: str, recipient: str, quoted: str) -> None:
    title = quoted.format(f"{named[1]} from {sender} to {recipient}")
    assert read_title(f"Discussion in Moscow, {title}") == TitleParts(None, None, None)


HOSTILE = [
    "'a ",
    "’s ",
    "“a",
    "((",
    "[a",
    "(a) ",
    "Mr A, ",
    "x to y ",
    "of the Letter ",
    "Ambassador to ",
    "No.",
    "A.",
    "A B ",
]


@pytest.mark.parametrize("start", ["", "Telegram, ", "Letter from A to ", "Report on "])
@pytest.mark.parametrize("piece", HOSTILE)
def test_eight_megabytes_take_no_longer_than_a_page_of_them(start: str, piece: str) -> None:
    title = start + piece * (8_000_000 // len(piece))
    began = time.process_time()
    read_title(title)
    assert time.process_time() - began < 0.5  # a few milliseconds; minutes, if the size or a backtracking pattern told
