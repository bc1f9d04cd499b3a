"""Fields that take money, moments, tags and customers the way people write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from crm.models import Customer

if TYPE_CHECKING:
    from django.db.models import QuerySet

# What stands around an amount: signs of currencies, their codes, spaces of every width.
AROUND = re.compile(r"[\s\u00a0\u202f]|[A-Z]{3}|[A-Z]{0,2}\$|€|£|¥|₡|₲")


def parse_amount(text: str) -> Decimal:
    """The amount that `text` writes in the reader's own way, or any way that can mean only one thing.

    "12,50", "1.234,56", "R$ 1.234,56" and "12.50" are read everywhere; "1.234" is a thousand and
    more where the point groups thousands, and one and a bit where it is the decimal sign.
    Raises ValueError.
    """
    bare = AROUND.sub("", text.replace("\u2212", "-"))  # a typographic minus
    match = re.fullmatch(r"(-?)([0-9][0-9.,]*)", bare)
    if not match:
        raise ValueError(text)
    sign, body = match.groups()
    mark = _decimal_mark(body)
    whole, _mark, cents = body.rpartition(mark) if mark else (body, "", "")
    if not re.fullmatch(r"[0-9]+|[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*", whole):
        raise ValueError(text)
    digits = whole.replace(".", "").replace(",", "")
    return Decimal(f"{sign}{digits}.{cents or 0}")


def _decimal_mark(body: str) -> str:
    """The sign before the cents, "" when there are none."""
    marks = [mark for mark in ".," if mark in body]
    if len(marks) == 2:
        return max(marks, key=body.rindex)
    if not marks or body.count(marks[0]) > 1:
        return ""
    three_follow = len(body.rpartition(marks[0])[2]) == 3
    return "" if three_follow and marks[0] != get_format("DECIMAL_SEPARATOR") else marks[0]


class MoneyField(forms.DecimalField):
    """An amount in the person's own writing; shown again as their locale writes it."""

    default_error_messages: ClassVar = {
        "invalid": _("This is not an amount. Write it like %(example)s."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_digits", 14)
        options.setdefault("decimal_places", 2)
        options.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        )
        super().__init__(localize=True, **options)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, Decimal):
            return value
        if value in self.empty_values or not str(value).strip():
            return None
        try:
            return parse_amount(str(value))
        except ValueError:
            example = f"12{get_format('DECIMAL_SEPARATOR')}50"
            raise ValidationError(
                self.error_messages["invalid"], code="invalid", params={"example": example}
            ) from None


class NumberField(MoneyField):
    """A number, read as leniently as an amount; as many decimals as its field allows."""

    default_error_messages: ClassVar = {
        "invalid": _("This is not a number. Write it like %(example)s."),
    }


class DayInput(forms.DateInput):
    """The browser's own picker, which shows the day as its reader writes it."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat() if isinstance(value, date) else super().format_value(value)


# At the edges of the calendar a time zone, or a day more, leaves what Python can count.
YEARS = range(1000, 9000)


class DayField(forms.DateField):
    """Takes the picker's form and the locale's ("21/11/2026")."""

    widget = DayInput

    def to_python(self, value: Any) -> date | None:
        return _countable(self, super().to_python(value))


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, datetime):
            local = timezone.localtime(value) if timezone.is_aware(value) else value
            return local.strftime("%Y-%m-%dT%H:%M")
        return super().format_value(value)


class MomentField(forms.DateTimeField):
    """An instant, to the minute, written in the business's time zone."""

    widget = MomentInput

    def to_python(self, value: Any) -> datetime | None:
        return _countable(self, super().to_python(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """The seconds of what is stored are not shown, so they make no difference."""
        if isinstance(initial, datetime):
            initial = initial.replace(second=0, microsecond=0)
        return super().has_changed(initial, data)


Day = TypeVar("Day", bound=date)


def _countable(field: forms.Field, day: Day | None) -> Day | None:
    if day is not None and day.year not in YEARS:
        raise ValidationError(field.error_messages["invalid"], code="invalid")
    return day


class SeveralRowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Django's own asks SQLite for numbers that no column can hold."""

    def clean(self, value: Any) -> Any:
        for key in value if isinstance(value, list | tuple) else ():
            if len(str(key)) > 18:
                raise ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": key},
                )
        return super().clean(value)


LEAVE = _("Leave as it is")


class OrNoneField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice that may also be "none": cleaned to (None,), anything chosen to (it,), nothing to ()."""

    NONE = "none"

    def __init__(self, queryset: QuerySet[Any], *, none: object, **options: Any) -> None:
        self.none = none
        super().__init__(queryset, required=False, empty_label=LEAVE, **options)

    def clean(self, value: Any) -> tuple[Any, ...]:
        if value == self.NONE:
            return (None,)
        found = super().clean(value)
        return () if found is None else (found,)

    @property
    def choices_with_none(self) -> list[tuple[Any, Any]]:
        choices: Any = self.choices
        first, *rest = choices
        return [first, (self.NONE, self.none), *rest]


class TagsField(forms.CharField):
    """Names with commas or semicolons between them; cleans to a list."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(**options)
        self.widget.attrs.update({"data-tags": "", "list": "tag-names", "autocomplete": "off"})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        # Django looks for NUL bytes in what this returns, and in a list of texts finds none.
        self.run_validators(text)
        names = (" ".join(part.split()) for part in re.split(r"[,;]", text))
        tags = list(dict.fromkeys(name for name in names if name))
        if any(len(name) > 60 for name in tags):
            raise ValidationError(_("A tag has at most 60 letters."), code="too_long")
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class CustomerInput(forms.TextInput):
    """Suggests customers while one types; without scripts the name or the number does."""

    template_name = "crm/widgets/customer.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        found = f"{context['widget']['attrs'].get('id', name)}-found"
        context["widget"]["attrs"] |= {
            "list": found,
            "autocomplete": "off",
            "hx-get": reverse("crm:customer-suggest"),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": f"#{found}",
            "hx-swap": "innerHTML",
        }
        return context

    def format_value(self, value: Any) -> str | None:
        return f"{value.name} #{value.pk}" if isinstance(value, Customer) else value


class CustomerField(forms.CharField):
    """A customer by "Ada Lovelace #12", "#12", or words that only one customer's names match."""

    widget = CustomerInput
    default_error_messages: ClassVar = {
        "unknown": _("No customer matches “%(text)s”."),
        "several": _("Several customers match: %(names)s. Write one of them with its number."),
    }

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return Customer.objects.filter(pk=value).first()
        return value

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").strip()
        if not text:
            return None
        if match := re.search(r"#(\d{1,18})$", text):
            found = Customer.objects.filter(pk=int(match[1])).first()
            if found is None:
                raise self._refused("unknown", text=text)
            return found
        return self._only(Customer.objects.active().search(text), text)

    def _only(self, customers: QuerySet[Customer], text: str) -> Customer:
        found = list(customers.order_by("name_folded", "pk")[:5])
        exact = [one for one in found if one.name.casefold() == text.casefold()]
        chosen = exact if len(exact) == 1 else found
        if not chosen:
            raise self._refused("unknown", text=text)
        if len(chosen) > 1:
            names = "; ".join(f"{one.name} #{one.pk}" for one in chosen)
            raise self._refused("several", names=names)
        return chosen[0]

    def _refused(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)
