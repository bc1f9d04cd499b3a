"""What can be done to tickets; a module per noun. Signatures, all keyword-only.

Each changes one ticket under its lock (support.events.changing), tells of it in events, and keeps
its figures, targets, open spans and search row in step. Refusals are named in each docstring.

tickets.py       open_ticket(customer, subject, text, channel, by=None, contact=None, requester=None,
                     html="", kind="", priority=None, queue=None, category=None, assignee=None,
                     language="", at=None, inbound=None, automatic="", notes=(), files=(),
                     once_key="", is_proven=False, also_addressed=()) -> Ticket
                     `requester` is a Correspondent (support.correspondents); `files` are FileDrafts.
                     Without a customer it is whoever the requester is. With a known `once_key` (of
                     its first message) returns that ticket. Channel "staff" with `by`: we write
                     first, by mail.
conversation.py  receive(ticket, text, sender, html="", is_proven=False, inbound=None, automatic="",
                     is_thanks=False, notes=(), files=(), at=None, once_key="",
                     also_addressed=()) -> Message
                     needs_new_ticket(ticket, now): ask before, of a ticket that was closed.
                 reply(ticket, text, by, files=(), then="waiting", version=None, once_key="",
                     promise=None, at=None) -> Message      raises StaleTicket, EmptyMessage, …
                     `promise` is a PromiseDraft; `then` "" leaves the state as it is.
                 withdraw_reply(message, by) -> Message      raises TooLate; its text is kept
                 add_note(ticket, text, by, files=(), mentioned=(), once_key="") -> Message
                 where_it_went(ticket) -> Ticket: to the end of its merges
states.py        move(ticket, to, by, at=None) -> Ticket    raises CannotMove; can_move(ticket, to)
                 resolve, reopen, wait, hold, resume, close, mark_spam, unmark_spam,
                 snooze(ticket, until, by), wake
changes.py       assign(ticket, assignee, by), take, set_queue, set_priority, set_category,
                 set_subject, set_customer, set_tags
merging.py       merge(ticket, into, by, across_customers=False) -> ChangeSet; merge_of(ticket);
                 undo_merge(change_set, by); split(ticket, messages, subject, by) -> Ticket;
                 link(ticket, other, by, kind="related") -> TicketLink; unlink(link, by)
people.py        add_participant, remove_participant, watch, unwatch, new_link, revoke_links, be_present
selections.py    change_many(tickets, by, state, spam, assignee, queue, priority, category, add_tags,
                     remove_tags, snoozed_until) -> ChangeSet | None; undo: staff.changes.revert
sweeping.py      close_solved(), wake_snoozed(): what time does, a batch at a time
desk.py          queues, categories, canned replies, saved views, settings
"""
