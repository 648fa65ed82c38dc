"""Citations as people read them, and as independent parsers do: bibtexparser, rispy, citeproc."""

from __future__ import annotations

import csv
import io
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import rispy
from bibtexparser.entrypoint import parse_string as parse_bibtex

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what citeproc-py does at import is not ours
    from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
    from citeproc.source.json import CiteProcJSON

from harvester.db.citations import FORMATS, chicago, embedded
from harvester.db.citations.citable import CitedDocument, cited_document
from harvester.db.citations.csl import csl_item
from harvester.db.citations.ris import date
from harvester.db.citations.sheets import BOM, escape_formula, escape_rows, to_csv

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELDS = ("date", "date_text", "kind", "sender", "recipient", "summary", "url", "archive", "archive_location", "rights")
NAMES = {"wilson": "Wilson Center Digital Archive"}
ADDRESS = "https://digitalarchive.wilsoncenter.org/document/111780"
LETTER = {
    "title": "Letter, Nikita Khrushchev to Fidel Castro",
    "date": "1962-10-28",
    "date_text": "October 28, 1962",
    "kind": "Letter",
    "sender": "Nikita Khrushchev",
    "recipient": "Fidel Castro",
    "archive_location": "AVP RF",
    "url": ADDRESS,
}
REPORT = {"title": "Report on the “situation” in Cuba.", "kind": "Report", "summary": "Two\nlines"}
HOSTILE = "}\r\nER  - \r\nTY  - BOOK\r\n@book{x, title={\\input{/etc/passwd}} % $\x00\x1b[31m \u202egnirts & #1_^~"
DATES = [
    ("1959-12-24", "December 24, 1959", "December 24, 1959"),
    ("1960-06", "June 1960", "June 1960"),
    ("1979", "1979", "1979"),
    (None, None, "n.d."),
    (None, "Spring, perhaps", "Spring, perhaps"),
]


def made(key: str = "a-slug", **fields: Any) -> CitedDocument:
    terms = {"language": ["Russian"], "subject": ["Cuban Missile Crisis, 1962"], "person": ["Castro, Fidel"]}
    empty = dict.fromkeys(FIELDS)
    return cited_document({**empty, "key": key, "source": "wilson", **fields}, terms, (), NAMES)


def bib(*items: CitedDocument) -> list[dict[str, str]]:
    library = parse_bibtex(FORMATS["bib"][1](items))
    assert library.failed_blocks == []
    return [
        {"": entry.entry_type, "key": entry.key, **{name: field.value for name, field in entry.fields_dict.items()}}
        for entry in library.entries
    ]


def ris(*items: CitedDocument) -> list[dict[str, Any]]:
    return list(rispy.loads(FORMATS["ris"][1](items)))


def csl(*items: CitedDocument) -> list[dict[str, Any]]:
    return list(json.loads(FORMATS["csljson"][1](items)))


def processed(items: Iterable[dict[str, Any]]) -> list[str]:
    """Return the bibliography that a citation processor makes of items, in a style of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its style's schema, and of fields that it does not use
        style = CitationStylesStyle("harvard-cite-them-right", validate=False)
        source = CiteProcJSON(list(items))
        bibliography = CitationStylesBibliography(style, source, formatter.plain)
        for key in source:
            bibliography.register(Citation([CitationItem(key)]))
        return [str(entry) for entry in bibliography.bibliography()]


def test_the_archives_own_form() -> None:
    cited = chicago.archives_form(made(**LETTER))
    assert cited == (
        "“Letter, Nikita Khrushchev to Fidel Castro,” October 28, 1962, Wilson Center Digital Archive, AVP RF. "
        + ADDRESS
    )


def test_a_chicago_note_of_a_letter() -> None:
    assert chicago.note(made(**LETTER)) == (
        "Nikita Khrushchev to Fidel Castro, letter, October 28, 1962, Wilson Center Digital Archive, AVP RF, "
        f"{ADDRESS}."
    )


def test_a_chicago_note_of_what_has_no_parties() -> None:
    obtained = made(**{**LETTER, "archive_location": "AVP RF, f. 5. Obtained by a reader."})
    assert f"Obtained by a reader, {ADDRESS}." in chicago.note(obtained)
    assert chicago.note(made(**REPORT)) == ("“Report on the ‘situation’ in Cuba,” n.d., Wilson Center Digital Archive.")


@pytest.mark.parametrize(
    ("fields", "note", "entry"),
    [
        pytest.param(
            {"title": "Ciphered Telegram No. 53517, Kovalev to Filippov [Stalin]", "kind": "Telegram",
             "sender": "Kovalev", "recipient": "Filippov [Stalin]"},
            "“Ciphered Telegram No. 53517, Kovalev to Filippov [Stalin],” 1950, Wilson Center Digital Archive.",
            "Kovalev. “Ciphered Telegram No. 53517, Kovalev to Filippov [Stalin].” 1950. "
            "Wilson Center Digital Archive.",
            id="a number is part of what is cited",
        ),
        pytest.param(
            {"title": "Letter from Mao Zedong to Stalin [Excerpts]", "kind": "Letter",
             "sender": "Mao Zedong", "recipient": "Stalin"},
            "“Letter from Mao Zedong to Stalin [Excerpts],” 1950, Wilson Center Digital Archive.",
            "Mao Zedong. “Letter from Mao Zedong to Stalin [Excerpts].” 1950. Wilson Center Digital Archive.",
            id="and so are excerpts",
        ),
        pytest.param(
            {"title": "Memorandum from the Soviet Government to the Chinese Government", "kind": "Memorandum",
             "sender": "the Soviet Government", "recipient": "the Chinese Government"},
            "Soviet Government to the Chinese Government, memorandum, 1950, Wilson Center Digital Archive.",
            "Soviet Government to the Chinese Government. Memorandum. 1950. Wilson Center Digital Archive.",
            id="a sentence begins with a capital, a list without an article",
        ),
        pytest.param(
            {"title": "From the Diary of S. V. Chervonenko, 'Conversation on the PRC'", "kind": "Diary",
             "sender": "S. V. Chervonenko"},
            "“From the Diary of S. V. Chervonenko, ‘Conversation on the PRC,’” 1950, Wilson Center Digital Archive.",
            "Chervonenko, S. V. “From the Diary of S. V. Chervonenko, ‘Conversation on the PRC.’” 1950. "
            "Wilson Center Digital Archive.",
            id="who is named in the title is not named twice; sorted by family; inner quotation marks",
        ),
        pytest.param(
            {"title": "Letter, Soviet Ambassador P.F. Yudin to Zhou Enlai", "kind": "Letter",
             "sender": "Soviet Ambassador P.F. Yudin", "recipient": "Zhou Enlai"},
            "P.F. Yudin to Zhou Enlai, letter, 1950, Wilson Center Digital Archive.",
            "Yudin, P.F. to Zhou Enlai. Letter. 1950. Wilson Center Digital Archive.",
            id="an office is no part of a name",
        ),
    ],
)  # fmt: skip
def test_titles_lose_nothing_in_chicago(fields: dict[str, str], note: str, entry: str) -> None:
    item = made(date="1950", **fields)
    assert chicago.note(item) == note
    assert chicago.bibliography(item) == entry


def test_one_diplomatic_note_is_not_notes() -> None:
    assert csl_item(made(title="Note No. 4 from Mikoyan to Liu Shaoqi", kind="Notes"))["genre"] == "Note"
    assert csl_item(made(title="Notes on a Conversation", kind="Notes"))["genre"] == "Notes"


def test_an_apostrophe_at_the_end_is_not_a_quotation_mark() -> None:
    assert chicago.quoted("The Allies'", ",") == "“The Allies’,”"
    assert chicago.quoted("On 'Peaceful Relations'.", ",") == "“On ‘Peaceful Relations,’”"


def test_the_room_is_cited_where_the_archives_address_is_not_known() -> None:
    document = {**dict.fromkeys(FIELDS), "key": "k", "source": "wilson", "title": "T"}
    item = cited_document(document, {}, (), NAMES, page="https://room.example/document/k", accessed="2026-11-27")
    assert item.url == "https://room.example/document/k"
    assert ris(item)[0]["urls"] == ["https://room.example/document/k"]
    assert "Y2  - 2026/11/27\r\n" in FORMATS["ris"][1]([item])
    assert bib(item)[0]["urldate"] == "2026-11-27"
    assert csl_item(item)["accessed"] == {"date-parts": [[2026, 11, 27]]}
    known = cited_document({**document, "url": ADDRESS}, {}, (), NAMES, page="https://room.example/document/k")
    assert known.url == ADDRESS


def test_nothing_is_accessed_where_there_is_no_address() -> None:
    item = made(title="T")
    assert "accessed" not in csl_item(item)
    assert "urldate" not in bib(item)[0]
    assert "Y2" not in FORMATS["ris"][1]([item])


def test_rights_are_cited() -> None:
    item = made(title="T", rights="Public domain & free")
    assert "CR  - Public domain & free\r\n" in FORMATS["ris"][1]([item])
    assert csl_item(item)["license"] == "Public domain & free"
    assert bib(item)[0]["copyright"] == r"Public domain \& free"


def test_keywords_with_commas_can_be_parted() -> None:
    item = made(title="T")
    assert csl_item(item)["keyword"] == "Cuban Missile Crisis, 1962; Castro, Fidel"
    assert bib(item)[0]["keywords"] == "{Cuban Missile Crisis, 1962}, {Castro, Fidel}"


@pytest.mark.parametrize(
    ("location", "names"),
    [
        ("RGANI, f. 5, op. 49, d. 131, ll. 193-194. Translated by Gary Goldberg.", ["Gary Goldberg"]),
        ("Wartime. Translated by Michael B. Petrovich. (New York: Harcourt, 1977), 385-387.", ["Michael B. Petrovich"]),
        ("Obtained by A. B.; translated and edited by Barnabás Vajd, Laura Deal, and Karl P. Benziger.",
         ["Barnabás Vajd", "Laura Deal", "Karl P. Benziger"]),
        ("f. 558. Contributed by Sergey Radchenko and translated by Gary Goldberg.", ["Gary Goldberg"]),
        ("AVP RF, f. 0100. Obtained by Sergey Radchenko.", []),
    ],
)  # fmt: skip
def test_the_location_names_the_translators(location: str, names: list[str]) -> None:
    item = made(title="T", archive_location=location)
    assert [name["literal"] for name in csl_item(item).get("translator", [])] == names


def test_an_undated_document_has_no_note_of_it() -> None:
    assert "notes" not in ris(made(title="T"))[0]
    assert ris(made(title="T", date_text="Spring, perhaps"))[0]["notes"] == ["Date: Spring, perhaps"]


def test_linked_data_knows_bodies_from_people() -> None:
    body = embedded.json_ld(made(title="T", sender="the Chinese Foreign Ministry", date="1950-01"))
    assert body["author"] == [{"@type": "Organization", "name": "Chinese Foreign Ministry"}]
    assert body["dateCreated"] == "1950-01"
    assert body["isPartOf"] == {"@type": "Collection", "name": "Wilson Center Digital Archive"}
    assert embedded.json_ld(made(**LETTER), "https://room.example/document/k")["@id"].startswith("https://room")
    assert embedded.json_ld(made(**LETTER))["author"][0]["@type"] == "Person"


def test_chicago_bibliography_entries() -> None:
    assert chicago.bibliography(made(**LETTER)) == (
        "Nikita Khrushchev to Fidel Castro. Letter. October 28, 1962. Wilson Center Digital Archive, AVP RF. "
        f"{ADDRESS}."
    )
    assert chicago.bibliography(made(**REPORT)) == (
        "“Report on the ‘situation’ in Cuba.” N.d. Wilson Center Digital Archive."
    )


@pytest.mark.parametrize(("title", "quoted"), [("Why?", "“Why?”"), ("Now", "“Now,”"), ("Now.", "“Now,”")])
def test_a_titles_last_mark_stands_alone(title: str, quoted: str) -> None:
    assert chicago.note(made(title=title)).startswith(f"{quoted} n.d.")


@pytest.mark.parametrize(("edtf", "printed", "words"), DATES)
def test_dates_in_words_invent_nothing(edtf: str | None, printed: str | None, words: str) -> None:
    item = made(title="T", date=edtf, date_text=printed)
    assert item.date.words == words
    for cited in (chicago.archives_form(item), chicago.note(item), chicago.bibliography(item)):
        assert words.lower() in cited.lower()


@pytest.mark.parametrize(
    ("edtf", "year", "shown"),
    [("1959-12-24", "1959", "1959/12/24/"), ("1960-06", "1960", "1960/06//"), ("1979", "1979", "1979///")],
)
def test_ris_leaves_unknown_parts_of_a_date_empty(edtf: str, year: str, shown: str) -> None:
    item = made(title="T", date=edtf)
    assert date(item) == shown
    assert (ris(item)[0]["date"], ris(item)[0]["year"]) == (shown, year)


def test_ris_of_an_undated_document_has_no_date() -> None:
    found = ris(made(title="T"))[0]
    assert {"date", "year"} & set(found) == set()


def test_ris_as_reference_managers_had_it() -> None:
    (found,) = ris(made(**LETTER))
    assert found["type_of_reference"] == "MANSCPT"
    assert found["title"] == LETTER["title"]
    assert found["authors"] == ["Nikita Khrushchev"]
    assert found["language"] == "Russian"
    assert found["database_provider"] == "Wilson Center Digital Archive"
    assert found["urls"] == [ADDRESS]
    assert found["keywords"] == ["Cuban Missile Crisis, 1962", "Castro, Fidel"]


@pytest.mark.parametrize(
    ("edtf", "fields"),
    [
        ("1959-12-24", {"date": "1959-12-24", "year": "1959", "month": "dec"}),
        ("1960-06", {"date": "1960-06", "year": "1960", "month": "jun"}),
        ("1979", {"date": "1979", "year": "1979"}),
        (None, {}),
    ],
)
def test_bibtex_has_the_date_as_far_as_it_is_known(edtf: str | None, fields: dict[str, str]) -> None:
    (entry,) = bib(made(title="T", date=edtf))
    assert {name: entry[name] for name in ("date", "year", "month") if name in entry} == fields


def test_bibtex_is_an_unpublished_source_with_its_place() -> None:
    (entry,) = bib(made(**LETTER))
    assert entry[""] == "unpublished"
    assert entry["key"] == "wilson-a-slug"
    assert entry["author"] == "{Nikita Khrushchev}"
    assert entry["title"] == "{Letter, Nikita Khrushchev to Fidel Castro}"
    assert entry["note"] == "To Fidel Castro, Wilson Center Digital Archive, AVP RF"
    assert entry["url"] == ADDRESS


def test_csl_leaves_out_what_is_not_known() -> None:
    assert csl_item(made(**LETTER))["issued"] == {"date-parts": [[1962, 10, 28]]}
    assert csl_item(made(title="T", date="1960-06"))["issued"] == {"date-parts": [[1960, 6]]}
    assert csl_item(made(title="T", date="1979"))["issued"] == {"date-parts": [[1979]]}
    assert csl_item(made(title="T", date_text="Spring"))["issued"] == {"literal": "Spring"}
    assert "issued" not in csl_item(made(title="T"))


def test_a_citation_processor_takes_what_we_write() -> None:
    shown = processed(csl(made(**LETTER), made("b", title="A report", date="1979")))
    assert any("Khrushchev" in entry and "1962" in entry for entry in shown)
    assert any("A report" in entry and "1979" in entry for entry in shown)


def test_hostile_titles_stay_within_their_field() -> None:
    item = made(title=HOSTILE, summary=HOSTILE, sender=HOSTILE, url="javascript:alert(1)", date="1950")
    after = made("b", title="After")
    assert [entry["key"] for entry in bib(item, after)] == ["wilson-a-slug", "wilson-b"]
    assert [found["type_of_reference"] for found in ris(item, after)] == ["MANSCPT", "MANSCPT"]
    assert [found["id"] for found in csl(item, after)] == ["wilson-a-slug", "wilson-b"]
    for _, write in FORMATS.values():
        text = write([item])
        assert "javascript:" not in text
        assert not {"\x00", "\x1b", "\u202e"} & set(text)
    assert r"\input" not in FORMATS["bib"][1]([item])


def test_keys_of_any_script_are_keys() -> None:
    (entry,) = bib(made("Émigré / 1950, {x}", title="T"))
    assert entry["key"] == "wilson-Emigre-1950-x"


def test_meta_tags_say_what_is_known_and_nothing_else() -> None:
    tags = dict(embedded.meta_tags(made(**LETTER)))
    assert tags["citation_title"] == LETTER["title"]
    assert tags["citation_publication_date"] == "1962/10/28"
    assert dict(embedded.meta_tags(made(title="T", date="1960-06")))["citation_publication_date"] == "1960/06"
    assert "citation_publication_date" not in dict(embedded.meta_tags(made(title="T")))
    assert "rft.creator=Nikita+Khrushchev" in embedded.coins(made(**LETTER))
    assert embedded.json_ld(made(**LETTER))["dateCreated"] == "1962-10-28"


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", " =1", "-2+3+cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-5", "+1.5", "1-2", "a=b", "", None, 7, -7, "Émigré"])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert escape_formula(cell) == ("" if cell is None else str(cell))


def test_csv_begins_with_the_mark_that_spreadsheets_need() -> None:
    text = to_csv([{"title": "Émigré\n=1", "terms": {"person": ["A", "B"]}}], ("title", "person"))
    assert text.startswith(BOM)
    assert list(csv.reader(io.StringIO(text.removeprefix(BOM), newline=""))) == [
        ["title", "person"],
        ["Émigré\n=1", "A; B"],
    ]


def test_rows_are_written_again_the_same() -> None:
    rows = 'a,"b ""c"", d"\r\n"two\r\nlines",=1\r\n'
    assert escape_rows(rows) == rows.replace("=1", "'=1")
    assert escape_rows("x" * 200_000 + ",1\r\n") == "x" * 200_000 + ",1\r\n"
