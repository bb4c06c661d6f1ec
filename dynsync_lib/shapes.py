"""What a value out of a JSON file must be made of, and where one is made of something else.

A shape is a type, which the value must have; a tuple of shapes, of which some must fit; `[shape]`, a list of such
values; a frozen set, the texts of which the value must be one; a dictionary, the shapes of entries by name, which need
not be there when the name ends with `?` (other entries may be anything); or a `Named`, a dictionary of names that are
not fixed, with values of one shape.

Where it is used: `snapshot`, `forecasts`, `emulator.world`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Shape = Any
TEXT_OR_NULL: Final = (str, type(None))
_WORDS: Final[Mapping[type, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
    dict: "an object",
    list: "a list",
}


@dataclass(frozen=True, slots=True)
class Named:
    """The shape of a dictionary all of whose values have one shape. Its names are among `names`; None: any."""

    of: Shape
    names: frozenset[str] | None = None


def misshapen(value: object, shape: Shape, where: str = "") -> str | None:
    """What is wrong with the first part that is not of its shape, such as `tables.x.rows is no whole number`; None
    when all fits.
    """
    if isinstance(shape, Named):
        if not isinstance(value, dict):
            return _not(where, dict)
        unknown = None if shape.names is None else next((name for name in value if name not in shape.names), None)
        if unknown is not None:
            return f"{_place(where)} has `{unknown}`, which is not known"
        return _first(misshapen(held, shape.of, f"{where}.{name}") for name, held in value.items())
    if isinstance(shape, list):
        if not isinstance(value, list):
            return _not(where, list)
        return _first(misshapen(held, shape[0], f"{where}[{number}]") for number, held in enumerate(value))
    if isinstance(shape, dict):
        return _misshapen_object(value, shape, where)
    if isinstance(shape, frozenset):
        fits = isinstance(value, str) and value in shape
        return None if fits else f"{_place(where)} is none of {', '.join(sorted(shape))}"
    if isinstance(shape, tuple):
        fits = any(misshapen(value, other, where) is None for other in shape)
        return None if fits else _not(where, *map(_kind_of, shape))
    is_flag = isinstance(value, bool) and shape is not bool
    return _not(where, shape) if is_flag or not isinstance(value, shape) else None


def _misshapen_object(value: object, shape: Mapping[str, Shape], where: str) -> str | None:
    if not isinstance(value, dict):
        return _not(where, dict)
    for name, of in shape.items():
        plain = name.removesuffix("?")
        if plain in value:
            fault = misshapen(value[plain], of, f"{where}.{plain}")
            if fault is not None:
                return fault
        elif plain == name:
            return f"{_place(where)} has no `{name}`"
    return None


def _kind_of(shape: Shape) -> type:
    if isinstance(shape, dict | Named):
        return dict
    return list if isinstance(shape, list) else type(shape) if not isinstance(shape, type) else shape


def _first(faults: Iterable[str | None]) -> str | None:
    return next((fault for fault in faults if fault is not None), None)


def _not(where: str, *kinds: type) -> str:
    return f"{_place(where)} is not {' or '.join(_WORDS.get(kind, kind.__name__) for kind in kinds)}"


def _place(where: str) -> str:
    return f"`{where.removeprefix('.')}`" if where else "it"
