"""The four test cases of Zotero's own translator for the first archive, field by field.

The expected values are those that the translator's maintainers wrote down from the archive's own records (repository
zotero/translators, "Wilson Center Digital Archive.js"); headings as the archive prints them, with years of life.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import rispy
from bibtexparser.entrypoint import parse_string as parse_bibtex

from harvester.db.citations import FORMATS
from harvester.db.citations.citable import CitedDocument, cited_document

CATALOGUE = "Woodrow Wilson International Center for Scholars"
ARCHIVE = "History and Public Policy Program Digital Archive"
ADDRESS = "https://digitalarchive.wilsoncenter.org/document/"
PDF = "https://digitalarchive.wilsoncenter.org/document/{}/download"


@dataclass(frozen=True)
class Case:
    """What a document's page states, and the creators that Zotero expects: family and given name, or one field."""

    number: str
    title: str
    date: str
    location: str
    language: str
    subjects: tuple[str, ...]
    contributors: tuple[str, ...] = ()
    creators: tuple[tuple[str, ...], ...] = ()
    kind: str = ""
    sender: str = ""
    summary: str = ""

    @property
    def item(self) -> CitedDocument:
        """Return the document as it is cited."""
        row = {
            "key": self.number, "source": "wilson", "title": self.title, "date": self.date, "date_text": None,
            "kind": self.kind, "sender": self.sender, "recipient": None, "summary": self.summary,
            "url": ADDRESS + self.number, "archive": ARCHIVE, "archive_location": self.location, "rights": None,
        }  # fmt: skip
        terms = {"language": [self.language], "subject": self.subjects, "contributor": self.contributors}
        return cited_document(row, terms, [PDF.format(self.number)], {"wilson": CATALOGUE})


CASES = [
    Case(
        "280697",
        "Letter to the Deputy Chairman of the Soviet Committee of the MGG, Prof. Pushkov",
        "1958",
        "RGANI, f. 5, op. 49, d. 131, ll. 193-194. Translated by Gary Goldberg.",
        "Russian",
        (
            "China--Foreign relations--Soviet Union",
            "China--Foreign relations--Taiwan",
            "Taiwan--Foreign relations--United States",
            "Taiwan--International status",
        ),
    ),
    Case(
        "209833",
        "Djilas's First Conversation with Stalin",
        "1944-05-19",
        "Milovan Djilas. Wartime. Translated by Michael B. Petrovich. "
        "(New York: Harcourt Brace Jovanovich, 1977), 385-387.",
        "English",
        ("Soviet Union--Foreign relations--Yugoslavia", "World War, 1939-1945--Yugoslavia"),
        ("Djilas, Milovan, 1911-1995", "Stalin, Joseph, 1879-1953", "Molotov, Vyacheslav Mikhaylovich, 1890-1986"),
        (("Djilas", "Milovan"), ("Stalin", "Joseph"), ("Molotov", "Vyacheslav Mikhaylovich")),
        summary="Milovan Djilas recounts his first meeting and impressions of Stalin and discuss wartime matters.",
    ),
    Case(
        "121893",
        "Report of the Hungarian Ministry of Foreign Affairs [F. Somogyi] for the Council of Ministers about the "
        "Meeting of the leaders of the Warsaw Pact on 4 December",
        "1989-12-06",
        "Obtained by Béla Révész; translated and edited by Barnabás Vajd, Laura Deal, and Karl P. Benziger.",
        "Hungarian",
        ("Bush, George, 1924-", "Catholic Church", "John Paul II, Pope, 1920-2005", "Perestroika"),
        ("Somogyi, Ferenc",),
        (("Somogyi", "Ferenc"),),
        kind="Report",
        sender="the Hungarian Ministry of Foreign Affairs [F. Somogyi] for the Council of Ministers",
        summary="Summary of the meeting of the leaders of the Warsaw Pact.",
    ),
    Case(
        "134696",
        "TASS Digest Distributed to Cde. I.V. Stalin and Cde. C.M. Molotov, 'The Anti-Soviet Fabrications of a "
        "Mexican Newspaper; Etc.'",
        "1945-10-16",
        "RGASPI, f. 558, op. 11, d. 97, ll. 67-70. Contributed by Sergey Radchenko and translated by Gary Goldberg.",
        "Russian",
        ("Stalin, Joseph, 1879-1953",),
        ("Telegraph Agency of the Soviet Union (TASS)",),
        (("Telegraph Agency of the Soviet Union (TASS)",),),
        sender="TASS Digest Distributed",
        summary="Summary of news reports from Mexico, Sweden, Canada, and Great Britain.",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_ris_is_what_zotero_expects(case: Case) -> None:
    (found,) = rispy.loads(FORMATS["ris"][1]([case.item]))
    assert found["type_of_reference"] == "MANSCPT"
    assert found["title"] == case.title
    assert found.get("authors", []) == [", ".join(name) for name in case.creators]
    assert found["date"].strip("/").replace("/", "-") == case.date
    assert found.get("abstract", "") == case.summary
    assert found["name_of_database"] == ARCHIVE
    assert FORMATS["ris"][1]([case.item]).count(f"AV  - {case.location}\r\n") == 1
    assert found["database_provider"] == CATALOGUE
    assert found["language"] == case.language
    assert found["keywords"] == list(case.subjects)
    assert found["urls"] == [ADDRESS + case.number]
    assert found["file_attachments1"] == PDF.format(case.number)
    assert "notes" not in found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_csl_is_what_zotero_expects(case: Case) -> None:
    (found,) = json.loads(FORMATS["csljson"][1]([case.item]))
    names: list[dict[str, Any]] = [
        dict(zip(("family", "given"), name, strict=True)) if len(name) > 1 else {"literal": name[0]}
        for name in case.creators
    ]
    assert found["type"] == "manuscript"
    assert found["title"] == case.title
    assert found.get("author", []) == names
    assert found["issued"]["date-parts"] == [[int(part) for part in case.date.split("-")]]
    assert found.get("abstract", "") == case.summary
    assert (found["archive"], found["archive_location"]) == (ARCHIVE, case.location)
    assert (found["source"], found["language"]) == (CATALOGUE, case.language)
    assert found["keyword"].split("; ") == list(case.subjects)
    assert found["URL"] == ADDRESS + case.number


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_bibtex_is_what_zotero_expects(case: Case) -> None:
    library = parse_bibtex(FORMATS["bib"][1]([case.item]))
    found = {name: field.value for name, field in library.entries[0].fields_dict.items()}
    names = [", ".join(name) if len(name) > 1 else f"{{{name[0]}}}" for name in case.creators]
    assert library.failed_blocks == []
    assert found["title"] == f"{{{case.title}}}"
    assert found.get("author", "") == " and ".join(names)
    assert found["date"] == case.date
    assert found.get("abstract", "") == case.summary
    assert case.location.removesuffix(".") in found["note"]
    assert found["language"] == case.language
    assert found["keywords"] == ", ".join(f"{{{term}}}" if "," in term else term for term in case.subjects)
    assert found["url"] == ADDRESS + case.number
