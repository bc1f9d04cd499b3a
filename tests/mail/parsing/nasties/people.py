"""Who sent it, and to whom."""

from tests.mail.parsing.cases import case, mail

MANY = b",\r\n ".join(b"Person %d <p%d@x.example>" % (number, number) for number in range(10_000))

CASES = [
    case("a plain address", mail(b"From: ANA@X.example", body=b"x"), sender="ana@x.example"),
    case(
        "a name in quotes, with a comma and escapes",
        mail(b'From: "Silva, Ana \\"Nina\\"" <ana@x.example>', body=b"x"),
        sender='Silva, Ana "Nina" <ana@x.example>',
    ),
    case(
        "a name in a comment",
        mail(b"From: ana@x.example (Ana (of X))", body=b"x"),
        sender="Ana of X <ana@x.example>",
    ),
    case(
        "a name in encoded words, within quotes",
        mail(b'From: "=?utf-8?q?Jo=C3=A3o?=" <j@x.example>', body=b"x"),
        sender="João <j@x.example>",
    ),
    case(
        "name and address in one encoded word",
        mail(b"From: =?utf-8?q?Ana_=3Cana=40x.example=3E?=", body=b"x"),
        sender="Ana <ana@x.example>",
    ),
    case(
        "a comma inside an encoded name",
        mail(b"From: =?utf-8?q?Silva=2C_Ana?= <ana@x.example>", body=b"x"),
        sender="Silva, Ana <ana@x.example>",
        from_addresses=["Silva, Ana <ana@x.example>"],
    ),
    case(
        "no brackets around the address",
        mail(b"From: Ana Silva ana@x.example", body=b"x"),
        sender="Ana Silva <ana@x.example>",
    ),
    case(
        "a bracket that is never closed",
        mail(b"From: Ana <ana@x.example", body=b"x"),
        sender="Ana <ana@x.example>",
    ),
    case(
        "a quote that is never closed",
        mail(b'From: "Ana <ana@x.example>', body=b"x"),
        sender='"Ana <ana@x.example>',
    ),
    case(
        "brackets twice",
        mail(b"From: Ana <<ana@x.example>>", body=b"x"),
        sender="Ana <ana@x.example>",
    ),
    case(
        "an old route",
        mail(b"From: <@a.example,@b.example:ana@x.example>", body=b"x"),
        sender="ana@x.example",
    ),
    case(
        "a raw Latin-1 name",
        mail("From: João <j@x.example>".encode("latin-1"), body=b"x"),
        sender="João <j@x.example>",
    ),
    case(
        "an address in letters beyond ASCII",
        mail("From: josé@correo.example".encode(), body=b"x"),
        sender="josé@correo.example",
    ),
    case(
        "a quoted local part",
        mail(b'From: <"ana silva"@x.example>', body=b"x"),
        sender='"ana silva"@x.example',
    ),
    case(
        "an address that is none",
        mail(b"From: Ana <ana at x>", body=b"x"),
        sender="Ana <>",
        notes=("no_sender",),
    ),
    case(
        "no From, but a Sender",
        b"Sender: b@x.example\r\nSubject: x\r\n\r\nx",
        sender="b@x.example",
        from_addresses=[],
    ),
    case(
        "no From, but a Return-Path", b"Return-Path: <b@x.example>\r\n\r\nx", sender="b@x.example"
    ),
    case(
        "several people in one From",
        mail(b"From: ana@x.example, eva@evil.example", body=b"x"),
        sender="ana@x.example",
        from_addresses=["ana@x.example", "eva@evil.example"],
        notes=("several_from",),
    ),
    case(
        "several From",
        mail(b"From: Boss <boss@x.example>", b"From: eva@evil.example", body=b"x"),
        sender="Boss <boss@x.example>",
        from_addresses=["Boss <boss@x.example>", "eva@evil.example"],
        notes=("several_from",),
    ),
    case(
        "a spoofed From: another address as the name",
        mail(b'From: "boss@x.example" <eva@evil.example>', body=b"x"),
        sender="boss@x.example <eva@evil.example>",
        notes=("name_is_address",),
    ),
    case(
        "the same address as the name",
        mail(b'From: "ana@x.example" <ana@x.example>', body=b"x"),
        sender="ana@x.example <ana@x.example>",
    ),
    case(
        "a sender's name that turns around",
        mail("From: \u202eanA\u202c <ana@x.example>".encode(), body=b"x"),
        sender="anA <ana@x.example>",
    ),
    case(
        "a group, and nobody told",
        mail(b"To: undisclosed-recipients:;", body=b"x"),
        to=[],
        recipients_total=0,
    ),
    case(
        "a group with people",
        mail(b"To: Team: a@x.example, B <b@x.example>;, c@x.example", body=b"x"),
        to=["a@x.example", "B <b@x.example>", "c@x.example"],
        recipients_total=3,
    ),
    case(
        "semicolons as Outlook writes them",
        mail(b"To: a@x.example; b@x.example;", body=b"x"),
        to=["a@x.example", "b@x.example"],
    ),
    case("mailto: in an address", mail(b"To: <mailto:a@x.example>", body=b"x"), to=["a@x.example"]),
    case(
        "several To and Cc",
        mail(b"To: a@x.example", b"To: b@x.example", b"Cc: c@x.example", body=b"x"),
        to=["a@x.example", "b@x.example"],
        cc=["c@x.example"],
        recipients_total=3,
    ),
    case(
        "10,000 recipients",
        mail(b"To: " + MANY, body=b"x"),
        to=[f"Person {number} <p{number}@x.example>" for number in range(200)],
        recipients_total=10_000,
    ),
    case(
        "where servers delivered it",
        mail(
            b"Delivered-To: desk@x.example",
            b"X-Original-To: Help+key@x.example",
            b"Envelope-To: desk@x.example",
            b"Received: from a by b for <list@x.example>; 3 May 2027 10:00:00 +0000",
            body=b"x",
        ),
        delivered_to=["desk@x.example", "help+key@x.example", "list@x.example"],
    ),
    case(
        "an answer goes elsewhere",
        mail(b"Reply-To: Help <help@x.example>, b@x.example", body=b"x"),
        reply_to=["Help <help@x.example>", "b@x.example"],
    ),
    case(
        "a quoted local part without brackets",
        mail(b'From: "ana silva"@x.example', body=b"x"),
        sender='"ana silva"@x.example',
    ),
    case("an address in quotes", mail(b'From: "ana@x.example"', body=b"x"), sender="ana@x.example"),
    case(
        "an address in single quotes",
        mail(b"From: 'ana@x.example'", body=b"x"),
        sender="ana@x.example",
    ),
]
