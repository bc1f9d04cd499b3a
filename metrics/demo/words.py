"""How people are called, where they live, and what they say, in three languages."""

from __future__ import annotations

FIRST_NAMES = {
    "es": (
        "María Carmen Lucía Martina Paula Sara Alba Noelia Irene Marta Elena Rocío Amparo Inmaculada "
        "Vicenta Nerea Júlia Laia Montserrat Pilar Javier Antonio Manuel José Francisco David Daniel "
        "Carlos Miguel Alejandro Rafael Pablo Sergio Jorge Álvaro Adrián Vicent Jordi Iván Rubén Óscar "
        "Ángel Ramón Joaquín Andrés Hugo Mateo Íñigo Andrea Beatriz Cristina Verónica Xavier"
    ).split(),
    "pt-br": (
        "Ana Beatriz Juliana Camila Larissa Fernanda Patrícia Letícia Gabriela Luiza Débora Renata João "
        "Pedro Lucas Gustavo Rodrigo Felipe Thiago Rafael Caio Murilo Vinícius Antônio Inês Catarina "
        "Joana Tomás Duarte Simão"
    ).split(),
    "en": (
        "Emma Olivia Grace Charlotte Hannah Alice Eleanor Lucy Megan Rachel Thomas James Oliver William "
        "Henry George Daniel Matthew Andrew Peter Simon Ruth Fiona Ewan Niamh Conor"
    ).split(),
}
SURNAMES = {
    "es": (
        "García Martínez López Sánchez Pérez Gómez Fernández Moreno Jiménez Ruiz Navarro Torres Gil Serrano "
        "Molina Ortega Castillo Ramos Blasco Ferrer Ibáñez Soler Vidal Puig Climent Bosch Sanchis Peris "
        "Esteve Llopis Alonso Romero Iborra Marí Núñez Peña Ibarra Cuesta Aranda Company Roig Segura"
    ).split(),
    "pt-br": (
        "Silva Santos Oliveira Souza Lima Pereira Costa Almeida Nogueira Carvalho Araújo Ribeiro Rocha Dias "
        "Teixeira Moreira Barros Freitas Conceição Magalhães Gonçalves Simões"
    ).split(),
    "en": (
        "Smith Taylor Walker Whitaker Hughes Clarke Murphy Byrne Campbell Fraser Bennett Foster Reid Ellis "
        "Barker Osborne Walsh Doyle Marsh Holt Pearson Rowe"
    ).split(),
}
COMPANIES = (
    "Ciclomensajería {}",
    "Bicis de alquiler {}",
    "Escuela {}",
    "Hostal {}",
    "Reparto {}",
    "Cooperativa {}",
    "Club ciclista {}",
    "Cafetería {}",
    "Estudio {}",
    "Clínica {}",
)
COMPANY_NAMES = (
    "Turia Russafa Malvarrosa Albufera Micalet Serranos Benimaclet Cabanyal Saler Horta Ayora Marítim "
    "Penya-roja Colón Carme Campanar Patraix Jesús Orriols Algirós Nazaret Rambleta Soternes Tránsits"
).split()
CITIES = (
    ("València", 62),
    ("Burjassot", 7),
    ("Mislata", 6),
    ("Alboraia", 6),
    ("Paterna", 6),
    ("Torrent", 5),
    ("Xirivella", 4),
    ("Catarroja", 4),
)
# How they found the workshop; costs are tied to some of these.
SOURCES = (
    ("escaparate", 28),
    ("web", 24),
    ("recomendación", 18),
    ("instagram", 14),
    ("club ciclista", 9),
    ("folleto", 7),
)
TAGS = ("urbana", "carretera", "montaña", "eléctrica", "carga", "infantil", "flota", "factura")
BICYCLES = (
    "Orbea Carpe", "Orbea Vibe", "BH Atom", "Brompton C Line", "Conor WRC", "Gazelle Esprit",
    "Trek FX 2", "Specialized Sirrus", "Monty EF39", "Tern HSD", "Decathlon Elops", "Peugeot clásica",
)  # fmt: skip

# What staff note, in the language they work in: kind, direction, sentence.
FIRST_CONTACT = (
    ("visit", "in", "Entró a preguntar precios de una revisión completa"),
    ("visit", "in", "Trajo la bici con la rueda trasera descentrada"),
    ("call", "in", "Preguntó si arreglamos bicis eléctricas"),
    ("email", "in", "Escribió desde la web para pedir presupuesto"),
    ("chat", "in", "Preguntó por horarios y si hace falta cita"),
    ("visit", "in", "Vino con su hija a mirar bicis infantiles"),
    ("call", "in", "Quería saber cuánto tarda un cambio de transmisión"),
)
DAILY = (
    ("call", "out", "Avisado: la bici está lista para recoger"),
    ("call", "out", "Le explicamos el presupuesto y lo acepta"),
    ("email", "out", "Enviado el presupuesto con dos opciones de cubiertas"),
    ("call", "in", "Pregunta cuándo puede recogerla; le decimos que mañana por la tarde"),
    ("visit", "in", "Recoge la bici y prueba el cambio; contento"),
    ("visit", "in", "Se lleva luces y un candado"),
    ("chat", "in", "Pregunta si tenemos cámaras de 700×28"),
    ("chat", "out", "Le confirmamos que han llegado sus pastillas"),
    ("email", "in", "Pide copia de la factura"),
    ("note", "", "Prefiere que le avisemos por mensaje, trabaja de tarde"),
    ("note", "", "La dirección tiene holgura: revisarla en la próxima visita"),
    ("meeting", "", "Repaso de la flota con el encargado"),
    ("visit", "in", "Trae la segunda bici de la familia"),
    ("call", "out", "Le recordamos la revisión de primavera"),
)
BRAKE_COMPLAINTS = (
    ("call", "in", "Los frenos nuevos chirrían y casi no frenan en mojado"),
    ("visit", "in", "Devuelve las pastillas Dinatek: se han deshecho en dos semanas"),
    ("email", "in", "Reclama: frenos defectuosos y nadie le cogía el teléfono"),
    ("visit", "in", "Viene enfadada por los frenos; le devolvemos el importe"),
)
BRAKE_APOLOGIES = (
    ("call", "out", "Pedimos disculpas y ofrecemos cambio de frenos sin coste"),
    ("email", "out", "Enviada la carta sobre la partida defectuosa de Dinatek"),
)
PROMISES = (
    "Llamar en cuanto llegue el eje",
    "Tener la bici lista antes del sábado",
    "Mirar si la garantía cubre la batería",
    "Enviar el presupuesto del cambio de transmisión",
    "Guardar la talla M hasta el viernes",
    "Pasar a recoger la flota a primera hora",
)
TASKS = (
    "Pedir cubiertas de 28 para stock",
    "Llamar: hace meses que no viene",
    "Preguntar qué tal va la bici nueva",
    "Proponer el plan de mantenimiento",
    "Revisar los datos de facturación",
)
LOSS_NOTES = {
    "product": (
        "“Las pastillas se rompieron dos veces. No vuelvo a arriesgarme.”",
        "“Me quedé sin frenos bajando la Ronda Nord.”",
    ),
    "service": ("“Tres semanas esperando y nadie llamaba.”", "“Me dieron tres fechas distintas.”"),
    "competitor_price": ("Se va a la cadena del centro comercial: revisión a 29 €",),
    "competitor_product": ("Se pasa al alquiler por meses con mantenimiento incluido",),
    "moved": ("Se muda a Madrid", "Vuelve a Curitiba", "Moves back to Leeds"),
    "no_need": ("Ha vendido la bici", "Va al trabajo en metro"),
}

# What customers answer: kind of group → language → comments.
COMMENTS = {
    "high": {
        "es": (
            "Rápidos y honestos: me dijeron que no hacía falta cambiar la cadena.",
            "Siempre me avisan cuando está lista. Un gusto.",
            "Lucía explica todo con paciencia.",
            "La mejor revisión que le han hecho a mi bici.",
            "Trato cercano y precios claros.",
            "Me salvaron el viaje con una reparación en el día.",
        ),
        "pt-br": (
            "Atendimento ótimo, explicaram tudo com calma.",
            "Preço justo e a bike ficou perfeita.",
            "Consertaram no mesmo dia, já indiquei para amigos.",
        ),
        "en": (
            "Quick, friendly and honest about what really needed fixing.",
            "They called me when it was ready, exactly when they said.",
            "Best workshop in Valencia, by far.",
        ),
    },
    "middle": {
        "es": (
            "Buen trabajo, pero tuve que llamar yo para saber cómo iba.",
            "Bien, aunque un poco caro.",
            "El arreglo perfecto; el horario de tarde me viene mal.",
        ),
        "pt-br": ("Bom serviço, mas demorou um dia a mais.", "Tudo certo, só achei um pouco caro."),
        "en": ("Good repair, but I had to chase them for the price.", "Fine, a little slow."),
    },
    "low": {
        "es": (
            "Tardaron el doble de lo que dijeron.",
            "Nadie contestaba al teléfono.",
            "Me cobraron una pieza que no pedí.",
            "A la semana volvía a saltar la cadena.",
        ),
        "pt-br": ("Demorou muito e ninguém avisou.", "Voltou com o mesmo barulho."),
        "en": ("Took twice as long as promised.", "The gears slipped again after two days."),
    },
    "brakes": {
        "es": (
            "Los frenos que me pusieron chirrían y no frenan.",
            "Pastillas defectuosas y dos semanas para que me hicieran caso.",
            "Me quedé sin freno trasero. Peligroso.",
            "Frenos nuevos, rotos a los diez días. Muy mal.",
        ),
        "pt-br": (
            "Os freios chiam desde o primeiro dia e ninguém me ligou de volta.",
            "As pastilhas se desfizeram. Perdi a confiança.",
        ),
        "en": (
            "The new brakes squeal and barely stop me in the rain.",
            "Faulty brake pads, and nobody answered the phone.",
        ),
    },
}
