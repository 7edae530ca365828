"""Kinds of import: apps declare columns, checks and how good rows are written, in their `imports.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prm.modules.registry import runs
from prm.ui import said
from prm.values.errors import DomainError

if TYPE_CHECKING:
    from prm.spreadsheets.staging import Staged
    from prm.values.actor import Actor


class BadValue(ValueError):
    """A cell that cannot be read: `code` names the reason (see prm.spreadsheets.reasons)."""

    def __init__(self, code: str, **values: Any):
        self.code, self.values = code, values
        super().__init__(code)


class RowRefused(Exception):
    """A rule refused one row while it was written; nothing of the file stays."""

    def __init__(self, number: int, *, field: str, code: str = "refused", **values: Any):
        self.number, self.field, self.code, self.values = number, field, code, values
        # Others of the same file, where a kind goes on to tell of all.
        self.further: list[RowRefused] = []
        super().__init__(code)

    @classmethod
    def by(cls, error: DomainError, number: int, *, field: str | None = None) -> RowRefused:
        """The row broke a rule, which says why in the words of whoever reads it."""
        place = (error.field or "") if field is None else field
        return cls(number, field=place, text=said.of_error(error))


@dataclass(frozen=True)
class Reading:
    """A parser whose values people read in another spelling than the one that is kept: 120000.000 as 120,000."""

    parse: Callable[[str], str]
    shown: Callable[[str], str]

    def __call__(self, cell: str) -> str:
        return self.parse(cell)


@dataclass(frozen=True)
class Column:
    """One column of a kind. `parse` turns a cell's text into its one spelling (text), or raises BadValue."""

    name: str
    label: Any
    parse: Callable[[str], str]
    required: bool = False
    # Other headings under which the column is found, in any case; the name and both languages' labels are known.
    also: tuple[str, ...] = ()
    example: str = ""
    help: Any = ""

    def shown(self, value: str) -> str:
        """A value that was parsed, as it is shown elsewhere."""
        return self.parse.shown(value) if value and isinstance(self.parse, Reading) else value


class ImportKind:
    """Subclass this in the app's `imports.py` and decorate it with `@import_kind`."""

    name: str = ""
    title: Any = ""
    # Who may import it.
    verb: str = ""
    # Partners' people may, too, where they have the verb: then `compare` takes rows of their own company only.
    for_partners: bool = False
    # Two people stand for such a file: who brought it in, or said what it means, does not import it as well.
    two_people: bool = False
    # The column that names a row, once in a file; where several partners' rows may share it, beside further columns.
    key: str = ""
    key_within: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    # Chinese headings of files that people have already, by column, separated by spaces.
    chinese: Mapping[str, str] = {}
    # The target of prm.customfields whose rows it writes; the tenant's own fields are columns too.
    target: str = ""
    # Columns of the preview.
    shown: tuple[str, ...] = ()

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        """What is wrong between the fields of one row whose cells could all be read: (field, code, values)."""
        return ()

    def prepare(self, staged: Staged, *, by: Actor) -> None:
        """Fill, set-based, what rows may leave out, before anything is compared."""

    def compare(self, staged: Staged, *, by: Actor) -> None:
        """Find, set-based, rows that do not fit what is on file (`staged.complain`) or are there (`staged.same`)."""

    def facts(self, staged: Staged) -> list[dict[str, Any]]:
        """What the good rows amount to, for the preview: [{"code", "values"}], told by `fact_text`.

        A fact with `"warns": True` stands out: nothing is refused, but people look before they import.
        """
        return []

    def fact_text(self, code: str, values: dict[str, Any]) -> str:
        return ""

    def write(self, staged: Staged, *, by: Actor) -> int:
        """Write the good rows, all of them, in the caller's transaction. Returns how many. May raise RowRefused."""
        raise TypeError(f"{type(self).__name__} does not say how rows are written")

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The kind's own columns, then those of the tenant's own fields."""
        from prm.spreadsheets.own import columns_of

        return (*self.columns, *columns_of(self.target)) if self.target else self.columns

    def column(self, name: str) -> Column:
        return {column.name: column for column in self.columns}[name]


@dataclass
class _Registry:
    kinds: dict[str, ImportKind] = field(default_factory=dict)


_registry = _Registry()


def import_kind(cls: type[ImportKind]) -> type[ImportKind]:
    """Register a kind under its name, as used in addresses and by `import_data`."""
    _registry.kinds[cls.name] = cls()
    return cls


def kind_of(name: str) -> ImportKind:
    """The kind, also of a module that is off; KeyError when nobody registered it."""
    return _registry.kinds[name]


def kinds() -> list[ImportKind]:
    """What can be imported in the current tenant: nothing of a module that is off."""
    on = (kind for kind in _registry.kinds.values() if runs(type(kind)))
    return sorted(on, key=lambda kind: kind.name)
