"""What is new in a reply, and what it only quotes; and whether it is no more than a thank-you."""

from __future__ import annotations

import re
import unicodedata

from mail.parsing import charsets

# Stands in our mails above what is quoted: "##- Please write above this line -##".
_MARK = "##-"
_MARKER = re.compile(rf"[\s>*|]{{0,40}}{_MARK}.{{0,300}}-##\s*")
_MAX_INTRODUCTION = 3
_MAX_LINE = 600
# "On Mon, 3 May 2027 at 10:00, Ana <ana@x.example> wrote:", on one line or a few.
_OPENS = re.compile(r"(?:On|El|Em|Às|A|O|No|Il|Le|Am)\s|.{0,300}@|\d{4}[-/.年]\s?\d", re.IGNORECASE)
_WROTE = re.compile(
    r"\b(?:wrote|writes|escribió|escribio|escribe|escreveu|ha scritto|a écrit|schrieb)\b[^:\n]{0,100}:$",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{4}[-/.年]\s?\d{1,2}[-/.月]")
_SEPARATOR = re.compile(
    r"[\s>]{0,20}(?:-{2,20}|_{2,20}|\*{2,20})\s?"
    r"(?:original message|original appointment|forwarded message|reply above this line"
    r"|mensaje original|mensaje reenviado|mensagem original|mensagem encaminhada"
    r"|mensagem reencaminhada)\s?(?:-{2,20}|_{2,20}|\*{2,20})?\s*"
    r"|[\s>]{0,20}begin forwarded message:\s*"
    r"|[\s>]{0,20}inicio del mensaje reenviado:\s*"
    r"|[\s>]{0,20}início da mensagem (?:encaminhada|reencaminhada):\s*",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s{0,20}(?:_{10,100}|-{10,100})\s*")
# The block that Outlook puts on top: a sender, and within a few lines a date and a recipient or subject.
_FROM = re.compile(r"[\s>*]{0,20}(?:from|de|von)\*?:\*?\s?\S", re.IGNORECASE)
_FIELDS = {
    "date": re.compile(
        r"[\s>*]{0,20}(?:sent|date|enviad[oa](?: el| em)?|fecha|data)\*?:", re.IGNORECASE
    ),
    "to": re.compile(r"[\s>*]{0,20}(?:to|para|cc)\*?:", re.IGNORECASE),
    "subject": re.compile(r"[\s>*]{0,20}(?:subject|asunto|assunto)\*?:", re.IGNORECASE),
}
_BLOCK_LINES = 8
_QUOTED = re.compile(r"\s{0,3}>")


def marker_line(words: str) -> str:
    """Our own line above what a mail of ours quotes; `reply_text` cuts there."""
    return f"{_MARK} {charsets.one_line(words, 280)} -##"


def reply_text(text: str) -> tuple[str, str]:
    """(what is new, the quoted rest). The two put together are `text`: nothing is ever dropped.

    Answers between quoted lines are new, so then nothing is cut off but what follows the last of
    them. A mail that holds nothing but a quotation or a forwarded mail is all new.
    """
    lines = text.split("\n")
    cut = _cut(lines)
    new = "\n".join(lines[:cut])
    if not new.strip():
        # They answered below the quotation, or only forwarded it.
        return text, ""
    if cut < len(lines):
        new += "\n"
    return new, text[len(new) :]


def _cut(lines: list[str]) -> int:
    """The number of the line at which the quoted rest begins."""
    for number, line in enumerate(lines):
        if len(line) > _MAX_LINE:
            continue
        if _MARKER.fullmatch(line) or _is_block(lines, number):
            return _above_rule(lines, number)
        if _SEPARATOR.fullmatch(line):
            return number
        if (after := _after_introduction(lines, number)) and _rest_is_quoted(lines, after):
            return number
    return _before_last_quotation(lines)


def _above_rule(lines: list[str], number: int) -> int:
    """A line drawn above a quotation belongs to it."""
    above = number - 1
    while above > 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.fullmatch(lines[above]) else number


def _is_block(lines: list[str], number: int) -> bool:
    if not _FROM.match(lines[number]):
        return False
    below = [line[:_MAX_LINE] for line in lines[number + 1 : number + _BLOCK_LINES]]
    found = {name for name, field in _FIELDS.items() if any(map(field.match, below))}
    return "date" in found and len(found) > 1


def _after_introduction(lines: list[str], number: int) -> int:
    """The line after "On … wrote:" if that begins at `number`, perhaps broken; else 0."""
    if not _OPENS.match(lines[number].lstrip(" >\t")):
        return 0
    joined = ""
    for count in range(_MAX_INTRODUCTION):
        if number + count >= len(lines) or len(joined) > _MAX_LINE:
            return 0
        line = lines[number + count][:_MAX_LINE]
        if count and not line.strip():
            return 0
        joined = f"{joined} {line}" if joined else line
        if _introduces(joined.strip(" >\t")):
            return number + count + 1
    return 0


def _introduces(words: str) -> bool:
    """Whether `words` tell when or by whom what follows was written."""
    if not words.endswith(":") or len(words) > _MAX_LINE:
        return False
    if _WROTE.search(words[-130:]):
        return "@" in words or any(map(str.isdigit, words))
    return _DATED.match(words) is not None and words.endswith(">:") and "@" in words


def _rest_is_quoted(lines: list[str], after: int) -> bool:
    """Whether nothing new stands below: no marks at all (as HTML mail quotes), or only marked lines."""
    rest = [line for line in lines[after:] if line.strip()]
    marked = sum(_QUOTED.match(line) is not None for line in rest)
    if not marked:
        return True
    if not _QUOTED.match(rest[0]):
        return True
    last = max(number for number, line in enumerate(rest) if _QUOTED.match(line))
    inside = last + 1 - marked
    below = rest[last + 1 :]
    return not inside and (not below or _is_signature(below))


def _is_signature(lines: list[str]) -> bool:
    return lines[0].rstrip() == "--" or lines[0].startswith("Sent from my ")


def _before_last_quotation(lines: list[str]) -> int:
    """Where the marked lines at the very end begin, with the line that introduces them."""
    number = len(lines)
    while number and (not lines[number - 1].strip() or _QUOTED.match(lines[number - 1])):
        number -= 1
    if not any(map(_QUOTED.match, lines[number:])):
        return len(lines)
    while not lines[number].strip():
        number += 1
    for back in range(1, _MAX_INTRODUCTION + 1):
        if number - back >= 0 and _after_introduction(lines, number - back) == number:
            return number - back
    return number


# --- thank you ---

_THANKS = re.compile(
    r"\b(?:thanks|thank you|thankyou|thx|ty|cheers|much appreciated|appreciate it"
    r"|gracias|agradecid[oa]s?|obrigad[oa]s?|obg|brigad[oa]|grat[oa]|valeu|agradeco)\b"
)
# Words that may stand beside it and still say no more.
_COURTESIES = frozenset(
    "a all again and any best big bye day dear everything for great have hello help hi i is it lot"
    " lots many much of okay ok perfect quick really regards reply response sincerely so super the"
    " team that thanks thank thankyou thx ty this to very warm weekend wonderful you your yours"
    " cheers appreciate appreciated kind nice good support warmly many works now fixed solved"
    " gracias muchas mil muchisimas por la el tu su ayuda respuesta rapida rapidez todo todos"
    " buen buena buenas buenos dia dias tarde tardes noche noches saludo saludos un una cordial cordiales"
    " atentamente perfecto genial vale hola y de os les te le agradezco agradecida agradecido"
    " excelente atencion pronta que tenga tengas fin semana abrazo lo solucionado resuelto ya"
    " obrigado obrigada obrigados obrigadas muito muita muitissimo pela pelo ajuda resposta atencao"
    " tudo todos bom boa dia tarde noite abraco abracos atenciosamente perfeito otimo ola oi e o a"
    " valeu grato grata agradeco brigado brigada obg cumprimentos retorno rapido certo beleza"
    " otima semana resolvido ja atendimento equipe equipa vcs voces voce".split()
)
# At the beginning of a sentence a request looks like a name.
_REQUEST = re.compile(
    r"\b(?:no|not|nao|but|pero|mas|still|sin|sem|baja|however|ainda|todavia|except|stop|call)\b"
    r"|\b(?:cancel|unsubscri|refund|return|urgent|devol|devuelv|reembols|sigue|llam|lig)"
)
# Blanks of its own line alone: thousands of empty lines would each be tried up to the last.
_SIGNATURES = re.compile(
    r"\n[^\S\n]*(?:-- ?|—|_{2,}|sent from my .*|enviado (?:desde|do|de|a partir) .*|get outlook for .*"
    r"|obtener outlook .*|obter o outlook .*)(?:\n.*)?$",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]+")
_SAYS_MORE = re.compile(r"[?¿\d@]|://|www\.|^\s*>", re.MULTILINE)
_MAX_WORDS, _MAX_NAMES, _MAX_THANKS = 8, 4, 400


def is_only_thanks(text: str) -> bool:
    """Whether the new text of a reply is a thank-you in en, es or pt and nothing else.

    Careful: a question, a number, a link or more than a few words make it something to read.
    """
    new, _quoted = reply_text(text[:20_000])
    # A signature of several lines may hold a telephone number; what is above it counts.
    words = _SIGNATURES.sub("", f"\n{new}").strip()
    if not words or len(words) > _MAX_THANKS or _SAYS_MORE.search(words):
        return False
    folded = _folded(words)
    if not _THANKS.search(folded) or _REQUEST.search(folded):
        return False
    lines = [line for line in folded.split("\n") if line.strip()]
    others = [[word for word in _WORD.findall(line) if word not in _COURTESIES] for line in lines]
    if sum(len(_WORD.findall(line)) for line in lines) > _MAX_WORDS + _MAX_NAMES:
        return False
    return all(
        _may_be_name(line, unknown) for line, unknown in zip(_lines(words), others, strict=True)
    )


def _lines(words: str) -> list[str]:
    return [line for line in words.split("\n") if line.strip()]


def _may_be_name(line: str, unknown: list[str]) -> bool:
    """Whether the words of a line that are no courtesies look like a name: few, capitalised."""
    if not unknown:
        return True
    capitalised = {_folded(word) for word in _WORD.findall(line) if word[0].isupper()}
    return len(unknown) <= _MAX_NAMES and all(word in capitalised for word in unknown)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
