"""In which of the product's languages a text is, when that is plain to see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Frequent words of one language that the others don't write so; accents are kept, since they tell.
_WORDS = {
    "es": frozenset(
        "el los las una unos del al y pero muy mi mis su sus yo usted ustedes es son está están estoy"
        " tengo tiene tienen hay fue hola buenos buenas días tardes gracias saludos quiero quisiera"
        " necesito puedo puede pueden cuándo cuando dónde cómo qué porque también hasta desde con"
        " sin según hoy ayer mañana todavía aún nos les le lo ha han he nada siempre ahora según"
        " pedido factura llegó recibí pagué envío correo ayuda favor".split()
    ),
    "pt-br": frozenset(
        "o os a as um uma uns umas do da dos das no na nos nas ao aos à às e mas muito meu minha"
        " meus minhas seu sua eu você vocês é são está estão estou tenho tem têm há foi olá oi bom"
        " boa dia tarde noite obrigado obrigada abraços quero gostaria preciso posso pode podem"
        " quando onde como porque também até desde com sem hoje ontem amanhã ainda não lhe já isso"
        " nada sempre agora pedido fatura chegou recebi paguei envio e-mail ajuda favor".split()
    ),
    "en": frozenset(
        "the an and but very my your his her our i you we they is are was were am have has had been"
        " hello hi dear good morning afternoon thanks thank regards want would like need can could"
        " when where how what why because also until from with without today yesterday tomorrow"
        " still not this that these those it its to of in on for at please order invoice received"
        " paid delivery help do does did".split()
    ),
}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
# Fewer signs than this say nothing; and the first must be well ahead of the second.
FEWEST, LEAD = 4, 2
LONGEST = 4_000


def guess(text: str, among: Iterable[str]) -> str:
    """The language of `text`, one of `among`; "" when it is short, mixed or something else."""
    words = _WORD.findall(unicodedata.normalize("NFC", text[:LONGEST]).lower())
    scores = {code: 0 for code in among if code in _WORDS}
    for word in words:
        known_in = [code for code, known in _WORDS.items() if word in known]
        # What is said in two of them tells nothing.
        if len(known_in) == 1 and known_in[0] in scores:
            scores[known_in[0]] += 1
    if not scores:
        return ""
    best = max(scores, key=lambda code: scores[code])
    others = max((score for code, score in scores.items() if code != best), default=0)
    # A text in another language altogether has a few such words by chance.
    if scores[best] < max(FEWEST, len(words) // 12) or scores[best] < LEAD * others:
        return ""
    return best
