"""Words of listings in English and twelve other languages of archives.

German, French, Spanish, Italian, Portuguese, Dutch, Russian, Polish, Czech, Hungarian, Chinese and Japanese.
"""

from __future__ import annotations

import re

DAY_FIRST = re.compile(
    r"(?i)(?:de|fr|es|it|pt|nl|ru|pl|cs|sk|sl|hr|sr|uk|bg|ro|el|tr|da|nb|nn|no|fi|ca|gl|eu|is|et|lv|en-(?:gb|au|nz|ie))(?![a-z])"
)
"""Languages in which dates of numbers only begin with the day."""
TITLE_WORDS = re.compile(
    r"(?i)(?:^|[^a-z])(?:title|caption|name|case|parties|style|subject|heading|headline|description|document|opinion"
    r"|titel|bezeichnung|betreff|titre|intitulé|intitule|nom|título|titulo|nombre|asunto|titolo|oggetto|denominazione"
    r"|nome|assunto|onderwerp|naam|название|наименование|заголовок|tytuł|tytul|nazwa|název|nazev|cím|cim|megnevezés"
    r"|题名|标题|名称|題名|タイトル|件名|表題)(?![a-z])"
)
DATE_WORDS = re.compile(
    r"(?i)(?:^|[^a-z])(?:dates?|dated|filed|issued|decided|released|posted|published|publication|time|year|datum|jahr"
    r"|laufzeit|entstehungszeit|zeitraum|année|annee|fecha|año|anno|data|ano|jaar|дата|год|rok|dátum|év|日期|时间|日付"
    r"|年月日|年代)(?![a-z])"
)
RECORDS = (
    r"(?:results?|records?|items?|hits?|entries|entry|documents?|matches|files?|objects?|titles?|publications?|cases?"
    r"|lots?|bills?|notices?|opinions?|judgments?|articles?|found|total"
    r"|treffer|ergebnisse?n?|einträge|eintrag|dokumente?|datensätze|objekte|titel|gefunden|insgesamt|gesamt"
    r"|au total|résultats?|fiches?|réponses?|enregistrements?|objets?|trouvée?s?"
    r"|en total|resultados?|registros?|documentos?|fichas?|elementos?|encontrad[oa]s?"
    r"|risultat[io]|document[io]|sched[ae]|elementi|trovat[io]|totale|itens"
    r"|resultaten|resultaat|treffers|documenten|stukken|gevonden|totaal"
    r"|результат(?:ов|а|ы)?|запис(?:ей|и|ь)|документ(?:ов|а|ы)?|дел|найдено|всего"
    r"|wynik(?:ów|i)?|rekord(?:ów|y)?|pozycj[ie]|dokument(?:ów|y)?|znaleziono|łącznie|razem"
    r"|výsledk(?:ů|y)|záznam(?:ů|y)|dokument[ůy]|položek|nalezeno|celkem"
    r"|találat(?:ok)?|rekord|tétel|dokumentum|összesen|talált"
    r"|条(?:记录|结果)?|件|项|項|筆|笔|记录|記録|結果|结果|个|合計|共|全)"
)
"""What is counted, beside a total."""
NOT_COUNTED = re.compile(
    r"(?i)^(?:show|display|view|list|zeige|anzeigen|afficher|montrer|mostrar|ver|exibir|mostra|visualizza|toon|bekijk"
    r"|показать|показывать|pokaż|zobrazit) \d|(?:per|pro|par|por|na|op een|/) ?(?:page|seite|página|pagina|strona"
    r"|stronę|stránku|страницу|страница)(?![^\W\d_])"
)
"""Lines with the number of records that a page may show, which is chosen by its reader."""
PAGE = (
    r"(?:pages?|seite|página|pagina|страница|strona|strony|stránka|strana|oldal|页|頁|ページ|第|(?:pág|pag|стр|str)\.)"
)


def matches(words: re.Pattern[str], text: str) -> bool:
    """Return whether a text holds one of these words."""
    return words.search(text) is not None
