"""The data of the customer room, a module per noun."""

from crm.models.contacts import Affiliation, Contact, ContactPoint
from crm.models.customers import Customer, CustomerSearch, Tag
from crm.models.interactions import Interaction, InteractionBody
from crm.models.money import Contract, Cost, Order
from crm.models.tasks import Task
from crm.models.tenures import Loss, LossReason, SilenceRule, Tenure, TenureClock, TenureSpan

__all__ = [
    "Affiliation",
    "Contact",
    "ContactPoint",
    "Contract",
    "Cost",
    "Customer",
    "CustomerSearch",
    "Interaction",
    "InteractionBody",
    "Loss",
    "LossReason",
    "Order",
    "SilenceRule",
    "Tag",
    "Task",
    "Tenure",
    "TenureClock",
    "TenureSpan",
]
