"""Rooms add to the customer room's pages without its knowing them."""

from typing import Any

import pytest

from crm.registry import Panel, Registry


def panel(name: str, order: int, context: dict[str, Any] | None = None) -> Panel:
    return Panel(name, "x.html", lambda request, customer: context, order=order)


def test_entries_come_in_order_and_a_name_comes_once() -> None:
    registry: Registry[Panel] = Registry()
    for entry in (panel("b", 2), panel("a", 2), panel("c", 1), panel("b", 3)):
        registry.register(entry)
    assert [(entry.name, entry.order) for entry in registry.all()] == [("c", 1), ("a", 2), ("b", 3)]
    registry.remove("c")
    registry.remove("c")
    assert len(registry.all()) == 2


def test_a_panel_without_context_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from crm import registry as registries

    registry: Registry[Panel] = Registry()
    registry.register(panel("shown", 1, {"n": 1}))
    registry.register(panel("absent", 2))
    monkeypatch.setattr(registries, "PANELS", registry)
    shown = registries.panels(None, None)  # type: ignore[arg-type]
    assert [(entry.name, context) for entry, context in shown] == [("shown", {"n": 1})]
