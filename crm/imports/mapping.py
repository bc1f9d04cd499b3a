"""Which column of a file feeds which target, settled before a row is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from crm.imports.kinds import ImportKind
from crm.imports.unusable import FileUnusable


def resolved(
    kind: ImportKind, header: Sequence[str], given: Mapping[str, str], *, guesses: bool = True
) -> dict[str, str]:
    """Target → column: as given, and with `guesses` also what is called exactly as a target.

    Raises FileUnusable for a target or column that does not exist, or a needed one that nothing
    feeds.
    """
    targets = [column.name for column in kind.columns]
    given = {target: name for target, name in given.items() if name}
    for target, name in given.items():
        open_target = kind.open_prefix and target.startswith(kind.open_prefix)
        if target not in targets and not open_target:
            raise FileUnusable(
                _("There is no target “%(target)s” for %(kind)s. There are: %(targets)s.")
                % {"target": target, "kind": kind.name, "targets": ", ".join(targets)}
            )
        if name not in header:
            raise FileUnusable(
                _("The file has no column “%(name)s”. It has: %(header)s.")
                % {"name": name, "header": ", ".join(header)}
            )
    mapping = dict(given)
    if guesses:
        taken = set(given.values())
        for name in header:
            target = name.lower().replace(" ", "_")
            is_open = kind.open_prefix and target.startswith(kind.open_prefix)
            if name not in taken and (target in targets or is_open):
                mapping.setdefault(target, name)
    missing = [c.name for c in kind.columns if c.required and c.name not in mapping]
    if missing or not mapping:
        raise FileUnusable(
            _(
                "No column gives %(missing)s. The file has: %(header)s. "
                "Say which one does, such as --map %(example)s=COLUMN."
            )
            % {
                "missing": ", ".join(missing or targets),
                "header": ", ".join(header),
                "example": (missing or targets)[0],
            }
        )
    return mapping
