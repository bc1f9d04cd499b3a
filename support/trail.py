"""This room's actions in words, and its pages, for the trail of changes."""

from django.utils.translation import gettext_lazy as _

from staff import audit


def register() -> None:
    """Called from SupportConfig.ready."""
    audit.shown_at({"support.ticket": "support:ticket"})
    audit.name_fields(
        {
            "links": _("links"),
            "members": _("people"),
            "merged_into": _("merged into"),
            "participant": _("takes part"),
            "tickets": _("tickets"),
        }
    )
    audit.describe(
        {
            "canned_reply.create": _("wrote a canned reply"),
            "canned_reply.delete": _("deleted a canned reply"),
            "canned_reply.update": _("changed a canned reply"),
            "category.archive": _("took a category out of use"),
            "category.create": _("made a category"),
            "category.restore": _("put a category back into use"),
            "category.update": _("renamed a category"),
            "notice_choice.update": _("chose what to hear of by mail"),
            "queue.archive": _("took a queue out of use"),
            "queue.create": _("made a queue"),
            "queue.make_default": _("chose the queue for what fits nowhere else"),
            "queue.restore": _("put a queue back into use"),
            "queue.update": _("changed a queue"),
            "saved_view.create": _("saved a view"),
            "saved_view.delete": _("deleted a view"),
            "saved_view.update": _("changed a view"),
            "support_settings.update": _("changed the rules of the help desk"),
            "ticket.add_participant": _("let somebody take part in a ticket"),
            "ticket.change_many": _("changed tickets"),
            "ticket.merge": _("merged a ticket"),
            "ticket.new_link": _("made a link to a ticket"),
            "ticket.remove_participant": _("ended somebody's part in a ticket"),
            "ticket.revoke_links": _("ended the links to a ticket"),
        }
    )
