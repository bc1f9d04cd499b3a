"""Thanks as a mail, with the customer's own referral link: content, in the customer's language."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string

from crm import referrals
from mail.drafts import UNSUBSCRIBE, Draft
from mail.letterhead import frame
from mail.models import OutgoingEmail
from staff.models import Business
from surveys import texts
from surveys.invitation_mail import greeting_of
from surveys.models import Response


@dataclass(frozen=True)
class Words:
    """`{business}` stands for its name."""

    subject: str
    thanks: str
    refer: str
    link: str
    why: str


WORDS = {
    "en": Words(
        subject="Thank you for your answer",
        thanks=(
            "You told us that you are happy with {business}. Thank you: it is good to know, and "
            "we mean to keep it that way."
        ),
        refer=(
            "Do you know somebody who might like us, too? This link is yours. Whoever comes "
            "through it, we know that you sent them."
        ),
        link="Your link to pass on",
        why="You receive this because you answered a survey of {business}.",
    ),
    "es": Words(
        subject="Gracias por tu respuesta",
        thanks=(
            "Nos has dicho que estás a gusto con {business}. Gracias: nos alegra saberlo y "
            "queremos que siga siendo así."
        ),
        refer=(
            "¿Conoces a alguien a quien también podamos gustarle? Este enlace es tuyo. Si alguien "
            "llega por él, sabremos que viene de tu parte."
        ),
        link="Tu enlace para compartir",
        why="Recibes este mensaje porque respondiste a una encuesta de {business}.",
    ),
    "pt-br": Words(
        subject="Obrigado pela sua resposta",
        thanks=(
            "Você nos contou que gosta de {business}. Obrigado: é bom saber, e queremos que "
            "continue assim."
        ),
        refer=(
            "Conhece alguém que também possa gostar da gente? Este link é seu. Se alguém chegar "
            "por ele, vamos saber que veio por você."
        ),
        link="Seu link para compartilhar",
        why="Você recebe esta mensagem porque respondeu a uma pesquisa de {business}.",
    ),
}


def draft_of(response: Response, *, business: Business, address: str, name: str) -> Draft:
    """Once per answer; the referral link is left out where the customer's own was switched off."""
    language = texts.supported(response.language, business.language)
    words = WORDS[language]
    customer = response.customer_id or 0
    context = {
        **frame(business),
        "language": language,
        "subject": words.subject,
        "greeting": greeting_of(language, name),
        "words": words,
        "thanks": words.thanks.replace("{business}", business.name),
        "why": words.why.replace("{business}", business.name),
        "leave": texts.MAIL[language].unsubscribe,
        "link": referrals.urls_of([customer]).get(customer, ""),
        "unsubscribe": UNSUBSCRIBE,
    }
    return Draft(
        stream=OutgoingEmail.Stream.SURVEYS,
        to_address=address,
        to_name=name,
        subject=words.subject,
        text=render_to_string("surveys/mail/thanks.txt", context).strip() + "\n",
        html=render_to_string("surveys/mail/thanks.html", context),
        language=language,
        about=("surveys.response", response.pk),
        once_key=f"surveys.response:{response.pk}:thanks",
    )
