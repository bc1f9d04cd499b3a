"""What customers of the demo bought and signed, with what their timelines tell of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from crm.actions.contracts import cancellation_words, contract_summary
from crm.actions.orders import order_interaction
from crm.models import Contract, Customer, Interaction, Order
from metrics.demo.clock import Clock
from metrics.demo.history import History, Term
from staff.models import User


@dataclass(frozen=True)
class Bought:
    """Writes the purchases and contracts of a batch of customers; returns what is told of them."""

    clock: Clock
    currency: str
    by: Callable[[int], User]

    def orders(
        self, histories: Sequence[History], customers: Sequence[Customer], random: Random
    ) -> list[Interaction]:
        orders = [
            Order(
                customer=customer,
                ordered_at=at,
                total=total,
                cost=cost,
                currency=self.currency,
                rate=Decimal(1),
                created_at=at,
            )
            for history, customer in zip(histories, customers, strict=True)
            for at, total, cost in history.purchases
        ]
        Order.objects.bulk_create(orders, batch_size=1000)
        return [order_interaction(order, by=self.by(random.randrange(4))) for order in orders]

    def contracts(
        self, histories: Sequence[History], customers: Sequence[Customer]
    ) -> list[Interaction]:
        """The last of each chain first, because the one before it points to it."""
        made: dict[int, Contract] = {}
        longest = max((len(history.terms) for history in histories), default=0)
        for step in range(1, longest + 1):
            batch: list[tuple[Term, Contract]] = []
            for history, customer in zip(histories, customers, strict=True):
                if step <= len(history.terms):
                    term = history.terms[-step]
                    batch.append((term, self._contract(term, customer, made)))
            Contract.objects.bulk_create([contract for _term, contract in batch], batch_size=1000)
            made |= {id(term): contract for term, contract in batch}
        return [
            Interaction(
                customer_id=contract.customer_id,
                kind=Interaction.Kind.CONTRACT,
                direction=Interaction.Direction.IN,
                occurred_at=contract.created_at,
                summary=contract_summary(contract),
                by=self.by(1),
                about_model="crm.contract",
                about_id=contract.pk,
            )
            for contract in made.values()
        ] + [self._cancelled(one) for one in made.values() if one.cancelled_on]

    def _cancelled(self, contract: Contract) -> Interaction:
        at = self.clock.midnight(contract.cancelled_on or self.clock.today) + timedelta(hours=11)
        return Interaction(
            customer_id=contract.customer_id,
            kind=Interaction.Kind.CONTRACT,
            direction=Interaction.Direction.IN,
            occurred_at=max(contract.created_at, min(at, self.clock.now)),
            summary=cancellation_words(contract),
            by=self.by(1),
            about_model="crm.contract",
            about_id=contract.pk,
        )

    def _contract(self, term: Term, customer: Customer, made: dict[int, Contract]) -> Contract:
        begun = self.clock.midnight(term.starts_on) + timedelta(hours=10)
        return Contract(
            customer=customer,
            starts_on=term.starts_on,
            ends_on=term.ends_on,
            cancelled_on=term.cancelled_on,
            reason=term.reason,
            amount=term.amount,
            interval=term.interval,
            currency=self.currency,
            rate=Decimal(1),
            renewed_by=made[id(term.renewed)] if term.renewed else None,
            created_at=min(max(begun, customer.created_at), self.clock.now),
        )
