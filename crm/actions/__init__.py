"""What can be done to customers and what is known of them; a module per noun."""

from crm.actions.calendar import choose_morning_mail, close_calendar, open_calendar
from crm.actions.contacts import (
    add_contact,
    add_point,
    can_end,
    can_retire,
    end_affiliation,
    retire_point,
    set_primary,
    update_contact,
)
from crm.actions.contracts import can_cancel, cancel_contract, create_contract, update_contract
from crm.actions.costs import correct_cost, delete_cost, record_cost
from crm.actions.customers import (
    archive_customer,
    can_archive,
    can_restore,
    create_customer,
    restore_customer,
    set_tags,
    update_customer,
)
from crm.actions.interactions import log_interaction, log_interactions_bulk
from crm.actions.loyalty import create_tier, delete_tier, raise_tier, update_tier
from crm.actions.orders import correct_order, delete_order, record_order
from crm.actions.referrals import close_link, open_link, take_referral
from crm.actions.selections import archive_customers, change_customers, restore_customers
from crm.actions.tasks import (
    can_complete,
    can_reopen,
    complete_task,
    create_task,
    delete_task,
    move_task,
    promise,
    reopen_task,
    reschedule_task,
    update_task,
)
from crm.actions.tenures import (
    add_span,
    can_lose,
    delete_span,
    lose_customer,
    set_silence_rule,
    undo_loss,
)

__all__ = [
    "add_contact",
    "add_point",
    "add_span",
    "archive_customer",
    "archive_customers",
    "can_archive",
    "can_cancel",
    "can_complete",
    "can_end",
    "can_lose",
    "can_reopen",
    "can_restore",
    "can_retire",
    "cancel_contract",
    "change_customers",
    "choose_morning_mail",
    "close_calendar",
    "close_link",
    "complete_task",
    "correct_cost",
    "correct_order",
    "create_contract",
    "create_customer",
    "create_task",
    "create_tier",
    "delete_cost",
    "delete_order",
    "delete_span",
    "delete_task",
    "delete_tier",
    "end_affiliation",
    "log_interaction",
    "log_interactions_bulk",
    "lose_customer",
    "move_task",
    "open_calendar",
    "open_link",
    "promise",
    "raise_tier",
    "record_cost",
    "record_order",
    "reopen_task",
    "reschedule_task",
    "restore_customer",
    "restore_customers",
    "retire_point",
    "set_primary",
    "set_silence_rule",
    "set_tags",
    "take_referral",
    "undo_loss",
    "update_contact",
    "update_contract",
    "update_customer",
    "update_task",
    "update_tier",
]
