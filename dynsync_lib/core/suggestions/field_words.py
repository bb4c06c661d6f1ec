"""What one field says of itself, read once: its words, what tells it from look-alikes, and its options.

Source: rules/field_words.toml, rules/field_meanings.toml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object
from dynsync_lib.core.suggestions.meanings import Meanings
from dynsync_lib.core.suggestions.vocabulary import Vocabulary
from dynsync_lib.core.suggestions.wording import NEGATED, WordReader

Reading = frozenset[str]
ENOUGH: Final = 0.6
"""What weighs less says hardly anything: `type`, `name`, `date`."""
_TIMES: Final = ("date", "datetime")
_NO: Final = {"yes_no": NEGATED, "number": "count"}
"""What `no` before another word means, by the kind of the field: no phone calls, no. of staff, no. of an order."""


@dataclass(frozen=True, slots=True)
class FieldWords:
    """One field with its kind (of rules/field_types.toml) and its words.

    `meaning` is a standard field's, None for others. `readings` are different texts for the same thing: meaning or
    name, and label. `said` are all concepts of them together. `options` are the labels of the options, as concepts.
    """

    field: Field
    kind: str
    meaning: str | None
    readings: tuple[Reading, ...]
    said: Reading
    options: frozenset[Reading]


def read_field(field: Field, kind: str, object_: Object, reader: WordReader, meanings: Meanings) -> FieldWords:
    """The words of a field of a mapping of `object_`, without what every field of that object says."""
    meaning = meanings.of(field)
    vocabulary = reader.vocabulary
    own = vocabulary.own[object_]
    no = _NO.get(kind, "number")
    name = reader.read_name(field, no=no) if meaning is None else reader.read(meaning)
    bound = reader.bound_of(field.label) if kind in _TIMES else frozenset[str]()
    read = [_without(text | bound, own, vocabulary) for text in (name, reader.read(field.label, no=no))]
    readings = tuple(dict.fromkeys(reading for reading in read if reading))
    options = frozenset(filter(None, (reader.read(option.label) for option in field.options)))
    said = frozenset[str]().union(*readings)
    return FieldWords(field, kind, meaning, readings, said, options)


def _without(reading: Reading, own: frozenset[str], vocabulary: Vocabulary) -> Reading:
    """The reading without what every field of the object says, unless little is left then."""
    rest = reading - own
    return rest if vocabulary.weight(rest) >= ENOUGH else reading
