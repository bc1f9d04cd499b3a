"""Fields: broken, repeated, folded, in any charset."""

from tests.mail.parsing.cases import case, mail

CASES = [
    case("nothing at all", b"", sender="", subject="", text="", notes=("empty", "no_sender")),
    case("only line ends", b"\r\n\r\n\n", text="", notes=("empty", "no_sender")),
    case(
        "no header, only words",
        b"Hello, my order is late.\r\nAna\r\n",
        text="Hello, my order is late.\nAna",
        notes=("no_sender",),
    ),
    case(
        "no empty line between header and text",
        b"From: ana@x.example\r\nSubject: Late\r\nMy order is late.\r\nReally: it is.",
        subject="Late",
        text="My order is late.\nReally: it is.",
        notes=("headers_broken",),
    ),
    case(
        "a line that is no field among fields",
        b"From: ana@x.example\r\nthis is junk\r\nSubject: Late\r\n\r\nHi",
        sender="ana@x.example",
        subject="Late",
        text="Hi",
        notes=("headers_broken",),
    ),
    case(
        "an mbox's first line",
        b"From ana@x.example Mon May  3 10:00:00 2027\nFrom: ana@x.example\nSubject: Hi\n\nText",
        sender="ana@x.example",
        subject="Hi",
        text="Text",
    ),
    case(
        "an escaped mbox line on top",
        b">From ana@x.example Mon May  3 10:00:00 2027\nSubject: Hi\nFrom: ana@x.example\n\nText",
        sender="ana@x.example",
        subject="Hi",
        text="Text",
    ),
    case(
        "a byte order mark",
        b"\xef\xbb\xbfFrom: ana@x.example\r\nSubject: Hi\r\n\r\nx",
        subject="Hi",
    ),
    case(
        "the whole mail in UTF-16",
        "From: ana@x.example\r\nSubject: Olá\r\n\r\nNão chegou".encode("utf-16"),
        subject="Olá",
        text="Não chegou",
        notes=("wrong_charset",),
    ),
    case(
        "empty lines on top",
        b"\r\n\r\nFrom: ana@x.example\r\nSubject: Hi\r\n\r\nx",
        subject="Hi",
        text="x",
    ),
    case(
        "lines that end in CR alone",
        mail(b"Subject: Hi", body=b"one\rtwo", end=b"\r"),
        text="one\ntwo",
    ),
    case(
        "lines that end in LF alone",
        mail(b"Subject: Hi", body=b"one\ntwo", end=b"\n"),
        text="one\ntwo",
    ),
    case(
        "lines that end in CR CR LF",
        mail(b"Subject: Hi", body=b"one", end=b"\r\r\n"),
        text="one",
        subject="Hi",
    ),
    case(
        "NUL bytes everywhere",
        mail(b"Sub\0ject: x", b"Subject: H\0i", body=b"a\0b"),
        subject="Hi",
        text="ab",
        notes=("headers_broken",),
    ),
    case(
        "a subject folded in the middle",
        mail(b"Subject: My\r\n order\r\n\tis late"),
        subject="My order is late",
        notes=("empty",),
    ),
    case(
        "a subject folded with nothing on its first line",
        mail(b"Subject:\r\n Late", body=b"x"),
        subject="Late",
    ),
    case(
        "line breaks hidden in an encoded subject",
        mail(b"Subject: =?utf-8?q?a=0D=0ABcc:_b?=", body=b"x"),
        subject="a Bcc: b",
    ),
    case(
        "a subject that turns its neighbours around",
        mail("Subject: invoice\u202efdp.exe".encode(), body=b"x"),
        subject="invoicefdp.exe",
    ),
    case(
        "a subject of 5,000 letters", mail(b"Subject: " + b"a" * 5000, body=b"x"), subject="a" * 500
    ),
    case(
        "a raw UTF-8 subject", mail("Subject: Olá, ação".encode(), body=b"x"), subject="Olá, ação"
    ),
    case(
        "a raw Latin-1 subject",
        mail("Subject: Reclamação".encode("latin-1"), body=b"x"),
        subject="Reclamação",
    ),
    case(
        "a raw KOI8-R subject, with the charset told only by the text",
        mail(
            b"Content-Type: text/plain; charset=koi8-r",
            "Subject: Привет".encode("koi8-r"),
            body="мир".encode("koi8-r"),
        ),
        subject="Привет",
        text="мир",
    ),
    case(
        "a letter split between two encoded words",
        mail(
            b"Subject: =?utf-8?B?w6fDow==?= =?utf-8?B?bw==?=\r\n =?utf-8?q?_=C3?=\r\n =?utf-8?q?=A9?=",
            body=b"x",
        ),
        subject="ção é",
    ),
    case(
        "spaces between encoded words are none, between others they are",
        mail(b"Subject: =?utf-8?q?a?= =?utf-8?q?b?= c =?latin1?q?=E9?=", body=b"x"),
        subject="ab c é",
    ),
    case(
        "encoded words with spaces, without end, in capitals, with a language",
        mail(b"Subject: =?UTF-8?Q?My order?= =?utf-8*en?q?_is?= =?utf-8?q?_late", body=b"x"),
        subject="My order is late",
    ),
    case(
        "an encoded word in a charset that it isn't in",
        mail(b"Subject: =?utf-8?q?Reclama=E7=E3o?=", body=b"x"),
        subject="Reclamação",
        notes=("wrong_charset",),
    ),
    case(
        "an encoded word in an unknown charset",
        mail(b"Subject: =?x-unknown?q?Ol=C3=A1?=", body=b"x"),
        subject="Olá",
        notes=("wrong_charset",),
    ),
    case(
        "an encoded word with broken Base64",
        mail(b"Subject: =?utf-8?b?T2zDo*Q?=", body=b"x"),
        subject="Olá",
        notes=("broken_base64",),
    ),
    case(
        "an encoded word that ends in a question mark",
        mail(b"Subject: =?utf-8?q?Why??=", body=b"x"),
        subject="Why?",
    ),
    case(
        "what only looks like an encoded word",
        mail(b"Subject: 1 =? 2 ?= 3", body=b"x"),
        subject="1 =? 2 ?= 3",
    ),
    case(
        "no Message-ID, and threads of broken ones",
        mail(
            b"In-Reply-To: Your message of Monday <a@x>",
            b"References: <a@x>\r\n <b\r\n @x><c@x> junk",
            body=b"x",
        ),
        message_id="",
        in_reply_to=["<a@x>"],
        references=["<a@x>", "<b@x>", "<c@x>"],
    ),
    case(
        "a Message-ID without its brackets",
        mail(b"Message-ID: 123@x.example", body=b"x"),
        message_id="<123@x.example>",
    ),
    case("a Message-ID that is none", mail(b"Message-ID: <>", body=b"x"), message_id=""),
    case(
        "several Message-IDs",
        mail(b"Message-ID: <first@x>", b"Message-ID: <second@x>", body=b"x"),
        message_id="<first@x>",
        notes=("several_message_ids",),
    ),
    case(
        "100 references",
        mail(b"References: " + b" ".join(b"<%d@x>" % number for number in range(100)), body=b"x"),
        references=[f"<{number}@x>" for number in range(50, 100)],
    ),
    case(
        "a date",
        mail(b"Date: Mon, 3 May 2027 10:00:00 -0300 (BRT)", body=b"x"),
        sent_at="2027-05-03T13:00:00+00:00",
    ),
    case(
        "a date without a zone",
        mail(b"Date: 3 May 2027 10:00", body=b"x"),
        sent_at="2027-05-03T10:00:00+00:00",
    ),
    case(
        "a leap second",
        mail(b"Date: 31 Dec 2016 23:59:60 +0000", body=b"x"),
        sent_at="2016-12-31T23:59:59+00:00",
    ),
    case("no date", mail(body=b"x"), sent_at=None),
    case(
        "a date in 1904",
        mail(b"Date: 1 Jan 1904 00:00:00 +0000", body=b"x"),
        sent_at=None,
        notes=("absurd_date",),
    ),
    case(
        "a date of rubbish",
        mail(b"Date: yesterday", body=b"x"),
        sent_at=None,
        notes=("absurd_date",),
    ),
    case(
        "the 31st of February",
        mail(b"Date: 31 Feb 2027 10:00:00 +9999", body=b"x"),
        sent_at=None,
        notes=("absurd_date",),
    ),
    case(
        "a date years after it was received",
        mail(
            b"Received: from a by b; 3 May 2027 10:00:00 +0000",
            b"Date: 3 May 2038 10:00:00 +0000",
            body=b"x",
        ),
        sent_at=None,
        notes=("absurd_date",),
    ),
    case(
        "results of an authentication, as they stand",
        mail(
            b"Authentication-Results: mx.x.example;\r\n spf=pass",
            b"Authentication-Results: other; spf=fail",
            body=b"x",
        ),
        authentication=["mx.x.example; spf=pass", "other; spf=fail"],
    ),
]
