"""Who is asked and who is not, once; and the mail that asks them."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from crm.models import Affiliation, Customer, Interaction
from mail.models import OutgoingEmail, Scope, Suppression
from staff.models import AuditEntry
from surveys import texts
from surveys.actions import delivering, sending
from surveys.actions.surveys import stock_survey, update_survey
from surveys.audience import Audience, preview_audience
from surveys.invitation_mail import Renderer
from surveys.models import Invitation, Skip, Survey, SurveyRun
from tests.factories import ContactFactory, CustomerFactory, InvitationFactory


@pytest.fixture
def survey(business) -> Survey:
    return stock_survey("nps")


def everyone() -> Audience:
    Customer.objects.update(stage=Customer.Stage.CUSTOMER)
    return Audience()


def chosen(*customers: Customer) -> Audience:
    return Audience(tuple(customer.pk for customer in customers))


def send(survey, audience, by, key="once") -> SurveyRun:
    return sending.send_survey(survey=survey, audience=audience, once_key=key, by=by)


def test_the_audience_is_frozen_into_invitations_and_skips(survey, manager):
    ada = CustomerFactory(name="Ada", email="ada@example.com", language="es")
    CustomerFactory(name="Silent")

    run = send(survey, everyone(), manager)

    assert (run.invited, run.skipped) == (1, 1)
    invitation = Invitation.objects.get()
    assert (invitation.customer, invitation.address) == (ada, "ada@example.com")
    assert (invitation.language, invitation.state) == ("es", "pending")
    assert invitation.expires_at - invitation.created_at == timedelta(days=30)
    assert Skip.objects.get().reason == "no_email"
    entry = AuditEntry.objects.get(action="survey.send")
    assert (entry.by, entry.changes["invited"]) == (manager, [None, 1])


def test_the_same_key_sends_once(survey, manager):
    CustomerFactory(email="ada@example.com")
    audience = everyone()

    first = send(survey, audience, manager)
    assert send(survey, audience, manager) == first

    assert Invitation.objects.count() == 1


def test_a_second_sending_skips_who_was_asked_and_says_until_when(survey, manager):
    CustomerFactory(email="ada@example.com")
    send(survey, everyone(), manager)
    delivering.queue_batch()

    run = send(survey, Audience(), manager, key="again")

    assert (run.invited, run.skipped) == (0, 1)
    skip = run.skips.get()
    assert skip.reason == "throttled"
    asked = Invitation.objects.get().due_at
    assert skip.until == asked + timedelta(days=30)


@pytest.mark.parametrize(
    ("own_days", "days_ago", "same", "reason"),
    [
        (30, 29, False, "throttled"),  # another survey, but within thirty days
        (30, 31, False, ""),
        (90, 31, False, ""),  # this survey's own patience concerns itself only
        (90, 31, True, "throttled"),
        (90, 91, True, ""),
        (0, 31, True, ""),
    ],
)
def test_throttles(survey, manager, own_days, days_ago, same, reason):
    update_survey(survey=survey, by=manager, throttle_days=own_days)
    survey.refresh_from_db()
    earlier = InvitationFactory(created_at=timezone.now() - timedelta(days=days_ago))
    if not same:
        other = stock_survey("ces")
        Invitation.objects.update(survey=other)

    preview = preview_audience(
        survey=survey, audience=chosen(earlier.customer), business=manager_business()
    )

    assert preview.skipped == ({reason: 1} if reason else {})


def test_the_business_says_how_long_between_any_two_surveys(survey, manager):
    earlier = InvitationFactory(created_at=timezone.now() - timedelta(days=20))
    Invitation.objects.update(survey=stock_survey("ces"))
    business = manager_business()

    def skipped(days: int) -> dict[str, int]:
        business.survey_pause_days = days
        audience = chosen(earlier.customer)
        return preview_audience(survey=survey, audience=audience, business=business).skipped

    assert skipped(30) == {"throttled": 1}
    assert skipped(14) == {}
    assert skipped(60) == {"throttled": 1}


def manager_business():
    from staff.models import Business

    return Business.objects.get()


def test_each_skip_has_its_reason(survey, manager):
    archived = CustomerFactory(email="old@example.com", archived_at=timezone.now())
    left = CustomerFactory(email="left@example.com")
    Suppression.objects.create(address="left@example.com", scope=Scope.ALL, reason="unsubscribe")
    gone = CustomerFactory(email="gone@example.com")
    Affiliation.objects.filter(customer=gone).update(until=timezone.localdate())
    two = CustomerFactory()
    ContactFactory(customer=two)
    ContactFactory(customer=two)
    Affiliation.objects.filter(customer=two).update(is_primary=False)

    run = send(survey, chosen(archived, left, gone, two), manager)

    assert run.invited == 0
    assert dict(run.skips.values_list("customer", "reason")) == {
        archived.pk: "archived",
        left.pk: "suppressed",
        gone.pk: "no_email",
        two.pk: "many_contacts",
    }


def test_who_left_outreach_alone_is_still_asked(survey, manager):
    ada = CustomerFactory(email="ada@example.com")
    Suppression.objects.create(
        address="ada@example.com", scope=Scope.OUTREACH, reason="unsubscribe"
    )

    assert send(survey, chosen(ada), manager).invited == 1


def test_one_person_of_two_customers_is_asked_for_one_of_them(survey, manager):
    bakery, shop = CustomerFactory(), CustomerFactory()
    ContactFactory(customer=bakery)
    contact = bakery.contacts.get()
    Affiliation.objects.create(contact=contact, customer=shop, is_primary=True)

    run = send(survey, chosen(bakery, shop), manager)

    assert run.invitations.get().customer == bakery
    assert run.skips.get().reason == "shared_contact"


def test_the_primary_contact_is_asked_else_the_only_one_with_an_address(survey, manager):
    several = CustomerFactory(email="first@example.com")
    ContactFactory(customer=several, email="second@example.com")
    only = CustomerFactory()
    ContactFactory(customer=only, email="")  # primary, but not reachable
    ContactFactory(customer=only, email="reachable@example.com")

    send(survey, chosen(several, only), manager)

    asked = set(Invitation.objects.values_list("address", flat=True))
    assert asked == {"first@example.com", "reachable@example.com"}


def test_everyone_is_a_managers_decision(survey, agent):
    ada = CustomerFactory(email="ada@example.com")

    with pytest.raises(sending.SendingRefused):
        send(survey, everyone(), agent)
    assert send(survey, chosen(ada), agent).invited == 1


def test_a_closed_survey_is_not_sent(survey, manager):
    update_survey(survey=survey, by=manager, is_active=False)

    with pytest.raises(sending.SurveyClosed):
        send(survey, chosen(CustomerFactory(email="ada@example.com")), manager)
    assert not SurveyRun.objects.exists()


def test_sending_to_nobody_is_refused(survey, manager):
    with pytest.raises(sending.NobodyToAsk):
        send(survey, Audience((404,)), manager)


def test_queries_do_not_grow_with_the_audience(survey, manager, django_assert_max_num_queries):
    for number in range(60):
        CustomerFactory(email=f"c{number}@example.com", owner=None)
    audience = everyone()

    with django_assert_max_num_queries(17):
        send(survey, audience, manager)


def test_the_mails_are_queued_with_their_links_and_the_timeline_tells_it(survey, manager):
    ada = CustomerFactory(name="Ada Lovelace", email="ada@example.com", language="pt-br")
    send(survey, chosen(ada), manager)

    call_command("send_surveys", stdout=StringIO())

    invitation = Invitation.objects.get()
    mail = OutgoingEmail.objects.get()
    assert invitation.state == "queued"
    assert (mail.to_address, mail.to_name) == ("ada@example.com", "Ada Lovelace")
    assert mail.subject == "Uma pergunta de Padaria Aurora"
    assert "Olá, Ada," in mail.text
    assert "Olá, Ada," in mail.html
    links = [set(re.findall(r"http[^\s\"<]+", body)) for body in (mail.text, mail.html)]
    assert links[0] == links[1]
    scores = {link for link in links[0] if "?score=" in link}
    assert len(scores) == 11
    assert any("/u/" in link for link in links[0])
    assert not re.search("[\ue000{}]", mail.text)
    assert not re.search("\ue000|{{", mail.html)
    told = Interaction.objects.get()
    assert (told.kind, told.direction, told.by) == ("survey_invitation", "out", manager)
    ada.refresh_from_db()
    assert ada.last_outbound_at


def test_the_token_of_the_link_is_kept_as_a_hash_only(survey, manager, client):
    send(survey, chosen(CustomerFactory(email="ada@example.com")), manager)
    delivering.queue_batch()

    link = re.search(r"/s/([\w-]+)/", OutgoingEmail.objects.get().text)
    assert len(link[1]) >= 22  # at least 128 bits
    assert link[1] not in str(Invitation.objects.values().get())
    assert client.get(link[0]).status_code == 200


def test_queueing_twice_asks_nobody_twice(survey, manager):
    for number in range(5):
        CustomerFactory(email=f"c{number}@example.com")
    send(survey, everyone(), manager)

    assert delivering.queue_batch(size=3) == 3
    assert delivering.queue_batch(size=3) == 2
    assert delivering.queue_batch(size=3) == 0

    assert OutgoingEmail.objects.count() == 5


def test_an_invitation_that_was_never_worth_a_mail_is_cancelled(survey, manager):
    send(survey, chosen(CustomerFactory(email="ada@example.com")), manager)
    Survey.objects.update(is_active=False)

    assert delivering.queue_batch() == 1

    assert Invitation.objects.get().state == "cancelled"
    assert not OutgoingEmail.objects.exists()


def test_what_became_of_the_mails_is_copied(survey, manager):
    for name in ("sent", "bounced", "queued"):
        CustomerFactory(email=f"{name}@example.com")
    send(survey, everyone(), manager)
    delivering.queue_batch()
    left = timezone.now()
    OutgoingEmail.objects.exclude(to_address="queued@example.com").update(
        state="sent", sent_at=left
    )
    OutgoingEmail.objects.filter(to_address="bounced@example.com").update(state="bounced")

    assert delivering.follow_mail() == 3
    assert delivering.follow_mail() == 0

    became = {
        address.split("@")[0]: (sent_at, bounced_at is not None)
        for address, sent_at, bounced_at in Invitation.objects.values_list(
            "address", "sent_at", "bounced_at"
        )
    }
    assert became == {"sent": (left, False), "bounced": (left, True), "queued": (None, False)}


def test_a_name_can_put_no_markup_into_a_mail(business):
    invitation = InvitationFactory()
    invitation.contact.name = "<b>Eve</b>"

    draft = Renderer(business).draft(invitation, "token")

    assert "<b>Eve" not in draft.html
    assert "Hello &lt;b&gt;Eve&lt;/b&gt;," in draft.html
    assert "Hello <b>Eve</b>," in draft.text


@pytest.mark.parametrize("kind", Survey.Kind.values)
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_stock_texts_are_whole_in_every_language(kind, language):
    for name, words in texts.stock(kind, language).words():
        assert words.strip(), name
        assert words.count("{") == words.count("{business}")
    if language != "en":
        same = [
            name
            for name, words in texts.stock(kind, language).words()
            if words == getattr(texts.stock(kind, "en"), name)
        ]
        assert not same
