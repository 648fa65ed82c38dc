"""The words of dates in the languages of the archives, and how a text is split into them: kind and value of each.

Kinds are one letter: `M` month (1 to 12), `S` season (as EDTF numbers it, 21 to 24), `A` about, `?` uncertain, `P` part
of a year or month, `Q` ordinal, `U` half, quarter or week, `C` century, `B` before, `b` not after, `F` after, `f` not
before, `L` to, `T` the present, `W` between, `O` or, `&` and, `J` era of Japan or China (the year before its first),
`w` weekday, and none for words that have no effect.
"""

from __future__ import annotations

import re

Word = tuple[str, int]
"""Kind and value; 0 where the kind has none."""

_MONTHS = (
    # English
    "january jan | february feb febr | march mar | april apr | may | june jun | july jul | august aug "
    "| september sep sept | october oct | november nov | december dec",
    # German
    "januar jänner jan jän | februar feber feb | märz mär mrz | april apr | mai | juni jun | juli jul | august aug "
    "| september sep sept | oktober okt | november nov | dezember dez",
    # French
    "janvier janv | février fevrier févr fév fevr | mars | avril avr | mai | juin | juillet juil | août aout "
    "| septembre sept | octobre oct | novembre nov | décembre decembre déc",
    # Spanish
    "enero ene | febrero feb | marzo mar | abril abr | mayo may | junio jun | julio jul | agosto ago "
    "| septiembre setiembre sept set | octubre oct | noviembre nov | diciembre dic",
    # Italian
    "gennaio genn gen | febbraio febbr feb | marzo mar | aprile apr | maggio mag magg | giugno giu | luglio lug "
    "| agosto ago ag | settembre set sett | ottobre ott | novembre nov | dicembre dic",
    # Portuguese
    "janeiro jan | fevereiro fev | março marco mar | abril abr | maio mai | junho jun | julho jul | agosto ago "
    "| setembro set | outubro out | novembro nov | dezembro dez",
    # Dutch
    "januari jan | februari feb | maart mrt | april apr | mei | juni jun | juli jul | augustus aug | september sep "
    "| oktober okt | november nov | december dec",
    # Russian
    "январь января янв | февраль февраля февр фев | март марта мар | апрель апреля апр | май мая | июнь июня июн "
    "| июль июля июл | август августа авг | сентябрь сентября сент сен | октябрь октября окт "
    "| ноябрь ноября нояб ноя | декабрь декабря дек",
    # Polish
    "styczeń stycznia sty stycz | luty lutego lut | marzec marca mar | kwiecień kwietnia kwi kwiec | maj maja "
    "| czerwiec czerwca cze czerw | lipiec lipca lip | sierpień sierpnia sie sierp | wrzesień września wrz wrzes "
    "| październik października paź paźdz | listopad listopada lis | grudzień grudnia gru grudz",
    # Czech
    "leden ledna led | únor února úno | březen března bře | duben dubna dub | květen května kvě | červen června čvn "
    "| červenec července čvc | srpen srpna srp | září zář | říjen října říj | listopad listopadu lis "
    "| prosinec prosince pro",
    # Hungarian
    "január jan | február febr | március márc | április ápr | május máj | június jún | július júl | augusztus aug "
    "| szeptember szept | október okt | november nov | december dec",
    # Romanian
    "ianuarie ian | februarie febr | martie mart | aprilie apr | mai | iunie iun | iulie iul | august aug "
    "| septembrie sept | octombrie oct | noiembrie nov noi | decembrie dec",
)
_SEASONS = (
    "spring | summer | autumn fall | winter",
    "frühling frühjahr | sommer | herbst | winter",
    "printemps | été | automne | hiver",
    "primavera | verano | otoño | invierno",
    "primavera | estate | autunno | inverno",
    "primavera | verão | outono | inverno",
    "lente voorjaar | zomer | herfst najaar | winter",
    "весна весной весны | лето летом лета | осень осенью осени | зима зимой зимы",
    "wiosna wiosną wiosny | lato latem lata | jesień jesienią jesieni | zima zimą zimy",
    "jaro | léto | podzim | zima",
    "tavasz tavasza | nyár nyara | ősz ősze | tél tele",
    "primăvara primăvară | vara vară | toamna toamnă | iarna iarnă",
    "春季 春 | 夏季 夏 | 秋季 秋 | 冬季 冬",
)
_OTHERS = {
    "A": "circa circ ca c cca about around approximately approx about. um etwa gegen zirka vers environ env hacia "
    "alrededor verso intorno aproximadamente omstreeks rond около ок około ok kolem asi körül kb către "
    "约 約 頃 ごろ ~ ≈",
    "?": "? * probably possibly perhaps presumably likely prob poss maybe vermutlich wahrscheinlich wohl "
    "vielleicht probablement peut-être probablemente quizás probabilmente forse provavelmente waarschijnlijk "
    "misschien вероятно возможно предположительно prawdopodobnie pravděpodobně talán valószínűleg probabil",
    "P": "early mid middle late beginning begin start end anfang mitte ende début milieu fin "
    "principios mediados finales fines inizio inizi metà fine início meados fim fins midden eind einde начало начале "
    "середина середине конец конце początek początku połowa połowie koniec końcu počátek začátek polovina konec eleje "
    "közepe vége începutul mijlocul sfârșitul 初 末 中 上旬 中旬 下旬 初期 中期 末期 後期 前期",
    "Q": "first second third fourth last latter erste ersten zweite zweiten dritte dritten vierte première premier "
    "deuxième seconde dernière primera segunda prima seconda первая вторая первой второй",
    "U": "half quarter week weeks hälfte quartal woche drittel moitié trimestre semaine mitad semana metade "
    "settimana половина половине квартал неделя kwartał tydzień",
    "C": "century cent centuries jahrhundert jh jhd jhdt siècle siècles s siglo siglos secolo secoli sec século "
    "séculos eeuw век века веке в wiek wieku w století stol század secolul veacul 世纪 世紀",
    "B": "before earlier pre pre- vor avant antes prima vóór voor przed před előtt înainte",
    "b": "by",
    "F": "after later post nach après despues después dopo depois após na после po után după",
    "f": "since from von ab seit dès depuis desde dal da sinds vanaf od с",
    "L": "- – — − to through thru until till til up-to bis à al a até tot do до по jusqu'à hasta fino",
    "T": "present ongoing heute today",
    "W": "between zwischen entre tra fra tussen между między mezi între",
    "O": "or oder ou o или lub nebo vagy sau",
    "&": "& and und et y e и és și",
    "": "of the in im de del des di du dem der den le la les el año anno anul ano en r roku rok г гг год года году "
    "am on",
    "w": "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche "
    "lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato domenica "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag понедельник вторник среда четверг пятница суббота "
    "воскресенье poniedziałek wtorek środa czwartek piątek sobota niedziela pondělí úterý středa čtvrtek pátek "
    "neděle hétfő kedd szerda csütörtök péntek szombat vasárnap luni marți miercuri joi vineri sâmbătă duminică",
}
_PHRASES = {
    "b": "not after|no later than|not later than|on or before|up to|prior to and including",
    "f": "not before|no earlier than|not earlier than|on or after",
    "B": "prior to|vor dem",
    "T": "to date",
    "?": "peut-être",
    "w": "segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira"
    "|星期一|星期二|星期三|星期四|星期五|星期六|星期日|星期天|月曜日|火曜日|水曜日|木曜日|金曜日|土曜日|日曜日",
    "A": "intorno al|autour de|alrededor de|cerca de|in or about",
}
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "民國": 1911, "民国": 1911}

_UNDATED = """
    n.d. | n. d. | n.d | n d | undated | no date | not dated | without date | date unknown | unknown date
    | date not known | date illegible | s.d. | s. d. | s.d | o.d. | o. d. | o.j. | s.a. | ohne datum | undatiert
    | sans date | non daté | sin fecha | senza data | sem data | zonder datum | z.d. | без даты | б.д. | б. д.
    | bez daty | b.d. | bez data | nedatováno | dátum nélkül | d.n. | é.n. | fără dată | f.d.
    | 日期不详 | 无日期 | 日付不明
"""
UNDATED = frozenset(map(str.strip, _UNDATED.split("|")))
"""How archives write that there is no date."""


def _lists() -> dict[str, Word]:
    words = {word: (kind, 0) for kind, listed in _OTHERS.items() for word in listed.split()}
    words |= {word: ("J", year) for word, year in _ERAS.items()}
    words |= {word: (kind, 0) for kind, listed in _PHRASES.items() for word in listed.split("|")}
    for first, kind, languages in ((1, "M", _MONTHS), (21, "S", _SEASONS)):
        for language in languages:
            for number, names in enumerate(language.split("|"), first):
                words |= dict.fromkeys(names.split(), (kind, number))
    return words


NEVER_LAST = frozenset(
    (
        "of",
        "the",
        "in",
        "im",
        "de",
        "del",
        "des",
        "di",
        "du",
        "dem",
        "der",
        "den",
        "le",
        "la",
        "les",
        "el",
        "en",
        "am",
        "on",
    )
)
"""Words that lead to another: what ends with one is no date, but the beginning of a sentence."""
NEVER_FIRST = frozenset(("of", "and", "&", "und", "et"))
"""Words that lead back to another: what begins with one is no date, but the end of a sentence."""
WORDS: dict[str, Word] = _lists()
"""Every word that a date may contain, in lower case and without a full stop."""
PHRASES = sorted((phrase for listed in _PHRASES.values() for phrase in listed.split("|")), key=len, reverse=True)


_GAP = "-–—−"
_TOKEN = (  # compiled when it is first needed: nearly all dates are read without it
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
    """Return whether a text contains a year, a month, a season or numbers like a date's."""
    tokens = [token.rstrip(".") for token in re.findall(_TOKEN, text.casefold())]
    named = any(WORDS.get(token, ("", 0))[0] in ("M", "S") for token in tokens)
    return named or _SHORT_YEAR.search(text) is not None or _YEAR.search(text) is not None


def words_of(text: str) -> list[Word] | None:
    """Return the kinds and values of a text's words; None if one of them is in no date."""
    text = text.casefold()
    if not text.isascii():
        text = _CHINESE_NUMBER.sub(_arabic, text)
    if text.endswith(".") and text[4:5] == ".":  # 1960. május 12.
        text = text[:-1]
    tokens = re.findall(_TOKEN, text)
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
    """Return the words of a token that is not in the lists as it is; None if it is no part of a date."""
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
