"""The one refusal that concerns a file as a whole."""

from staff.refusals import Refusal


class FileUnusable(Refusal):
    """The file as a whole can't be imported; nothing was read into the database."""
