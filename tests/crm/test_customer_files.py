"""Files of a customer: kept, given out, deleted, brought back."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.actions.files import FileGone, add_files, delete_file
from crm.models import Customer, CustomerFile
from staff.models import AuditEntry, User
from tests.factories import CustomerFactory

PDF = b"%PDF-1.7 an agreement"


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: object) -> None:
    settings.STORAGES = {  # type: ignore[attr-defined]
        **settings.STORAGES,  # type: ignore[attr-defined]
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }


@pytest.fixture
def ada(business: object) -> Customer:
    customer: Customer = CustomerFactory(name="Ada")
    return customer


def upload(name: str = "agreement.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def page(customer: Customer) -> str:
    return reverse("crm:customer-files", args=[customer.pk])


def kept(customer: Customer, by: User | None = None, name: str = "agreement.pdf") -> CustomerFile:
    [file] = add_files(customer=customer, files=[upload(name)], by=by)
    return file


def test_files_are_kept_and_listed_with_who_and_how_large(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    assertContains(agent_client.get(page(ada)), "No files yet")
    here = reverse("crm:customer", args=[ada.pk])

    response = agent_client.post(
        page(ada),
        {"attachments": [upload(), upload("../plan.png", b"x")], "next": here},
        follow=True,
    )

    assertRedirects(response, here)
    assertContains(response, "2 files are kept")
    assertContains(response, "agreement.pdf")
    assertContains(response, "Ana Reis")
    assertContains(response, "21\u00a0bytes")
    assert {file.name for file in ada.files.all()} == {"agreement.pdf", "plan.png"}
    entry = AuditEntry.objects.get(action="customer.add_files")
    assert (entry.target_id, entry.by) == (ada.pk, agent)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.exe", b"MZ", "can do harm"),
        ("empty.pdf", b"", "is empty"),
    ],
)
def test_what_could_do_harm_is_refused_in_words(
    agent_client: Client, ada: Customer, name: str, content: bytes, words: str
) -> None:
    response = agent_client.post(page(ada), {"attachments": [upload(name, content), upload()]})

    assertContains(response, words, status_code=422)
    assert not ada.files.exists()
    assertContains(agent_client.post(page(ada), {}), "Choose a file", status_code=422)


def test_a_file_is_given_out_to_be_kept(read_only_client: Client, ada: Customer) -> None:
    response = read_only_client.get(reverse("crm:customer-file", args=[kept(ada).pk]))

    assert b"".join(response) == PDF  # type: ignore[arg-type]
    assert response["Content-Disposition"] == 'attachment; filename="agreement.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert read_only_client.get(reverse("crm:customer-file", args=[99])).status_code == 404


def test_those_who_only_read_add_and_delete_nothing(
    read_only_client: Client, ada: Customer
) -> None:
    file = kept(ada)

    assertNotContains(read_only_client.get(page(ada)), "Choose files")
    assert read_only_client.post(page(ada), {"attachments": [upload()]}).status_code == 403
    delete = reverse("crm:customer-file-delete", args=[file.pk])
    assert read_only_client.post(delete).status_code == 403


def test_a_deleted_file_can_be_brought_back(agent_client: Client, ada: Customer) -> None:
    file = kept(ada)

    gone = agent_client.post(reverse("crm:customer-file-delete", args=[file.pk]), follow=True)

    assertContains(gone, "agreement.pdf is deleted")
    assert not ada.files.exists()
    with pytest.raises(FileGone):
        delete_file(file=file, by=None)
    entry = AuditEntry.objects.get(action="customer.delete_file")
    assert entry.changes == {"files": ["agreement.pdf", None]}

    assert entry.change_set
    agent_client.post(reverse("crm:undo", args=[entry.change_set.pk]))
    assert ada.files.get().pk == file.pk
    assert b"".join(agent_client.get(reverse("crm:customer-file", args=[file.pk]))) == PDF  # type: ignore[arg-type]


def test_the_customers_page_shows_the_latest_and_the_list_all(
    agent_client: Client, ada: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        kept(ada, name=f"file-{number}.pdf")

    shown = agent_client.get(reverse("crm:customer", args=[ada.pk]))

    assertContains(shown, "file-7.pdf")
    assertNotContains(shown, "file-2.pdf")
    assertContains(shown, "All files")
    with django_assert_num_queries(5):  # business, session, user, customer, files
        assertContains(agent_client.get(page(ada)), "file-0.pdf")
