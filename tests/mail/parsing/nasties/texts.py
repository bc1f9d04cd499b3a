"""The words of a mail: charsets, transfer encodings, flowed text, HTML."""

from tests.mail.parsing.cases import case, html, mail, multipart, part


def written(charset: bytes, body: bytes, encoding: bytes = b"8bit") -> bytes:
    return mail(
        b"Content-Type: text/plain; charset=" + charset,
        b"Content-Transfer-Encoding: " + encoding,
        body=body,
    )


CASES = [
    case("UTF-8", written(b"utf-8", "Olá €".encode()), text="Olá €"),
    case("UTF-8 with a byte order mark", written(b"utf-8", "\ufeffOlá".encode()), text="Olá"),
    case(
        "Latin-1 that is Windows-1252",
        written(b"iso-8859-1", b"\x80 5 \x93ol\xe1\x94"),
        text="€ 5 “olá”",
    ),
    case(
        "ASCII that is UTF-8",
        written(b"us-ascii", "ação".encode()),
        text="ação",
        notes=("wrong_charset",),
    ),
    case(
        "ASCII that is Latin-1",
        written(b"us-ascii", "ação".encode("latin-1")),
        text="ação",
        notes=("wrong_charset",),
    ),
    case(
        "UTF-8 that is Latin-1",
        written(b"utf-8", "ação".encode("latin-1")),
        text="ação",
        notes=("wrong_charset",),
    ),
    case(
        "Latin-1 that is UTF-8",
        written(b"iso-8859-1", "ação".encode()),
        text="ação",
        notes=("wrong_charset",),
    ),
    case(
        "UTF-8 with one damaged byte",
        written(b"utf-8", "ação".encode() + b" \xff " + "né: é, ã".encode()),
        text="ação \ufffd né: é, ã",
        notes=("wrong_charset",),
    ),
    case(
        "no charset told, UTF-8 meant",
        mail(body="ação".encode()),
        text="ação",
        notes=("wrong_charset",),
    ),
    case(
        "an unknown charset",
        written(b"x-unknown", "ação".encode()),
        text="ação",
        notes=("wrong_charset",),
    ),
    case("an unknown charset, plain words", written(b"klingon", b"order"), text="order"),
    case(
        "a charset that is a codec but none for mail",
        written(b"punycode", "ação".encode()),
        text="ação",
        notes=("wrong_charset",),
    ),
    case("a charset with a NUL and a path", written(b'"../utf\0-8"', b"order"), text="order"),
    case("UTF-16 that is ASCII", written(b"utf-16", b"order"), text="order"),
    case(
        "ks_c_5601-1987",
        written(b"ks_c_5601-1987", "안녕하세요 뷁".encode("cp949")),
        text="안녕하세요 뷁",
    ),
    case("gb2312 that is GBK", written(b"gb2312", "您好，訂單".encode("gbk")), text="您好，訂單"),
    case("big5", written(b"big5", "您好".encode("big5")), text="您好"),
    case(
        "iso-2022-jp",
        written(b"iso-2022-jp", "こんにちは".encode("iso-2022-jp")),
        text="こんにちは",
    ),
    case(
        "iso-2022-jp that is not told",
        mail(body="こんにちは".encode("iso-2022-jp")),
        text="こんにちは",
    ),
    case(
        "shift_jis with Windows letters",
        written(b"shift_jis", "①こんにちは".encode("cp932")),
        text="①こんにちは",
    ),
    case(
        "Windows-1252 that is UTF-8",
        written(b"windows-1252", "ação".encode()),
        text="ação",
        notes=("wrong_charset",),
    ),
    case("Windows-1251", written(b"windows-1251", "Привет".encode("cp1251")), text="Привет"),
    case("utf-7", written(b"utf-7", b"Ol+AOE-"), text="Olá"),
    case("unicode-1-1-utf-7", written(b"unicode-1-1-utf-7", b"Ol+AOE-"), text="Olá"),
    case("cp-850", written(b"cp-850", "ação".encode("cp850")), text="ação"),
    case("lone surrogates in UTF-7", written(b"utf-7", b"a+2AA-b"), text="ab"),
    case(
        "cut off in the middle of GB18030",
        written(b"gb2312", "您好".encode("gbk")[:-1]),
        text="您\ufffd",
        notes=("wrong_charset",),
    ),
    case(
        "quoted-printable",
        written(b"utf-8", b"Ol=C3=A1, soft=\r\n break=20\r\nend  ", b"Quoted-Printable"),
        text="Olá, soft break \nend  ",
    ),
    case(
        "broken quoted-printable",
        written(b"utf-8", b"50=% of =C3=A1=\r\n =ZZ", b"quoted-printable"),
        text="50=% of á =ZZ",
        notes=("broken_quoted_printable",),
    ),
    case("Base64", written(b"utf-8", b"T2zD\r\noQ==", b"base64"), text="Olá"),
    case(
        "Base64 without its padding",
        written(b"utf-8", b"T2zDoQ", b"base64"),
        text="Olá",
        notes=("broken_base64",),
    ),
    case(
        "Base64 with foreign characters",
        written(b"utf-8", b"T2*zD\x00!oQ==", b"base64"),
        text="Olá",
        notes=("broken_base64",),
    ),
    case(
        "Base64 in two blocks", written(b"utf-8", b"T2zDoQ==\r\nT2zDoQ==", b"base64"), text="OláOlá"
    ),
    case(
        "plain words that claim to be Base64",
        written(b"utf-8", b"My order is late, please help me with it.", b"base64"),
        text="My order is late, please help me with it.",
        notes=("broken_base64",),
    ),
    case(
        "an unknown transfer encoding",
        written(b"utf-8", b"order", b"x-magic"),
        text="order",
        notes=("unknown_encoding",),
    ),
    case(
        "a transfer encoding with a comment",
        written(b"utf-8", b"T2zDoQ==", b"base64 (as usual)"),
        text="Olá",
    ),
    case(
        "flowed text",
        mail(
            b"Content-Type: text/plain; format=flowed",
            body=b"My order \r\nis late.\r\n> You \r\n> wrote\r\n-- \r\nAna",
        ),
        text="My order is late.\n> You wrote\n-- \nAna",
    ),
    case(
        "flowed text, spaces dropped",
        mail(b"Content-Type: text/plain; format=Flowed; DelSp=Yes", body=b"or \r\nder\r\n From"),
        text="order\nFrom",
    ),
    case("control characters", mail(body=b"a\x07b\x1b[31mc\x0cd\x7f"), text="ab[31mc\nd"),
    case(
        "an old file inside the text",
        mail(body=b"Look:\nbegin 644 cat.txt\n#0V%T\n`\nend\nBye"),
        text="Look:\nBye",
        attachments=[("cat.txt", "application/octet-stream", b"Cat")],
    ),
    case(
        "words that begin like an old file",
        mail(body=b"begin 644 now\nplease\nend"),
        text="begin 644 now\nplease\nend",
    ),
    case(
        "only HTML",
        html(
            b"<html><head><title>T</title><style>p{}</style></head><body><p>Hello&nbsp;<b>you</b><p>My "
            b"order<br>is&#32;late<script>x()</script></body></html>"
        ),
        text="Hello you\n\nMy order\nis late",
    ),
    case(
        "links keep their address",
        html(
            b'<a href="https://x.example/a?b=1&amp;c=2">Here</a> or '
            b'<a href="mailto:b@x.example">b@x.example</a> <a href="javascript:x">no</a>'
        ),
        text="Here (https://x.example/a?b=1&c=2) or b@x.example no",
    ),
    case(
        "quotes, lists and tables",
        html(
            b"Hi<blockquote>one<br>two<blockquote>three</blockquote></blockquote>"
            b"<ul><li>a<li>b</ul><table><tr><td>1</td><td>2</td></tr></table>"
        ),
        text="Hi\n\n> one\n> two\n>\n> > three\n\n- a\n- b\n1 2",
    ),
    case("preformatted", html(b"<pre>a  b\n  c</pre>d"), text="a  b\n  c\n\nd"),
    case(
        "a > inside an attribute",
        html(b'<img alt="a > b" src="x"><p title=\'1 > 0\'>Hi'),
        text="a > b\n\nHi",
    ),
    case("HTML that never closes", html(b"<p>Hi <b>there <!-- oops <a href='x"), text="Hi there"),
    case(
        "a < that is no tag", html(b"1 < 2 <3 &lt;b&gt; & &bogus;"), text="1 < 2 <3 <b> & &bogus;"
    ),
    case("an entity of 10,000 digits", html(b"a&#" + b"9" * 10_000 + b";b"), text="a\ufffdb"),
    case(
        "the charset told only by the HTML",
        mail(b"Content-Type: text/html", body=b'<meta charset="koi8-r">' + "мир".encode("koi8-r")),
        text="мир",
    ),
    case(
        "a text type nobody knows", mail(b"Content-Type: text/english", body=b"order"), text="order"
    ),
    case("a type that is none", mail(b"Content-Type: text", body=b"order"), text="order"),
    case(
        "plain beside HTML",
        multipart(
            b"alternative", part(b"text/plain", b"plain"), part(b"text/html", b"<p>rich</p>")
        ),
        text="plain",
        html="<p>rich</p>",
    ),
    case(
        "empty plain beside HTML",
        multipart(b"alternative", part(b"text/plain", b" "), part(b"text/html", b"<p>rich</p>")),
        text="rich",
        html="<p>rich</p>",
    ),
    case(
        "HTML with a footer of a list",
        multipart(b"mixed", part(b"text/html", b"<p>rich</p>"), part(b"text/plain", b"-- <list>")),
        text="rich\n\n-- <list>",
        html="<p>rich</p>\n<pre>-- &lt;list&gt;</pre>",
    ),
    case(
        "enriched text",
        mail(b"Content-Type: text/enriched", body=b"<bold>Hi</bold> 1 << 2"),
        text="Hi 1 < 2",
    ),
    case(
        "HTML without a type",
        mail(body=b"<!DOCTYPE html><html><body><p>Hi</p></body></html>"),
        text="Hi",
        html="<!DOCTYPE html><html><body><p>Hi</p></body></html>",
    ),
    case(
        "a type without its semicolon",
        mail(b"Content-Type: text/html charset=koi8-r", body="<p>мир".encode("koi8-r")),
        text="мир",
    ),
    case(
        "two types",
        mail(b"Content-Type: text/html; charset=utf-8", b"Content-Type: text/plain", body=b"<p>Hi"),
        text="Hi",
    ),
    case(
        "what Outlook makes of three lines",
        html(
            b'<html xmlns:o="urn:o"><head><!--[if gte mso 9]><xml><o:x/></xml><![endif]--><style><!-- p {} --></style>'
            b"</head><body><p class=MsoNormal>Hi,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
            b"<ul><li><p>one</p></li></ul><div>two<br></div><div><br></div><div>three</div></body></html>"
        ),
        text="Hi,\n\n- one\n\ntwo\n\nthree",
    ),
]
