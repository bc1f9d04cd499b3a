"""The base of every named refusal."""


class Refusal(Exception):
    """An action that will not happen; `str()` is a translated sentence for the person who asked.

    Subclasses set `message` (lazily translated) or pass one.
    """

    message: object = ""

    def __init__(self, message: object | None = None) -> None:
        super().__init__(message if message is not None else self.message)

    def __str__(self) -> str:
        return str(self.args[0])
