"""Files: their names, and what they are wrapped in."""

from tests.mail.parsing.cases import case, mail, multipart, part
from tests.mail.parsing.nasties.tnef import winmail

HELLO = part(b"text/plain; charset=utf-8", b"Hello")


def attached(fields: bytes, content_type: bytes = b"application/pdf") -> bytes:
    return multipart(
        b"mixed", HELLO, part(content_type, b"x", b"Content-Disposition: attachment; " + fields)
    )


def named(name: str, content_type: str = "application/pdf") -> list[tuple[str, str, bytes]]:
    return [(name, content_type, b"x")]


CASES = [
    case(
        "signed with S/MIME, the text inside",
        mail(
            b"Content-Type: application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m",
            body=b"x",
        ),
        text="",
        attachments=named("smime.p7m", "application/x-pkcs7-mime"),
        notes=("signed_text",),
    ),
    case(
        "a name in RFC 2231",
        attached(b"filename*=utf-8'pt'Relat%C3%B3rio%20final.pdf"),
        attachments=named("Relatório final.pdf"),
    ),
    case(
        "a name in three pieces, in any order",
        attached(b"filename*2=final.pdf; filename*0*=utf-8''Relat%C3; filename*1*=%B3rio%20"),
        attachments=named("Relatório final.pdf"),
    ),
    case(
        "a name with a piece missing",
        attached(b"filename*0=Rela; filename*2=rio.pdf"),
        attachments=named("Relario.pdf"),
    ),
    case(
        "a name in RFC 2231 in a wrong charset",
        attached(b"filename*=utf-8''Relat%F3rio.pdf"),
        attachments=named("Relatório.pdf"),
        notes=("wrong_charset",),
    ),
    case(
        "a name in an encoded word",
        attached(b'filename="=?iso-8859-1?q?Relat=F3rio=2Epdf?="'),
        attachments=named("Relatório.pdf"),
    ),
    case(
        "a raw UTF-8 name",
        attached('filename="Relatório.pdf"'.encode()),
        attachments=named("Relatório.pdf"),
    ),
    case(
        "a name without quotes, with spaces",
        attached(b"filename=My report.pdf"),
        attachments=named("My report.pdf"),
    ),
    case(
        "a name with a path",
        attached(b'filename="..\\\\..\\\\C:/windows/../a.pdf"'),
        attachments=named("a.pdf"),
    ),
    case(
        "a name that is a path only",
        attached(b'filename="../.."'),
        attachments=named("attachment.pdf"),
    ),
    case(
        "a name that turns around",
        attached('filename="invoice\u202efdp.exe"'.encode()),
        attachments=named("invoicefdp.exe"),
    ),
    case(
        "a name with line breaks and signs",
        attached(b"filename*=utf-8''a%0D%0Ab%00%3C%7C.pdf"),
        attachments=named("a b__.pdf"),
    ),
    case(
        "a name of 1,000 letters",
        attached(b'filename="' + b"a" * 1000 + b'.pdf"'),
        attachments=named("a" * 146 + ".pdf"),
    ),
    case(
        "winmail.dat",
        multipart(
            b"mixed",
            HELLO,
            part(
                b"application/ms-tnef; name=winmail.dat",
                winmail(b"Other words"),
                b"Content-Transfer-Encoding: binary",
            ),
        ),
        text="Hello",
        attachments=[
            ("report.pdf", "application/pdf", b"%PDF"),
            ("winmail.dat", "application/ms-tnef", winmail(b"Other words")),
        ],
    ),
    case(
        "winmail.dat with the text inside",
        multipart(
            b"mixed", part(b"application/octet-stream; name=WINMAIL.DAT", winmail(b"Ol\xe1"))
        ),
        text="Olá",
        attachments=[
            ("report.pdf", "application/pdf", b"%PDF"),
            ("WINMAIL.DAT", "application/octet-stream", winmail(b"Ol\xe1")),
        ],
    ),
    case(
        "winmail.dat that was cut off",
        multipart(b"mixed", HELLO, part(b"application/ms-tnef", winmail(b"x")[:-3])),
        text="Hello",
        attachments=[
            ("REPORT~1.PDF", "application/octet-stream", b"%PDF"),
            ("winmail.dat", "application/ms-tnef", winmail(b"x")[:-3]),
        ],
        notes=("broken_tnef",),
    ),
    case(
        "winmail.dat that is none",
        multipart(b"mixed", HELLO, part(b"application/ms-tnef; name=winmail.dat", b"x")),
        text="Hello",
        attachments=named("winmail.dat", "application/ms-tnef"),
    ),
    case(
        "an old file as a part",
        multipart(
            b"mixed",
            HELLO,
            part(
                b"application/x-cat; name=cat.txt",
                b"begin 644 cat.txt\r\n#0V%T\r\n`\r\nend",
                b"Content-Transfer-Encoding: x-uuencode",
            ),
        ),
        text="Hello",
        attachments=[("cat.txt", "application/x-cat", b"Cat")],
    ),
    case(
        "an old file, damaged",
        multipart(
            b"mixed",
            HELLO,
            part(
                b"application/x-cat; name=cat.txt",
                b"begin 644 cat.txt\r\n#0V%T\r\n#0\x01V%\x02\r\n`\r\nend",
                b"Content-Transfer-Encoding: uuencode",
            ),
        ),
        text="Hello",
        attachments=[("cat.txt", "application/x-cat", b"Cat")],
        notes=("broken_uuencode",),
    ),
    case(
        "a file in broken Base64",
        multipart(
            b"mixed",
            HELLO,
            part(b"application/pdf; name=a.pdf", b"JVB*ERgA", b"Content-Transfer-Encoding: base64"),
        ),
        text="Hello",
        attachments=[("a.pdf", "application/pdf", b"%PDF\0")],
        notes=("broken_base64",),
    ),
]
