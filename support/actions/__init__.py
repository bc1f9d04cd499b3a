"""What can be done to tickets; a module per noun. Signatures, all keyword-only:

tickets.py       open_ticket(customer, subject, text, channel, by=None, contact=None, requester=None,
                     html="", kind="", priority=None, queue=None, category=None, assignee=None,
                     language="", at=None, inbound=None, automatic="", notes=(), files=(),
                     once_key="", is_proven=False) -> Ticket
                     `requester` is a Correspondent (support.correspondents); `files` are FileDrafts.
                     With a known `once_key` (of its first message) returns that ticket.
conversation.py  receive(ticket, text, sender, html="", is_proven=False, inbound=None, automatic="",
                     is_thanks=False, notes=(), files=(), at=None, once_key="") -> Message
                 reply(ticket, text, by, files=(), then="waiting", version=None, once_key="",
                     promise=None, at=None) -> Message      raises StaleTicket, EmptyMessage, …
                 withdraw_reply(message, by) -> Message      raises TooLate
                 add_note(ticket, text, by, files=(), mentioned=()) -> Message
states.py        move(ticket, to, by, at=None) -> Ticket    raises CannotMove; can_move(ticket, to)
                 resolve, reopen, wait, hold, resume, close, mark_spam, unmark_spam, snooze, wake
changes.py       assign, set_queue, set_priority, set_category, set_subject, set_customer, set_tags
merging.py       merge(ticket, into, by) -> ChangeSet; undo_merge(change_set, by)
                 split(ticket, messages, subject, by) -> Ticket; link(ticket, other, kind, by); unlink
people.py        add_participant, remove_participant, watch, unwatch, new_link, revoke_links, be_present
selections.py    change_many(tickets, by, **changes) -> ChangeSet; undo through staff.changes.revert
desk.py          queues, categories, canned replies, saved views, settings
"""
