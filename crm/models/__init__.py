"""The data of the customer room, a module per noun."""

from crm.models.bonds import LoyaltyTier, ReferralLink
from crm.models.contacts import Affiliation, Contact, ContactPoint
from crm.models.custom_fields import CustomField
from crm.models.customers import Customer, CustomerSearch, Tag
from crm.models.deals import Deal, Pipeline, Stage, StageChange
from crm.models.duplicates import (
    CustomerAlias,
    Duplicate,
    DuplicateKey,
    DuplicateSearch,
    MergedCustomer,
    ToCompare,
)
from crm.models.files import CustomerFile
from crm.models.imports import ColumnMapping, FileImport
from crm.models.interactions import Interaction, InteractionBody
from crm.models.lists import BulkEdit, ListColumns, Segment
from crm.models.money import Contract, Cost, Order
from crm.models.outreach import Outreach, OutreachMessage
from crm.models.privacy import Consent, PrivacyAct, RetentionRule
from crm.models.tasks import CalendarFeed, MorningMail, Task
from crm.models.tenures import (
    Loss,
    LossReason,
    Pauses,
    SilenceRule,
    Tenure,
    TenureClock,
    TenureSpan,
)

__all__ = [
    "Affiliation",
    "BulkEdit",
    "CalendarFeed",
    "ColumnMapping",
    "Consent",
    "Contact",
    "ContactPoint",
    "Contract",
    "Cost",
    "CustomField",
    "Customer",
    "CustomerAlias",
    "CustomerFile",
    "CustomerSearch",
    "Deal",
    "Duplicate",
    "DuplicateKey",
    "DuplicateSearch",
    "FileImport",
    "Interaction",
    "InteractionBody",
    "ListColumns",
    "Loss",
    "LossReason",
    "LoyaltyTier",
    "MergedCustomer",
    "MorningMail",
    "Order",
    "Outreach",
    "OutreachMessage",
    "Pauses",
    "Pipeline",
    "PrivacyAct",
    "ReferralLink",
    "RetentionRule",
    "Segment",
    "SilenceRule",
    "Stage",
    "StageChange",
    "Tag",
    "Task",
    "Tenure",
    "TenureClock",
    "TenureSpan",
    "ToCompare",
]
