"""What customers read, in their own language: each survey's words, and the mail's own.

These are content, not translations of the staff's screen: a business may reword any of them per
survey and language. `{business}` stands for its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surveys.models import SurveyVersion

LANGUAGES = ("es", "pt-br", "en")
# The language of whom we know nothing and whose language we have no words for.
LAST_RESORT = "en"


@dataclass(frozen=True)
class Texts:
    """The words of one survey in one language; `low` and `high` name the ends of the scale.

    `reason` asks why before a score is chosen; `reason_low|middle|high` ask it in words that fit
    the score's group, and `thanks_low|middle|high` answer it.
    """

    subject: str
    intro: str
    question: str
    low: str
    high: str
    reason: str
    reason_low: str
    reason_middle: str
    reason_high: str
    thanks_low: str
    thanks_middle: str
    thanks_high: str

    def named(self, business: str) -> Texts:
        """With the business's name in every `{business}`; other braces stay as they are."""
        return Texts(**{k: v.replace("{business}", business) for k, v in self.words()})

    def words(self) -> list[tuple[str, str]]:
        return [(name, getattr(self, name)) for name in FIELDS]


FIELDS = tuple(field.name for field in fields(Texts))


@dataclass(frozen=True)
class MailWords:
    """The parts of the mail that no survey rewords; `{name}` is the contact's first name."""

    greeting: str
    greeting_unnamed: str
    # What a reminder says before the question.
    reminder: str
    how: str
    link: str
    valid: str
    why: str
    unsubscribe: str


def supported(*languages: str) -> str:
    """The first of `languages` that there are words for, else English."""
    return next((code for code in languages if code in LANGUAGES), LAST_RESORT)


def stock(kind: str, language: str) -> Texts:
    return STOCK[kind][supported(language)]


def of_version(version: SurveyVersion, kind: str, language: str) -> Texts:
    """The version's own words where it has some, the stock words where not; `{business}` stays."""
    return merged(kind, language, version.texts)


def merged(kind: str, language: str, texts: Mapping[str, Any]) -> Texts:
    own = texts.get(supported(language), {})
    return replace(stock(kind, language), **{k: own[k] for k in FIELDS if own.get(k)})


_THANKS_EN = {
    "thanks_low": "Thank you for being frank. We are sorry that we let you down, and we will look into it.",
    "thanks_middle": "Thank you. We will use what you told us to do better.",
    "thanks_high": "Thank you. It is good to know that we are on the right track.",
}
_THANKS_ES = {
    "thanks_low": "Gracias por tu sinceridad. Sentimos haberte fallado y vamos a ver qué ocurrió.",
    "thanks_middle": "Gracias. Lo que nos cuentas nos ayuda a mejorar.",
    "thanks_high": "Gracias. Nos alegra saber que vamos por buen camino.",
}
_THANKS_PT = {
    "thanks_low": "Obrigado pela sinceridade. Lamentamos ter decepcionado você e vamos ver o que aconteceu.",
    "thanks_middle": "Obrigado. O que você nos contou ajuda a gente a melhorar.",
    "thanks_high": "Obrigado. É bom saber que estamos no caminho certo.",
}

STOCK: dict[str, dict[str, Texts]] = {
    "nps": {
        "en": Texts(
            subject="One question from {business}",
            intro="We would like to know how we are doing. It takes less than a minute.",
            question=(
                "On a scale of 0 to 10, how likely are you to recommend {business} "
                "to a friend or colleague?"
            ),
            low="not at all likely",
            high="extremely likely",
            reason="What is the main reason for your score?",
            reason_low="What went wrong, and what should we put right first?",
            reason_middle="What would have made it better?",
            reason_high="What do you like most about us?",
            **_THANKS_EN,
        ),
        "es": Texts(
            subject="Una pregunta de {business}",
            intro="Queremos saber cómo lo estamos haciendo. Te llevará menos de un minuto.",
            question=(
                "En una escala de 0 a 10, ¿qué probabilidad hay de que recomiendes {business} "
                "a un amigo o colega?"
            ),
            low="nada probable",
            high="muy probable",
            reason="¿Cuál es el motivo principal de tu puntuación?",
            reason_low="¿Qué salió mal y qué deberíamos arreglar primero?",
            reason_middle="¿Qué podríamos haber hecho mejor?",
            reason_high="¿Qué es lo que más te gusta de nosotros?",
            **_THANKS_ES,
        ),
        "pt-br": Texts(
            subject="Uma pergunta de {business}",
            intro="Queremos saber como estamos indo. Leva menos de um minuto.",
            question=(
                "Em uma escala de 0 a 10, qual é a probabilidade de você recomendar {business} "
                "a um amigo ou colega?"
            ),
            low="nada provável",
            high="muito provável",
            reason="Qual é o principal motivo da sua nota?",
            reason_low="O que deu errado e o que devemos corrigir primeiro?",
            reason_middle="O que teria deixado a experiência melhor?",
            reason_high="Do que você mais gosta na gente?",
            **_THANKS_PT,
        ),
    },
    "csat": {
        "en": Texts(
            subject="How satisfied are you with {business}?",
            intro="We would like to know how it went for you. It takes less than a minute.",
            question="How satisfied are you with {business}?",
            low="very dissatisfied",
            high="very satisfied",
            reason="What is the main reason for your answer?",
            reason_low="What went wrong, and what should we put right first?",
            reason_middle="What was missing for you to be satisfied?",
            reason_high="What did we do well?",
            **_THANKS_EN,
        ),
        "es": Texts(
            subject="¿Cómo te fue con {business}?",
            intro="Queremos saber cómo te fue con nosotros. Te llevará menos de un minuto.",
            question="¿Qué grado de satisfacción tienes con {business}?",
            low="muy bajo",
            high="muy alto",
            reason="¿Cuál es el motivo principal de tu respuesta?",
            reason_low="¿Qué salió mal y qué deberíamos arreglar primero?",
            reason_middle="¿Qué te faltó para sentir satisfacción?",
            reason_high="¿Qué hicimos bien?",
            **_THANKS_ES,
        ),
        "pt-br": Texts(
            subject="Qual é a sua satisfação com {business}?",
            intro="Queremos saber como foi a sua experiência. Leva menos de um minuto.",
            question="Qual é o seu grau de satisfação com {business}?",
            low="muito baixo",
            high="muito alto",
            reason="Qual é o principal motivo da sua resposta?",
            reason_low="O que deu errado e o que devemos corrigir primeiro?",
            reason_middle="O que faltou para a sua satisfação?",
            reason_high="O que fizemos bem?",
            **_THANKS_PT,
        ),
    },
    "ces": {
        "en": Texts(
            subject="Was it easy? One question from {business}",
            intro="We would like to know if it was easy to get what you needed. It takes a minute.",
            question="How far do you agree? “{business} made it easy for me to handle my issue.”",
            low="strongly disagree",
            high="strongly agree",
            reason="What is the main reason for your answer?",
            reason_low="What made it hard?",
            reason_middle="What could have been easier?",
            reason_high="What made it easy?",
            **_THANKS_EN,
        ),
        "es": Texts(
            subject="¿Fue fácil? Una pregunta de {business}",
            intro="Queremos saber si te fue fácil conseguir lo que necesitabas. Te llevará un minuto.",
            question="¿Hasta qué punto estás de acuerdo? «{business} me puso fácil resolver mi asunto.»",
            low="muy en desacuerdo",
            high="muy de acuerdo",
            reason="¿Cuál es el motivo principal de tu respuesta?",
            reason_low="¿Qué lo hizo difícil?",
            reason_middle="¿Qué podría haber sido más fácil?",
            reason_high="¿Qué lo hizo fácil?",
            **_THANKS_ES,
        ),
        "pt-br": Texts(
            subject="Foi fácil? Uma pergunta de {business}",
            intro="Queremos saber se foi fácil conseguir o que você precisava. Leva um minuto.",
            question="Até que ponto você concorda? “{business} facilitou a solução do meu problema.”",
            low="discordo totalmente",
            high="concordo totalmente",
            reason="Qual é o principal motivo da sua resposta?",
            reason_low="O que dificultou?",
            reason_middle="O que poderia ter sido mais fácil?",
            reason_high="O que facilitou?",
            **_THANKS_PT,
        ),
    },
}

MAIL: dict[str, MailWords] = {
    "en": MailWords(
        greeting="Hello {name},",
        greeting_unnamed="Hello,",
        reminder=(
            "A few days ago we asked you one question, and your answer would help us. "
            "We won't remind you again."
        ),
        how="Choose a number. You can add a reason and confirm on the page that opens.",
        link="Answer on the web",
        valid="The link is yours alone and works until {date}.",
        why="You receive this because you are a customer of {business}.",
        unsubscribe="No more surveys",
    ),
    "es": MailWords(
        greeting="Hola, {name}:",
        greeting_unnamed="Hola:",
        reminder=(
            "Hace unos días te hicimos una pregunta, y tu respuesta nos ayudaría. "
            "No volveremos a recordártelo."
        ),
        how="Elige un número. En la página que se abre puedes añadir el motivo y confirmar.",
        link="Responder en la web",
        valid="El enlace es solo para ti y funciona hasta el {date}.",
        why="Recibes este mensaje porque eres cliente de {business}.",
        unsubscribe="No quiero más encuestas",
    ),
    "pt-br": MailWords(
        greeting="Olá, {name},",
        greeting_unnamed="Olá,",
        reminder=(
            "Há alguns dias fizemos uma pergunta a você, e sua resposta nos ajudaria. "
            "Não vamos lembrar de novo."
        ),
        how="Escolha um número. Na página que se abre você pode contar o motivo e confirmar.",
        link="Responder na web",
        valid="O link é só seu e funciona até {date}.",
        why="Você recebe esta mensagem porque é cliente de {business}.",
        unsubscribe="Não quero mais pesquisas",
    ),
}

# What a poster says above its code.
SCAN = {
    "en": "Scan the code with your telephone and tell us. It takes less than a minute.",
    "es": "Escanea el código con tu teléfono y cuéntanoslo. Te llevará menos de un minuto.",
    "pt-br": "Leia o código com seu celular e conte para nós. Leva menos de um minuto.",
}
