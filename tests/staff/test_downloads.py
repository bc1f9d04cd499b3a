"""Files of strangers, in and out: kept whole, opened by nobody's browser."""

from collections.abc import Iterator

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import FileResponse
from django.utils.datastructures import MultiValueDict

from staff import downloads, uploads
from staff.downloads import (
    clean_name,
    download,
    file_of_token,
    name_for_download,
    signed_file_token,
)
from staff.files import open_file, store_file
from staff.refusals import Refusal

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
PAGE = b"<html><script>alert(1)</script>"


OPEN: list[FileResponse] = []


@pytest.fixture(autouse=True)
def _close_what_was_opened() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()  # as a server does once it has sent it


def given(
    name: str, content_type: str, content: bytes = b"x", *, inline_image: bool = False
) -> FileResponse:
    stored = store_file(content, content_type)
    OPEN.append(download(stored, name, content_type, inline_image=inline_image))
    return OPEN[-1]


def content_of(response: FileResponse) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[arg-type]


# --- Out ------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("page.html", "text/html"),
        ("drawing.svg", "image/svg+xml"),
        ("page.xhtml", "application/xhtml+xml"),
        ("feed.xml", "text/xml"),
        ("code.js", "text/javascript"),
        ("page.html", "text/plain"),
        ("innocent.png", "text/html"),
        ("innocent.pdf", "text/html; charset=utf-7"),
        ("mail.eml", "message/rfc822"),
        ("odd", "multipart/x-mixed-replace"),
        ("odd", "image/png, text/html"),
        ("odd", ""),
    ],
)
def test_what_a_browser_would_open_is_given_out_as_bytes(name: str, content_type: str) -> None:
    response = given(name, content_type, PAGE)

    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"] == "private, no-store"
    assert content_of(response) == PAGE
    assert response["Content-Length"] == str(len(PAGE))


@pytest.mark.django_db
def test_an_ordinary_file_keeps_its_type_and_its_name() -> None:
    response = given("Orçamento nº 3.pdf", "application/pdf; name=x", b"%PDF-1.7")
    assert response["Content-Type"] == "application/pdf"
    assert (
        response["Content-Disposition"]
        == "attachment; filename*=utf-8''Or%C3%A7amento%20n%C2%BA%203.pdf"
    )
    assert given("a.txt", "text/plain")["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.django_db
def test_only_real_pictures_are_shown_inside_a_page() -> None:
    shown = given("a.png", "text/html", PNG, inline_image=True)
    assert (shown["Content-Type"], shown["Content-Disposition"]) == (
        "image/png",
        'inline; filename="a.png"',
    )
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert content_of(shown) == PNG
    for pretended in (PAGE, b"<svg onload=alert(1)>", b"GIF", b"RIFF....WAVE", b""):
        response = given("a.png", "image/png", pretended, inline_image=True)
        assert response["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\a.pdf", "a.pdf"),
        ("a\x00b\r\nContent-Type: x.pdf", "ab Content-Type_ x.pdf"),
        ('a";filename="b.exe', "a_filename_b.exe"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("x.exe. . ", "x.exe"),
        ("x.exe::$DATA", "x.exe_DATA"),
        ("CON.txt", "_CON.txt"),
        (".htaccess", "htaccess"),
        ("  a   b .txt", "a b .txt"),
        ("…", "…"),
        ("", "file"),
        ("///", "file"),
        ("..", "file"),
        ("\u200b\u200d", "file"),
        ("\ud800.pdf", "pdf"),
        ("a" * 500 + ".pdf", "a" * 116 + ".pdf"),
        ("olá\u0301.pdf", "olá\u0301.pdf"),
    ],
)
def test_names_are_cleaned(name: str, clean: str) -> None:
    assert clean_name(name) == clean
    assert clean_name(clean) == clean
    assert "/" not in clean_name(name)


@pytest.mark.parametrize("ending", sorted(downloads.DANGEROUS))
def test_what_would_run_gets_a_harmless_ending(ending: str) -> None:
    assert name_for_download(f"a.{ending}") == f"a.{ending}.txt"
    assert (
        name_for_download(f"invoice.pdf.{ending.upper()} ") == f"invoice.pdf.{ending.upper()}.txt"
    )


def test_what_would_not_run_keeps_its_name() -> None:
    for name in ("a.pdf", "a.html.txt", "a", "html", "a.docx", "a.zip"):
        assert name_for_download(name) == name


def test_the_address_of_a_file_serves_one_person_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = signed_file_token(7, 31)

    assert file_of_token(token, 7) == 31
    assert file_of_token(token, 8) is None
    assert file_of_token(token + "x", 7) is None
    assert file_of_token("", 7) is None
    assert file_of_token("7-31", 7) is None
    monkeypatch.setattr(downloads, "TOKEN_AGE", -1)
    assert file_of_token(token, 7) is None


# --- In ---------------------------------------------------------------------------------------


def upload(name: str, content: bytes = b"hello", content_type: str = "x/y") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)


@pytest.mark.django_db
def test_files_are_kept_whole_with_the_type_that_they_are_of() -> None:
    first, second, third = uploads.accept_all(
        [upload("../foto.PNG", PNG, "text/html"), upload("a.txt"), upload("a.pdf", b"no pdf")]
    )
    assert (first.name, first.content_type) == ("foto.PNG", "image/png")
    assert (second.name, second.content_type) == ("a.txt", "text/plain")
    assert third.content_type == "application/octet-stream"
    with open_file(first.stored) as kept:
        assert kept.read() == PNG
    assert uploads.accept(upload("a.txt")) == second.stored


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.html", PNG, "image/png"),
        ("a.svg", b"<svg", "application/octet-stream"),
        ("a.csv", b"a;b", "text/csv"),
        ("a.csv", b"a\0b", "application/octet-stream"),
        ("a.pdf", b"%PDF-1", "application/pdf"),
        (
            "a.docx",
            b"PK\3\4",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a.docx", b"MZ", "application/octet-stream"),
        ("a.jpg", b"<html>", "application/octet-stream"),
        ("a", b"x", "application/octet-stream"),
    ],
)
def test_types_are_sniffed(name: str, head: bytes, kind: str) -> None:
    assert uploads.sniffed_type(name, head) == kind


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (upload("a.txt", b""), "a.txt is empty."),
        (upload("a.html", PAGE), "a.html can't be attached"),
        (upload("a.svg", b"<svg>"), "a.svg can't be attached"),
        (upload("a.pdf.exe "), "a.pdf.exe can't be attached"),
        (upload("report.pdf", b"MZ\x90\0"), "report.pdf can't be attached"),
        (upload("photo.jpg", b"#!/bin/sh"), "photo.jpg can't be attached"),
    ],
)
def test_what_is_refused_is_refused_by_name(refused: SimpleUploadedFile, why: str) -> None:
    with pytest.raises(Refusal, match="^" + why.replace(".", r"\.")):
        uploads.check(refused)


def test_number_and_sizes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(uploads.TooManyFiles):
        uploads.check_all([upload("a.txt")] * 11)
    monkeypatch.setattr(uploads, "LARGEST_FILE", 10)
    monkeypatch.setattr(uploads, "LARGEST_TOGETHER", 15)
    with pytest.raises(uploads.FileTooLarge, match=r"a\.txt is too large"):
        uploads.check(upload("a.txt", b"x" * 11))
    with pytest.raises(uploads.FileTooLarge, match="together"):
        uploads.check_all([upload("a.txt", b"x" * 8)] * 2)


class Composer(forms.Form):
    files = uploads.FilesField()


def test_the_form_field_takes_many_none_and_says_what_is_wrong() -> None:
    def filled(*files: SimpleUploadedFile) -> Composer:
        return Composer({}, MultiValueDict({"files": list(files)}))

    many, none, wrong = filled(upload("a.txt"), upload("b.txt")), filled(), filled(upload("a.exe"))
    assert many.is_valid()
    assert [one.name for one in many.cleaned_data["files"]] == ["a.txt", "b.txt"]
    assert none.is_valid()
    assert none.cleaned_data["files"] == []
    assert "a.exe can't be attached" in wrong.errors["files"][0]
    assert "multiple" in str(none["files"])
