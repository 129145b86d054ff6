"""The names by which `loyalty map` recognises canonical columns (names.yml), and how a name is compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from pipelines.config.positions import read_yaml
from pipelines.drafting.numbers import without_cents, without_unit
from pipelines.landing.order_statuses import status_word

_NAMES = Path(__file__).parent / "names.yml"
# Systems add these to the names of times; the comment of the draft keeps the whole name.
_ENDINGS = ("utc", "gmt")
_NUMBERS = re.compile("(?:nummer|number|num|nr)$")  # `Belegnr.` = `Belegnummer`, `Order No.` = `Order Number`
_NUMBER_SIGNS = re.compile(r"(?i)\bn\.?\s?[°º]|№")  # `N° de commande`, `Nº pedido`
_NESTED = re.compile(r"\w\.\w")  # a dotted path; `MwSt.-Betrag` is none
_WRAPPERS = frozenset(("amount", "value", "money", "shopmoney"))  # fields of an object that its own name explains
_IN_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")  # `Email (Billing)`, `Grand Total (Purchased)`


@dataclass(frozen=True)
class Question:
    """A kind of survey question that its name gives away.

    Attributes:
        construct: What it measures.
        words: Words in the name of its column, in compared form.
        scales: The usual scales, the most frequent one first. NPS has one only.
    """

    construct: str
    words: tuple[str, ...]
    scales: tuple[tuple[int, int], ...]


QUESTIONS = (
    Question(
        "nps",
        (
            *("nps", "netpromoter", "recommend", "weiterempfehl", "recommand", "recomend", "raccomand", "consigliere"),
            *("aanbevel", "推荐", "お勧め", "おすすめ", "推奨"),
        ),
        ((0, 10),),
    ),
    Question("ces", ("ces", "effort", "aufwand", "esfuerzo", "sforzo", "费力", "省力"), ((1, 7), (1, 5))),
    Question(
        "csat",
        ("csat", "satisf", "zufrieden", "soddisf", "tevreden", "满意", "満足"),
        ((1, 5), (1, 7), (1, 10)),
    ),
    Question(
        "review",
        ("review", "rating", "stars", "sterne", "etoiles", "estrellas", "stelle", "sterren", "评分", "星级", "評価"),
        ((1, 5), (1, 10)),
    ),
)


def question_of(name: str) -> Question | None:
    """The kind of question that a column's name gives away; None if it says none."""
    form = compared(name)
    return next((one for one in QUESTIONS if any(compared(word) in form for word in one.words)), None)


def is_question(name: str) -> bool:
    """Whether a column's name is a sentence that asks something."""
    return name.rstrip().endswith(("?", "？")) or "?" in name[8:]


@dataclass(frozen=True)
class EntityNames:
    """How systems call one entity and its columns. All names are compared forms (`compared`).

    Attributes:
        files: Words in names of files.
        words: Words that may stand before the name of a column.
        own: Columns of which a file of this entity has at least one.
        columns: Per canonical column its names, the preferred one first.
    """

    files: tuple[str, ...]
    words: tuple[str, ...]
    own: frozenset[str]
    columns: Mapping[str, tuple[str, ...]]

    def rank(self, column: str, name: str) -> int | None:
        """How well a source column's name fits a canonical column: 0 is best; None if it does not fit.

        Args:
            column: The canonical column.
            name: The source column's name; of a nested field its dotted path.
        """
        known = self.columns[column]
        whole = _numbered(compared(name))
        forms = [whole, *(whole.removesuffix(end) for end in _ENDINGS if whole.endswith(end))]
        forms += [form.removeprefix(word) for form in tuple(forms) for word in self.words if form.startswith(word)]
        if _NESTED.search(name):
            forms.append(self._inner(name))
        others = (without_unit(name)[0], without_cents(name), name.replace("#", " number"))
        forms += [_numbered(compared(plain)) for plain in others if plain and plain != name]
        if (plain := _IN_BRACKETS.sub("", name)) != name:
            form = _numbered(compared(plain))
            forms += [form.removeprefix(word) for word in ("", *self.words)]
        ranks = [known.index(form) + cost for cost, form in enumerate(forms) if form in known]
        return min(ranks) if ranks else None

    def _inner(self, name: str) -> str:
        """The form of the part of a dotted path that says what it is: `price` of `price.amount`, else the last part."""
        parts = [_numbered(compared(part)) for part in name.split(".")]
        meaning = [part for part in parts if part not in _WRAPPERS]
        is_known = meaning and any(meaning[-1] in names for names in self.columns.values())
        return meaning[-1] if is_known and parts[-1] in _WRAPPERS else parts[-1]


def compared(name: str) -> str:
    """The form in which names are compared: lower case, without accents and separators."""
    return "".join(sign for sign in status_word(_NUMBER_SIGNS.sub("no", name)) if sign.isalnum())


@cache
def entity_names() -> dict[str, EntityNames]:
    """The names per entity, as names.yml lists them."""
    declared = cast(dict[str, dict[str, object]], read_yaml(_NAMES.read_text(encoding="utf-8")).data)
    return {entity: _entity(one) for entity, one in declared.items()}


def drafted_entities() -> tuple[str, ...]:
    """The entities that can be drafted."""
    return tuple(entity_names())


def _entity(declared: Mapping[str, object]) -> EntityNames:
    columns = cast(dict[str, list[str]], declared["columns"])
    return EntityNames(
        files=_compared(declared["files"]),
        words=tuple(sorted(_compared(declared["words"]), key=len, reverse=True)),
        own=frozenset(cast(list[str], declared["own"])),
        columns={column: _spellings(column, names) for column, names in columns.items()},
    )


def _spellings(column: str, names: list[str]) -> tuple[str, ...]:
    """The names of a column in compared form. A reference also has its canonical name, which our docs tell users."""
    own = [column] if column.endswith("_ref") else []
    return tuple(dict.fromkeys(map(_numbered, _compared([*names, *own]))))


def _numbered(form: str) -> str:
    """A compared form with one ending for all words and abbreviations of `number`."""
    return _NUMBERS.sub("no", form)


def _compared(names: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(compared(str(name)) for name in cast(list[object], names)))
