"""Filters of the customer room's lists: in the address, combined, read as a sentence."""

from crm.filters.costs import CostFilter
from crm.filters.customers import SORTS, CustomerFilter
from crm.filters.deals import DealFilter
from crm.filters.sentence import Chip, SentenceFilter

__all__ = ["SORTS", "Chip", "CostFilter", "CustomerFilter", "DealFilter", "SentenceFilter"]
