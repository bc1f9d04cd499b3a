"""Parts: missing and repeated boundaries, deep nests, files of every kind."""

from tests.mail.parsing.cases import CRLF, case, mail, multipart, part

HELLO = part(b"text/plain; charset=utf-8", b"Hello")
PDF = part(
    b'application/pdf; name="a.pdf"',
    b"JVBERg==",
    b"Content-Transfer-Encoding: base64",
    b"Content-Disposition: attachment",
)
ENCLOSED = b"From: b@y.example\r\nSubject: Inner\r\nContent-Type: text/plain\r\n\r\nInner words\r\n"


def nested(depth: int, boundary: bytes = b"b%d") -> bytes:
    """A text `depth` multiparts deep."""
    names = [boundary % number if b"%d" in boundary else boundary for number in range(depth)]
    opened = [
        b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n" % (name, name) for name in names
    ]
    closed = [b"\n--%s--\n" % name for name in reversed(names)]
    return b"".join(
        [b"From: ana@x.example\n", *opened, b"Content-Type: text/plain\n\ndeep", *closed]
    )


def named(name: str, content_type: str = "application/pdf") -> list[tuple[str, str, bytes]]:
    return [(name, content_type, b"x")]


CASES = [
    case(
        "text and a file",
        multipart(b"mixed", HELLO, PDF),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
    ),
    case(
        "the last boundary is missing",
        multipart(b"mixed", HELLO, PDF, closed=False),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
        notes=("unclosed_multipart",),
    ),
    case(
        "the boundary isn't told",
        multipart(b"mixed", HELLO, PDF).replace(b'; boundary="xx"', b""),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
        notes=("broken_multipart",),
    ),
    case(
        "another boundary than told",
        multipart(b"mixed", HELLO, PDF).replace(b'boundary="xx"', b'boundary="zz"'),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
        notes=("broken_multipart",),
    ),
    case(
        "a multipart that has no parts",
        mail(b"Content-Type: multipart/mixed; boundary=xx", body=b"Hello"),
        text="Hello",
        notes=("broken_multipart",),
    ),
    case(
        "boundaries with spaces behind them",
        multipart(b"mixed", HELLO, PDF).replace(b"--xx\r\n", b"--xx \t\r\n"),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
    ),
    case(
        "it goes on after the last boundary",
        multipart(b"mixed", HELLO) + b"--xx\r\n" + PDF + b"\r\n--xx--\r\n",
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
    ),
    case(
        "one boundary within another",
        multipart(
            b"mixed",
            part(
                b"multipart/alternative; boundary=xxx",
                CRLF.join((b"--xxx", HELLO, b"--xxx--")),
                b"",
            ),
            PDF,
        ),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
    ),
    case(
        "the same boundary inside",
        multipart(
            b"mixed",
            part(b"multipart/mixed; boundary=xx", CRLF.join((b"--xx", HELLO, b"--xx--"))),
            PDF,
        ),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF")],
    ),
    case("a part without a header", multipart(b"mixed", b"\r\nHello"), text="Hello"),
    case("a part of nothing", multipart(b"mixed", b"", HELLO), text="Hello"),
    case(
        "words before and after the parts",
        mail(
            b"Content-Type: multipart/mixed; boundary=xx",
            body=b"Your program is old.\r\n--xx\r\n\r\nHello\r\n--xx--\r\nBye",
        ),
        text="Hello",
    ),
    case("100 deep", nested(100), text="deep", notes=("too_deep",)),
    case("1,000 deep", nested(1000), text="deep", notes=("too_deep",)),
    case("10,000 deep", nested(10_000), text="deep", notes=("too_deep",)),
    case(
        "10,000 deep, all with one boundary", nested(10_000, b"b"), text="deep", notes=("too_deep",)
    ),
    case(
        "10,000 parts",
        multipart(b"mixed", *[b"\r\nHi"] * 10_000),
        text="\n\n".join(["Hi"] * 10_000),
    ),
    case(
        "30,000 parts",
        multipart(b"mixed", *[b"\r\n"] * 30_000),
        text="",
        notes=("too_many_parts", "unclosed_multipart", "empty"),
    ),
    case(
        "a text of 3,000,000 letters",
        mail(body=b"a" * 3_000_000),
        text="a" * 1_000_000,
        notes=("truncated",),
    ),
    case(
        "an attached mail is a file, not the text",
        multipart(b"mixed", HELLO, part(b"message/rfc822", ENCLOSED[:-2])),
        sender="Ana <ana@x.example>",
        subject="",
        text="Hello",
        attachments=[("Inner.eml", "message/rfc822", ENCLOSED[:-2])],
    ),
    case(
        "an attached mail with a name, in Base64",
        multipart(
            b"mixed",
            HELLO,
            part(
                b"message/rfc822; name=inner.eml",
                b"RnJvbTogYgoKeA==",
                b"Content-Transfer-Encoding: base64",
            ),
        ),
        text="Hello",
        attachments=[("inner.eml", "message/rfc822", b"From: b\n\nx")],
    ),
    case(
        "an attached mail with the boundary of ours",
        multipart(
            b"mixed",
            HELLO,
            part(
                b"message/rfc822",
                b"Content-Type: multipart/mixed; boundary=yy\r\n\r\n--yy\r\n\r\nInner\r\n--yy--",
            ),
        ),
        text="Hello",
        attachments=[
            (
                "message.eml",
                "message/rfc822",
                b"Content-Type: multipart/mixed; boundary=yy\r\n\r\n--yy\r\n\r\nInner\r\n--yy--",
            )
        ],
    ),
    case(
        "a digest",
        multipart(b"digest", b"\r\n" + ENCLOSED[:-2]),
        text="",
        attachments=[("Inner.eml", "message/rfc822", ENCLOSED[:-2])],
    ),
    case(
        "a picture in the text",
        multipart(
            b"related",
            part(b"text/html", b'<p>Look <img src="cid:a%40b"></p>'),
            part(
                b"image/png; name=a.png",
                b"png",
                b"Content-ID: <a@b>",
                b"Content-Disposition: inline",
            ),
        ),
        text="Look",
        attachments=[("a.png", "image/png", b"png")],
        inline=["a@b"],
    ),
    case(
        "a picture beside the text",
        multipart(b"mixed", HELLO, part(b"image/png; name=a.png", b"png", b"Content-ID: <a@b>")),
        text="Hello",
        attachments=[("a.png", "image/png", b"png")],
        inline=[],
    ),
    case(
        "signed with PGP",
        multipart(b"signed", HELLO, part(b"application/pgp-signature", b"sig")),
        text="Hello",
        attachments=[("attachment.asc", "application/pgp-signature", b"sig")],
    ),
    case(
        "signed with S/MIME",
        multipart(b"signed", HELLO, part(b"application/pkcs7-signature; name=smime.p7s", b"sig")),
        text="Hello",
        attachments=[("smime.p7s", "application/pkcs7-signature", b"sig")],
    ),
    case(
        "encrypted with S/MIME",
        mail(
            b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            body=b"x",
        ),
        text="",
        attachments=named("smime.p7m", "application/pkcs7-mime"),
        notes=("encrypted",),
    ),
    case(
        "encrypted with PGP",
        multipart(
            b"encrypted",
            part(b"application/pgp-encrypted", b"Version: 1"),
            part(b"application/octet-stream; name=encrypted.asc", b"x"),
        ),
        text="",
        attachments=[
            ("attachment.pgp", "application/pgp-encrypted", b"Version: 1"),
            ("encrypted.asc", "application/octet-stream", b"x"),
        ],
        notes=("encrypted",),
    ),
    case(
        "an invitation",
        multipart(
            b"alternative",
            HELLO,
            part(b"text/html", b"<p>Hello</p>"),
            part(b"text/calendar; method=REQUEST", b"BEGIN:VCALENDAR"),
        ),
        text="Hello",
        attachments=[("attachment.ics", "text/calendar", b"BEGIN:VCALENDAR")],
    ),
    case(
        "a file of a Mac",
        multipart(
            b"mixed",
            HELLO,
            part(
                b"multipart/appledouble; boundary=yy",
                CRLF.join(
                    (
                        b"--yy",
                        part(b"application/applefile; name=a.pdf", b"fork"),
                        b"--yy",
                        part(b"application/pdf; name=a.pdf", b"x"),
                        b"--yy--",
                    )
                ),
            ),
        ),
        text="Hello",
        attachments=named("a.pdf"),
    ),
    case(
        "plain, and HTML with a file inside, as Apple Mail does",
        multipart(
            b"alternative",
            HELLO,
            part(
                b"multipart/mixed; boundary=yy",
                CRLF.join(
                    (
                        b"--yy",
                        part(b"text/html", b"<p>Hello"),
                        b"--yy",
                        part(b"application/pdf; name=a.pdf", b"x"),
                        b"--yy",
                        part(b"text/html", b"<p>Bye"),
                        b"--yy--",
                    )
                ),
            ),
        ),
        text="Hello",
        html="<p>Hello\n<p>Bye",
        attachments=named("a.pdf"),
    ),
    case(
        "a text that is a file",
        multipart(b"mixed", HELLO, part(b"text/plain; name=log.txt", b"x")),
        text="Hello",
        attachments=named("log.txt", "text/plain"),
    ),
    case(
        "the only text, with a name",
        multipart(b"mixed", part(b"text/plain; name=body.txt", b"Hello")),
        text="Hello",
        attachments=[],
    ),
    case(
        "a whole mail that is a file",
        mail(
            b"Content-Type: application/pdf",
            b"Content-Disposition: attachment; filename=a.pdf",
            body=b"x",
        ),
        text="",
        attachments=named("a.pdf"),
    ),
    case(
        "texts with names that are the text",
        multipart(
            b"alternative",
            part(b"text/plain; name=body.txt", b"Hello"),
            part(b"text/html; name=body.html", b"<p>Hello"),
        ),
        text="Hello",
        html="<p>Hello",
        attachments=[],
    ),
]
