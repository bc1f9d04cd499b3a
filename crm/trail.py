"""This room's actions in words, and its pages, for the trail of changes."""

from django.utils.translation import gettext_lazy as _

from crm import custom
from staff import audit, audit_words


def register() -> None:
    audit.shown_at(
        {
            "crm.customer": "crm:customer",
            "crm.customfield": "crm:custom-field-edit",
            "crm.deal": "crm:deal",
            "crm.pipeline": "crm:pipeline-edit",
            "crm.stage": "crm:stage-edit",
        }
    )
    audit.fields_of({"customer.lose": "crm.loss", "customer.undo_loss": "crm.loss"})
    audit_words.prefixed("crm.customer", "custom.", custom.in_the_trail)
    audit_words.keys_of({"customer": "crm.customer"})
    audit.name_fields(
        {
            "created": _("created"),
            "updated": _("updated"),
            "unchanged": _("unchanged"),
            "refused": _("refused"),
            "customer": _("customer"),
            "customers": _("customers"),
            "merged": _("merged with"),
            "other": _("the other one"),
            "email": _("e-mail"),
            "files": _("files"),
            "phone": _("phone"),
            "tags": _("tags"),
            "purpose": _("purpose"),
            "rank": _("rank"),
            "role": _("role"),
            "reason": _("reason"),
            "until": _("until"),
        }
    )
    audit.describe(
        {
            "consent.give": _("noted a consent"),
            "consent.withdraw": _("noted that a consent was taken back"),
            "contact.create": _("added a contact"),
            "contact.end": _("ended a contact's time at a customer"),
            "contact.update": _("changed a contact"),
            "contract.cancel": _("cancelled a contract"),
            "contract.create": _("added a contract"),
            "contract.update": _("changed a contract"),
            "cost.correct": _("corrected a cost"),
            "cost.create": _("added a cost"),
            "cost.delete": _("deleted a cost"),
            "custom_field.archive": _("archived a field"),
            "custom_field.arrange": _("moved a field"),
            "custom_field.create": _("added a field"),
            "custom_field.restore": _("brought a field back from the archive"),
            "custom_field.update": _("changed a field"),
            "customer.add_span": _("added a time as a customer"),
            "customer.add_files": _("added files to a customer"),
            "customer.delete_file": _("deleted a file of a customer"),
            "customer.archive": _("archived a customer"),
            "customer.archive_many": _("archived customers"),
            "bulk_edit.undo": _("asked to take a change to many customers back"),
            "customer.change_many": _("changed customers"),
            "customer.create": _("added a customer"),
            "customer.delete_span": _("deleted a time as a customer"),
            "customer.lose": _("noted a customer as lost"),
            "customer.merge": _("merged two customers"),
            "customer.restore": _("brought a customer back from the archive"),
            "customer.restore_many": _("brought customers back from the archive"),
            "customer.undo_loss": _("took a loss back"),
            "customer.unmerge": _("took merged customers apart"),
            "customer.update": _("changed a customer"),
            "deal.create": _("began a deal"),
            "deal.lose": _("noted a deal as lost"),
            "deal.move": _("moved a deal to another stage"),
            "deal.reopen": _("opened a deal again"),
            "deal.update": _("changed a deal"),
            "deal.win": _("noted a deal as won"),
            "duplicate.dismiss": _("said that two customers are two"),
            "duplicate.restore": _("took back that two customers are two"),
            "import.cancel": _("asked an import to stop"),
            "import.revert": _("had an import taken back"),
            "import.run": _("imported a file"),
            "order.correct": _("corrected an order"),
            "order.create": _("added an order"),
            "order.delete": _("deleted an order"),
            "privacy.erasure": _("erased a person"),
            "privacy.export": _("handed over all about a person"),
            "privacy.retention": _("changed how long things are kept, or let them go"),
            "pipeline.archive": _("archived a pipeline"),
            "pipeline.create": _("added a pipeline"),
            "pipeline.restore": _("brought a pipeline back from the archive"),
            "pipeline.update": _("changed a pipeline"),
            "referral.close": _("switched a referral link off"),
            "referral.open": _("switched a referral link on"),
            "stage.archive": _("archived a stage"),
            "stage.create": _("added a stage"),
            "stage.restore": _("brought a stage back from the archive"),
            "stage.update": _("changed a stage"),
            "tier.create": _("added a loyalty tier"),
            "tier.delete": _("deleted a loyalty tier"),
            "tier.update": _("changed a loyalty tier"),
            "segment.create": _("saved a segment"),
            "segment.delete": _("deleted a segment"),
            "segment.update": _("changed a segment"),
            "silence_rule.set": _("changed how long a silence means a loss"),
            "calendar.close": _("switched their calendar's address off"),
            "calendar.open": _("made an address for their calendar"),
            "calendar.renew": _("made a new address for their calendar"),
            "task.complete": _("completed a task"),
            "task.create": _("added a task"),
            "task.delete": _("deleted a task"),
            "task.reopen": _("reopened a task"),
            "task.reschedule": _("moved a task to another day"),
            "task.update": _("changed a task"),
            "task.withdraw": _("took a promise back before it was heard"),
        }
    )
