"""Texts for display: language attributes, two texts side by side, and a plain file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from .highlighting import to_markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..citations.citable import CitedDocument

LANGUAGES = {
    "albanian": "sq", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "belarusian": "be", "bosnian": "bs",
    "bulgarian": "bg", "burmese": "my", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs",
    "danish": "da", "dari": "prs", "dutch": "nl", "english": "en", "estonian": "et", "farsi": "fa", "finnish": "fi",
    "french": "fr", "georgian": "ka", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu",
    "indonesian": "id", "italian": "it", "japanese": "ja", "kazakh": "kk", "khmer": "km", "korean": "ko", "lao": "lo",
    "latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms", "mandarin": "zh", "moldovan": "ro",
    "mongolian": "mn", "nepali": "ne", "norwegian": "no", "pashto": "ps", "persian": "fa", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr", "serbo-croatian": "sh", "slovak": "sk",
    "slovenian": "sl", "slovene": "sl", "spanish": "es", "swahili": "sw", "swedish": "sv", "thai": "th",
    "tibetan": "bo", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "uzbek": "uz", "vietnamese": "vi",
    "yiddish": "yi",
}  # fmt: skip
"""Codes of BCP 47 by the names that archives print."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "prs", "ps", "ur", "yi"})


def lang_of(language: str | None) -> Markup:
    """Return the attributes `lang` and `dir` of a text; an unknown language is said to be unknown, not English."""
    code = LANGUAGES.get((language or "").partition("(")[0].strip().lower(), "")
    direction = "rtl" if code in RIGHT_TO_LEFT else ("ltr" if code else "auto")
    return Markup(' lang="{}" dir="{}"').format(code, direction)


def parallel(texts: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return a transcript and a translation side by side, or None where their paragraphs do not agree in number.

    `texts` hold `id`, `kind`, `language` and `raw` (with marks not turned into markup yet). The result: `ids` of the
    two, `heads` (the two), `rows` (pairs of paragraphs as markup).
    """
    pair = [next((text for text in texts if text["kind"] == kind), None) for kind in ("transcript", "translation")]
    original, translation = pair
    if original is None or translation is None:
        return None
    parts = [_paragraphs(text["raw"]) for text in (original, translation)]
    if len(parts[0]) != len(parts[1]) or len(parts[0]) < 2:
        return None
    rows = [tuple(map(to_markup, each)) for each in zip(*parts, strict=True)]
    return {"ids": {original["id"], translation["id"]}, "heads": [original, translation], "rows": rows}


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def plain_text(row: dict[str, Any], item: CitedDocument, citation: str) -> str:
    """Return a document's texts as a file: what it is, how it is cited, then each text under its name."""
    head = [item.title, row["date_text"] or row["date"] or "undated", citation]
    parts = ["\n".join(head)]
    for text in row["texts"]:
        name = text["kind"].capitalize() + (f" ({text['language']})" if text["language"] else "")
        parts.append(f"{name}\n{'-' * len(name)}\n\n{text['text'].strip()}")
    return "\n\n\n".join(parts) + "\n"
