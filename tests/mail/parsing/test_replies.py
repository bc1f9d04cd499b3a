"""What is new in a reply, what is quoted; and whether it only says thank you."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.parsing import is_only_thanks, marker_line, parse, reply_text
from tests.mail.parsing.cases import html

# No database: once is enough.
pytestmark = pytest.mark.once

NEW = "It still doesn't work.\n\nAna\n\n"
QUOTED = "> Did you turn it on?\n> Bea\n"


@pytest.mark.parametrize(
    "introduction",
    [
        "On Mon, 3 May 2027 at 10:00, Bea <bea@x.example> wrote:",
        "On Mon, 3 May 2027 at 10:00, Bea <\nbea@x.example> wrote:",
        "On Mon, 3 May 2027 at 10:00, Bea of the very long name\n<bea@x.example>\nwrote:",
        "On 03/05/2027 10:00, Bea wrote:",
        "El lun, 3 may 2027 a las 10:00, Bea (<bea@x.example>) escribió:",
        "El 3 may 2027, a las 10:00, Bea <bea@x.example> escribio:",
        "Em seg., 3 de mai. de 2027 às 10:00, Bea <bea@x.example> escreveu:",
        "A 3/5/2027, Bea <bea@x.example> escreveu:",
        "Bea <bea@x.example> escribió el 3 de mayo:",
        "Às 10:00 de 03/05/2027, Bea escreveu:",
        "2027-05-03 10:00 GMT+02:00 Bea <bea@x.example>:",
        "-----Original Message-----",
        "----- Mensaje original -----",
        "-----Mensagem original-----",
        "---------- Forwarded message ---------",
        "---------- Mensaje reenviado ---------",
        "From: Bea <bea@x.example>\nSent: Monday, 3 May 2027 10:00\nTo: Ana\nSubject: Order",
        "*From:* Bea <bea@x.example>\n*Sent:* Monday, 3 May 2027 10:00\n*To:* Ana",
        "De: Bea <bea@x.example>\nEnviado el: lunes, 3 de mayo de 2027 10:00\nPara: Ana\nAsunto: Pedido",
        "De: Bea <bea@x.example>\nEnviado: segunda-feira, 3 de maio\nPara: Ana\nAssunto: Pedido",
        "________________________________\nFrom: Bea <b@x.example>\nDate: Monday\nSubject: Order",
        marker_line("Please write your answer above this line"),
        "> " + marker_line("Escreva a sua resposta acima desta linha"),
    ],
)
@pytest.mark.parametrize("quoted", [QUOTED, "Did you turn it on?\nBea\n"], ids=["marked", "plain"])
def test_what_follows_an_introduction_is_quoted(introduction: str, quoted: str) -> None:
    rest = f"{introduction}\n\n{quoted}"
    assert reply_text(NEW + rest) == (NEW, rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "Just words.",
        "On Monday I wrote: it doesn't work.\nAnd it still doesn't.",
        "My husband wrote:\nplease cancel it.",
        "From: the shop\nI bought a thing and\nTo: my surprise it broke.",
        "De: nada\nhasta luego",
        # All of it is forwarded, or answered below: nothing may be folded away.
        "---------- Forwarded message ---------\nFrom: Bea <b@x.example>\nDate: Monday\n\nWords",
        "On 3 May 2027, Bea wrote:\n> Did you?\n\nYes, I did.",
        "> Did you?\nYes.",
        # Answers between the lines.
        "See below.\nOn 3 May 2027, Bea wrote:\n> Did you?\nYes.\n> Really?\nYes, really.",
    ],
)
def test_what_quotes_nothing_or_answers_between_the_lines_stays_whole(text: str) -> None:
    assert reply_text(text) == (text, "")


def test_marked_lines_at_the_end_need_no_introduction() -> None:
    assert reply_text(NEW + QUOTED) == (NEW, QUOTED)


def test_after_answers_between_the_lines_the_last_quotation_is_folded() -> None:
    text = "On 3 May 2027, Bea wrote:\n> One?\nYes.\n> Two?\n> Bea\n"
    assert reply_text(text) == (
        "On 3 May 2027, Bea wrote:\n> One?\nYes.\n",
        "> Two?\n> Bea\n",
    )


def test_html_quotations_are_found_as_well() -> None:
    parsed = parse(
        html(
            b'<div>Still broken</div><div class="gmail_quote"><div>On Mon, 3 May 2027 at 10:00, Bea '
            b'&lt;<a href="mailto:bea@x.example">bea@x.example</a>&gt; wrote:<br></div>'
            b"<blockquote>Did you turn it on?<br>Bea</blockquote></div>"
        )
    )
    assert reply_text(parsed.text)[0] == "Still broken\n"


@given(
    st.lists(
        st.sampled_from(
            [
                "On 3 May 2027, Bea wrote:",
                "> x",
                "",
                "words",
                "De: b@x",
                "Enviado: 3",
                "Para: c",
                ">",
                "-----Original Message-----",
                "##- x -##",
                "____________",
                "--",
                "Em 3, b@x",
                "escreveu:",
            ]
        )
    )
)
def test_nothing_is_ever_dropped(lines: list[str]) -> None:
    text = "\n".join(lines)
    new, quoted = reply_text(text)
    assert new + quoted == text
    assert new.strip() or not quoted


@pytest.mark.parametrize(
    "text",
    [
        "Thanks",
        "Thank you!",
        "thank you so much 😊",
        "Thanks a lot, Bea!\n\nAna",
        "Perfect, thanks!",
        "Great, thank you.\n\nBest regards,\nAna Silva",
        "Gracias",
        "¡Muchas gracias, Bea! 🙏",
        "Muchísimas gracias por la ayuda.\nUn saludo,\nJosé Núñez",
        "Ok, gracias",
        "Obrigado",
        "Obrigada! 😀",
        "Muito obrigada pela ajuda!\nAbraços,\nMaria",
        "Valeu!",
        "Thanks!\n\nSent from my iPhone",
        "Thanks\n-- \nAna Silva\nX Ltd\n+34 600 000 000",
        "Thank you\n\nOn Mon, 3 May 2027 at 10:00, Bea <b@x.example> wrote:\n> Is it fine now? 123",
    ],
)
def test_a_thank_you_and_no_more(text: str) -> None:
    assert is_only_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "Thanks, but it still doesn't work",
        "Thanks. And the refund?",
        "Gracias, pero no funciona",
        "No gracias",
        "No, thanks",
        "Thanks for nothing",
        "Gracias, sigue igual",
        "Obrigada, mas ainda falta a fatura",
        "Thanks! My number is 600 000 000",
        "Thanks, see https://x.example",
        "Thanks. Cancel my order please",
        "Thanks! Cancel",
        "Muchas gracias por todo, pero devuelvan el dinero",
        "Thank you. The blue one is mine",
        "Thank you very much for the quick help and support and for all the great work with everything",
        "Obrigado\n\nQuando chega",
        "gracias por avisar, mañana paso por la tienda",
        "> Thanks",
    ],
)
def test_more_than_a_thank_you(text: str) -> None:
    assert not is_only_thanks(text)
