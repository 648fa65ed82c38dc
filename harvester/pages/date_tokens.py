"""From a text to the words of a date: each token's kind and value, as `date_words` lists them."""

from __future__ import annotations

import re

from harvester.pages.date_words import NEVER_FIRST, NEVER_LAST, PHRASES, WORDS, Word

_GAP = "-–—−"
_TOKEN = re.compile(
    # numbers only; decades and centuries in digits; years; other numbers
    r"\d{4}-\d\d?-\d\d?(?!\d)|\d{4}/\d\d?/\d\d?(?!\d)|\d{4}\.\s?\d\d?\.\s?\d\d?(?!\d)"
    r"|\d\d?-\d\d?-\d{4}(?!\d)|\d\d?/\d\d?/\d{4}(?!\d)|\d\d?\.\s?\d\d?\.\s?\d{4}(?!\d)"
    r"|\d{4}[-–/]\d\d(?!\d|\s*[^\W\d_])"
    rf"|[12]\d\d0['’]?s\b|[12]\d\d[{_GAP}_?x](?![\dx{_GAP}])|[12]\d[{_GAP}_?x]{{2}}(?!\d)|\d{{4}}(?!\d)(?:\.(?=.))?"
    r"|\d0['’]?s\b"
    r"|\d{1,2}(?!\d)(?:(?:st|nd|rd|th|d|er|de|e|º|ª|°|-?(?:го|ого|й|е|я|én|án|i|jén))(?![^\W\d_]))?(?:\.(?=.))?"
    # words
    rf"|(?:{'|'.join(PHRASES)})\b|[ivx]+(?:-lea|ème|e)?\.?(?![^\W\d_])"
    r"|年代|世紀|世纪|[年月日]|上旬|中旬|下旬|春季|夏季|秋季|冬季|[春夏秋冬初末中约約頃]|ごろ"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*\.?"
    r"|\.\.|[^\s,]"
)
_UNITS = {"年": "年", "月": "月", "日": "日", "年代": "z"}
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_SHORT_YEAR = re.compile(r"(?<!\d)\d\d?([./-])\d\d?\1\d\d(?!\d)")
_CHINESE = {character: number for number, character in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
_CHINESE_NUMBER = re.compile("[〇○零一二三四五六七八九十元]+(?=[年月日世])")
_ROMAN = {
    f"{tens}{ones}": 10 * len(tens) + value
    for tens in ("", "x", "xx")
    for value, ones in enumerate(("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"))
}
_PUNCTUATION = {"/": ("/", 0), "[": ("", 0), "]": ("", 0), "(": ("", 0), ")": ("", 0), "&": ("&", 0), "..": ("T", 0)}
_NUMBERS: dict[str, Word] = {form: ("N", n) for n in range(100) for form in (str(n), f"{n:02}")}
_PLAIN = _NUMBERS | {year: ("Y", int(year)) for year in map(str, range(1400, 2100))} | WORDS | _PUNCTUATION


def names_date(text: str) -> bool:
    """Say whether a text holds a year, a month, a season or numbers like a date's, among whatever else."""
    tokens = [token.rstrip(".") for token in _TOKEN.findall(text.casefold())]
    named = any(WORDS.get(token, ("", 0))[0] in ("M", "S") for token in tokens)
    return named or _SHORT_YEAR.search(text) is not None or _YEAR.search(text) is not None


def words_of(text: str) -> list[Word] | None:
    """Give the kinds and values of a text's words; None if it holds one that no date has."""
    text = text.casefold()
    if not text.isascii():
        text = _CHINESE_NUMBER.sub(_arabic, text)
    if text.endswith(".") and text[4:5] == ".":  # 1960. május 12.
        text = text[:-1]
    tokens = _TOKEN.findall(text)
    if tokens and (tokens[0] in NEVER_FIRST or tokens[-1].rstrip(".") in NEVER_LAST):
        return None
    words: list[Word] = []
    for token in tokens:
        known = _PLAIN.get(token)
        if known is not None:
            if known[0] and known[0] != "w":
                words.append(known)
            continue
        made = _made(token)
        if made is None:
            return None
        words.extend(made)
    return _with_eras(words) if any(kind == "J" for kind, _ in words) else words


def _arabic(found: re.Match[str]) -> str:
    text = found[0].replace("元", "一")
    if "十" not in text:
        return "".join(str(_CHINESE[character]) for character in text)
    tens, _, ones = text.partition("十")
    return str((_CHINESE.get(tens, 1) if tens else 1) * 10 + (_CHINESE.get(ones, 0) if ones else 0))


def _with_eras(words: list[Word]) -> list[Word]:
    made: list[Word] = []
    for kind, value in words:
        if made and made[-1][0] == "J" and kind in "NY":
            made[-1] = ("Y", made[-1][1] + value)
        else:
            made.append((kind, value))
    return made


def _made(token: str) -> list[Word] | None:
    """Give the words that a token stands for which is not in the lists as it is."""
    bare = token.rstrip(".")
    if bare in WORDS:
        return [WORDS[bare]] if WORDS[bare][0] and WORDS[bare][0] != "w" else []
    if token in _UNITS:
        return [(_UNITS[token], 0)]
    roman = re.fullmatch(r"([ivx]+)(?:-lea|ème|e)?", bare)
    if roman:
        return [("R", _ROMAN[roman[1]])] if roman[1] in _ROMAN else None
    return _of_digits(bare) if token[0].isdigit() and token[0].isascii() else None


def _of_digits(token: str) -> list[Word] | None:
    numbers = re.findall("[0-9]+", token)
    if len(numbers) == 2:
        return [("Y", int(numbers[0])), ("i" if "/" in token else "h", int(numbers[1]))]
    if len(numbers) == 3:
        return _numbers_only(*map(int, numbers), year_first=len(numbers[0]) == 4)
    digits, rest = numbers[0], token[len(numbers[0]) :]
    if len(digits) == 4 and rest.endswith("s"):
        return [("H", int(digits[:2]) + 1)] if digits[2:] == "00" else [("K", int(digits[:3]))]
    if len(digits) == 4:
        return [("Y", int(digits))] if not rest else None
    if len(digits) == 3:
        return [("K", int(digits))] if rest else None
    if len(digits) == 2 and rest.endswith("s"):
        return [("k", int(digits[0]))]
    if len(digits) == 2 and len(rest) == 2 and rest[0] in _GAP + "_?x" and rest[1] in _GAP + "_?x":
        return [("H", int(digits) + 1)]
    return [("N", int(digits))]


def _numbers_only(one: int, two: int, three: int, *, year_first: bool) -> list[Word]:
    if year_first:
        return [("Y", one), ("m", two), ("d", three)]
    if one > 12 or one == two:
        return [("d", one), ("m", two), ("Y", three)]
    return [("m", one), ("d", two), ("Y", three)] if two > 12 else [("x", one), ("x", two), ("Y", three)]
