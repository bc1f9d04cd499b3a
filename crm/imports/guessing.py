"""Which column of a file means what: by its name in our languages, by what stands in it, by memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from django.utils import timezone

from crm.folding import fold
from crm.imports import words
from crm.imports.kinds import ImportKind
from crm.imports.parsing import decimal_mark, order_of_days
from crm.models import ColumnMapping, CustomField

Sample = Sequence[Sequence[str]]

# What spreadsheets call these columns, folded; what pages call them is known as well (words).
SYNONYMS: dict[str, str] = {
    "external_id": "id|codigo|cod|numero|num|no|nro|ref|referencia|clave|key|code|reference",
    "orders.external_id": "pedido|numero de pedido|n pedido|no pedido|num pedido|id pedido|order|order id"
    "|order number|numero do pedido|factura|numero de factura|invoice|fatura|id|numero|codigo|ref",
    "contracts.external_id": "contrato|numero de contrato|contract|id|numero|codigo|ref",
    "costs.external_id": "recibo|factura|fatura|gasto|apunte|receipt|invoice|id|numero|codigo|ref",
    "name": "nombre|nombre completo|nombre y apellidos|razon social|nome|nome completo|full name"
    "|company|empresa|cliente|customer|customer name|nombre del cliente|nome do cliente",
    "email": "email|mail|correo|correo electronico|e mail|endereco de email|email address"
    "|direccion de correo|electronic mail",
    "phone": "telefono|tel|movil|celular|telefone|telemovel|fone|whatsapp|phone number|mobile"
    "|telephone|numero de telefono|tlf|tfno",
    "created_at": "fecha de alta|alta|fecha alta|data de cadastro|cadastro|created"
    "|since|creado|fecha de creacion|data de criacao|date|fecha|data",
    "customer_since": "cliente desde|customer since|client since|es cliente desde|e cliente desde"
    "|became a customer|fecha de conversion|data de conversao",
    "birthday": "cumpleanos|fecha de nacimiento|nacimiento|data de nascimento|nascimento"
    "|aniversario|date of birth|dob|birth date",
    "city": "ciudad|localidad|poblacion|municipio|cidade|town|provincia|concelho",
    "country": "pais",
    "source": "origen|fuente|origem|procedencia|how they found us|lead source|canal de captacion",
    "owner": "responsable|comercial|vendedor|asignado a|responsavel|account manager|agente",
    "language": "idioma|lengua|lingua|lang",
    "tags": "etiquetas|etiqueta|marcas|tag|labels",
    "stage": "estado|etapa|fase|situacao|status",
    "kind": "tipo|tipo de cliente|type|clase",
    "referred_by": "referido por|recomendado por|indicado por|referrer|recomienda|indicacao",
    "customer": "cliente|id cliente|codigo cliente|codigo de cliente|numero de cliente|customer id"
    "|client|codigo do cliente|id do cliente|cliente id|correo|email|e mail|correo electronico",
    "ordered_at": "fecha|fecha de pedido|fecha del pedido|data|data do pedido|fecha de compra"
    "|order date|date|fecha factura|fecha de factura|invoice date|data da compra",
    "total": "importe|importe total|monto|valor|valor total|total pedido|amount|precio|preco"
    "|total factura",
    "amount": "importe|monto|valor|cuota|mensualidad|mensalidade|total|precio|preco|cost|coste"
    "|custo|costo|gasto",
    "cost": "coste|costo|custo|coste de venta|cost of goods|cogs",
    "currency": "moneda|divisa|moeda",
    "rate": "tipo de cambio|cambio|taxa de cambio|exchange rate",
    "starts_on": "inicio|fecha de inicio|fecha inicio|data de inicio|start|start date|desde",
    "ends_on": "fin|fecha de fin|vencimiento|termino|data de termino|end|end date|hasta|vencimento",
    "interval": "periodicidad|periodicidade|intervalo|frecuencia|period",
    "cancelled_on": "fecha de baja|baja|cancelado|data de cancelamento|cancelled|cancelamento",
    "reason": "motivo|razon|motivo de baja",
    "started_at": "inicio|desde|alta|fecha de alta|start|started|data de inicio",
    "ended_at": "fin|hasta|baja|fecha de baja|end|ended|data de termino",
    "end_reason": "motivo|motivo de baja|reason",
    "purpose": "finalidad|proposito|finalidade|destino|para que",
    "category": "categoria|rubro|partida|concepto",
    "on": "fecha|dia|data|date|day|fecha del gasto",
    "until": "hasta|ate|fin",
    "direction": "direccion|sentido|direcao",
    "channel": "canal|medio|meio",
    "occurred_at": "fecha|data|date|cuando|quando|when|fecha y hora|data e hora",
    "summary": "resumen|asunto|resumo|assunto|subject|titulo",
    "body": "texto|mensaje|descripcion|mensagem|descricao|notas|detalle|message|description|notes",
    "by": "por|usuario|agente|autor|user|agent|author",
    "role": "cargo|puesto|funcao|rol|position|job title",
    "is_primary": "principal|contacto principal|contato principal|primary|main",
    "subject": "asunto|assunto|titulo|title",
    "priority": "prioridad|prioridade",
    "opened_at": "fecha|abierto|fecha de apertura|aberto em|data de abertura|created|data|date",
    "status": "estado|situacion|situacao|state",
    "ticket": "caso|chamado|ticket id|numero de ticket",
    "at": "fecha|data|date|cuando|quando|when|fecha y hora|data e hora",
    "survey": "encuesta|pesquisa",
    "answered_at": "fecha|data|date|respondido|fecha de respuesta|data da resposta",
    "score": "puntuacion|nota|nps|csat|ces|pontuacao|valoracion",
    "comment": "comentario|opinion|opiniao|feedback",
    "site": "sitio|plataforma|portal|web|pagina",
    "rating": "estrellas|nota|puntuacion|valoracion|stars|avaliacao|pontuacao|calificacion",
    "text": "texto|resena|opinion|comentario|review|avaliacao|opiniao",
    "subscribed_at": "fecha de alta|alta|suscrito|inscrito em|subscribed|optin time|fecha|data",
    "left_at": "fecha de baja|baja|cancelado|unsubscribed|saiu em|optout time",
    "type": "tipo|evento|event|tipo de evento",
}

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,20}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}.*")
_MONEY = re.compile(r"[(+-]?\s*(R\$|[$€£])?\s*-?[\d.,\s]*\d([.,]\d{1,2})?\s*(€|\$)?\)?")
# Targets that what stands in a column can give away, in the order in which they are looked for.
_CONTENT: dict[str, Callable[[str], Any]] = {
    "email": _EMAIL.fullmatch,
    "phone": lambda cell: _PHONE.fullmatch(cell) and sum(map(str.isdigit, cell)) >= 8,
}
_DATES = ("ordered_at", "on", "occurred_at", "opened_at", "answered_at", "at", "starts_on")
_SUMS = ("total", "amount")


def guess(kind: ImportKind, header: Sequence[str], sample: Sample = ()) -> dict[str, str]:
    """Target → column, each at most once; what nobody can tell is left out.

    Fixed names win, then what we and spreadsheets call a target, then names of one's own fields,
    then what stands in a column.
    """
    found = _Found(header)
    targets = [column.name for column in kind.columns]
    for target in targets:
        found.take(target, {target}, _fixed)
    for target in targets:
        found.take(target, {fold(said) for said in words.headers(kind.name, target)}, fold)
    # The likeliest names of all targets before the less likely ones of any.
    said = {
        target: (SYNONYMS.get(f"{kind.name}.{target}") or SYNONYMS.get(target, "")).split("|")
        for target in targets
    }
    for place in range(max(map(len, said.values()))):
        for target in targets:
            found.take(target, set(said[target][place : place + 1]), fold)
    if kind.open_prefix:
        _take_own_fields(kind, found)
    _by_content(targets, header, sample, found)
    return found.mapping


class _Found:
    """What was guessed so far, and the columns that are still free."""

    def __init__(self, header: Sequence[str]) -> None:
        self.mapping: dict[str, str] = {}
        self.free = [name for name in header if name]

    def take(self, target: str, names: set[str], form: Callable[[str], str]) -> None:
        """Give a target that has none the first free column that is called so."""
        match = next((name for name in self.free if form(name) in names), None)
        if match and target not in self.mapping:
            self.give(target, match)

    def give(self, target: str, name: str) -> None:
        self.mapping[target] = name
        self.free.remove(name)


def _fixed(name: str) -> str:
    return name.lower().replace(" ", "_")


def _take_own_fields(kind: ImportKind, found: _Found) -> None:
    for name in list(found.free):
        if _fixed(name).startswith(kind.open_prefix):
            found.give(_fixed(name), name)
    for field in CustomField.objects.filter(archived_at=None):
        target = f"{kind.open_prefix}{field.key}"
        found.take(target, {fold(field.label), fold(field.key)}, fold)


def _by_content(
    targets: Sequence[str],
    header: Sequence[str],
    sample: Sample,
    found: _Found,
) -> None:
    """Give targets that nothing feeds a column whose cells look like it."""

    def looks(name: str, like: Callable[[str], Any]) -> bool:
        place = header.index(name)
        cells = [row[place] for row in sample if place < len(row) and row[place]]
        return bool(cells) and sum(bool(like(cell)) for cell in cells) > 0.8 * len(cells)

    likely = {target: like for target, like in _CONTENT.items() if target in targets}
    dated = [target for target in _DATES if target in targets]
    if dated and not any(target in found.mapping for target in dated):
        likely[dated[0]] = _DATE.fullmatch
    sums = [target for target in _SUMS if target in targets]
    if sums and not any(target in found.mapping for target in sums):
        likely[sums[0]] = _MONEY.fullmatch
    for target, like in likely.items():
        match = next((name for name in found.free if looks(name, like)), None)
        if match and target not in found.mapping:
            found.give(target, match)


def ways_of_writing(
    kind: ImportKind, mapping: Mapping[str, str], header: Sequence[str], sample: Sample
) -> dict[str, str]:
    """How the file writes numbers and days, by its columns as a whole: options of an import.

    {"decimal": "," or ".", "dates": "dmy" or "mdy"}; a blank one: nothing in the sample tells, so
    what can be read in two ways will be refused.
    """
    by_target = {column.name: column.holds for column in kind.columns}
    cells: dict[str, list[str]] = {"number": [], "date": []}
    for target, name in mapping.items():
        holds = by_target.get(target, "")
        if holds in cells and name in header:
            place = list(header).index(name)
            cells[holds] += [row[place] for row in sample if place < len(row) and row[place]]
    return {"decimal": decimal_mark(cells["number"]), "dates": order_of_days(cells["date"])}


# --- Memory -----------------------------------------------------------------------------------


def shape_of(header: Sequence[str]) -> str:
    """The same columns in the same order are the same shape, however they are capitalised."""
    return sha256("\n".join(fold(name) for name in header).encode()).hexdigest()


def remembered(kind: ImportKind, header: Sequence[str]) -> ColumnMapping | None:
    """How a file of this shape was mapped the last time."""
    return ColumnMapping.objects.filter(kind=kind.name, shape=shape_of(header)).first()


def remember(
    kind: ImportKind, header: Sequence[str], mapping: Mapping[str, str], options: Mapping[str, Any]
) -> None:
    ColumnMapping.objects.update_or_create(
        kind=kind.name,
        shape=shape_of(header),
        defaults={
            "mapping": dict(mapping),
            "options": dict(options),
            "used_at": timezone.now(),
        },
    )
