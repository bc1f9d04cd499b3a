"""What becomes of a customer's expected value when they are merged, or erased."""

from decimal import Decimal

from django.utils import timezone

from crm import actions
from crm.actions import merging
from metrics.models import ExpectedFit, ExpectedValue
from staff.models import Business
from tests.factories import ContactFactory, CustomerFactory


def expected(customer: object, fit: ExpectedFit) -> None:
    ExpectedValue.objects.create(
        customer=customer, fit=fit, purchases=2.5, value=Decimal("125.5"), alive=0.75
    )


def fitted() -> ExpectedFit:
    return ExpectedFit.objects.create(as_of=timezone.localdate(), status="ok")


def test_a_merge_lets_the_losers_go_and_an_undo_brings_it_back(business: Business) -> None:
    fit, winner, loser = fitted(), CustomerFactory(name="Ana"), CustomerFactory(name="Rui")
    expected(winner, fit)
    expected(loser, fit)

    change_set = merging.merge_customers(winner=winner, loser=loser, by=None, values={})

    assert list(ExpectedValue.objects.values_list("customer", flat=True)) == [winner.pk]
    merging.undo_merge(change_set=change_set, by=None)
    assert ExpectedValue.objects.get(customer=loser.pk).value == Decimal("125.5")


def test_an_erased_person_is_expected_to_bring_nothing(business: Business) -> None:
    fit, ana, rui = fitted(), CustomerFactory(kind="person"), CustomerFactory(kind="person")
    contact = ContactFactory(customer=ana)
    expected(ana, fit)
    expected(rui, fit)

    actions.erase_person(contact=contact, by=None)

    assert list(ExpectedValue.objects.values_list("customer", flat=True)) == [rui.pk]
