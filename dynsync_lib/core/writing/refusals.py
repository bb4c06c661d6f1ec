"""Why a target refuses what would be written to it: step 7 of docs/semantics.md section 5.

Facts
    * The first reason of REFUSALS that applies counts; it makes the record fail that the value comes from.
    * For a create every mapped value that may flow and is not blank counts as written.
    * `invalid_value` says whether one bad value fails the record, or only the field is skipped (Q17).
    * With `hs_write_rules = on` a new HubSpot record needs the properties that the settings name (F9); with
      `datetime_into_date = fail` a column of dates refuses a value with a time (F24).
    * Business-required columns fail a create only with `app_required = fail`; owners, lookups and
      yes/no columns Dynamics fills by itself (5.18, 9.6).

Not modelled
    * Plug-ins, workflows, alternate keys and field security (rule record.server-logic); default values of choices.

Source: rules record.privilege, record.inactive-readonly, contact.no-identity, contact.invalid-email,
contact.email-conflict, record.duplicate-rules, field.required, field.required-in-hubspot, field.too-long, field.range,
field.date-only, field.whole-number, field.option-unpaired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.fields.verdicts import is_unwritable, kind_of
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import PERSONS, Object, Reason, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.writing.email_syntax import is_valid_address
from dynsync_lib.core.writing.field_values import address_key, column_of, columns_of, new_value, value_of, with_trimmed

REFUSALS: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.PRIVILEGE, "record.privilege"),
    (Reason.INACTIVE_READONLY, "record.inactive-readonly"),
    (Reason.NO_IDENTITY, "contact.no-identity"),
    (Reason.INVALID_EMAIL, "contact.invalid-email"),
    (Reason.EMAIL_CONFLICT, "contact.email-conflict"),
    (Reason.EMAIL_CONFLICT, "record.duplicate-rules"),
    (Reason.REQUIRED, "field.required"),
    (Reason.REQUIRED, "field.required-in-hubspot"),
    (Reason.TOO_LONG, "field.too-long"),
    (Reason.RANGE, "field.range"),
    (Reason.RANGE, "field.date-only"),
    (Reason.RANGE, "field.whole-number"),
    (Reason.OPTION, "field.option-unpaired"),
)
"""Why a target refuses, in the order in which the first one counts; the place is the `refusal` number."""
NUMBER_OF: Final[Mapping[str, int]] = {rule_id: number for number, (_, rule_id) in enumerate(REFUSALS)}
IDENTITY: Final = ("email", "firstname", "lastname")
"""HubSpot wants one of them for a new contact (3.14)."""
EARLIEST, LATEST = "1753-01-01T00:00:00", "9999-12-30T23:59:59"
"""The first and the last moment that Dynamics can hold (9.10)."""
_FILLED_BY_STAGES: Final = ("dealstage", "pipeline")
"""Properties of a new deal that the paired stages fill."""
_DATE_LENGTH: Final = 10
"""As many characters has a date; what is longer has a time."""
_FILLED_BY_DYNAMICS: Final = ("yes_no", "lookup", "owner")
"""Kinds of column that a new record never leaves empty."""

Test: TypeAlias = "tuple[int, nw.Expr]"
"""A refusal number and whether it applies."""


def refusals_of_creates(job: Job, system: System, mappings: Sequence[JudgedMapping]) -> Frame:
    """id, refusal (index in REFUSALS) of those records of `system` whose creation the other side would refuse.

    What a record shows alone; addresses that are taken are found by `core.writing.taken_emails`. For leads HubSpot's
    records are its contacts.
    """
    refused = refusals_under(job, system, {"refusal": (job, mappings)})
    return refused.filter(~nw.col("refusal").is_null())


def refusals_under(job: Job, system: System, choices: Mapping[str, tuple[Job, Sequence[JudgedMapping]]]) -> Frame:
    """id of every record of `system`, and for each name its refusal by that job and its mappings; null: none.

    The jobs are of the same object and differ in assumptions only.
    """
    target = system.other
    flowing = {name: _with_a_say(*choice, target) for name, choice in choices.items()}
    once = {tuple(judged.columns.values()): judged for group in flowing.values() for judged in reversed(group)}
    asked = list(once.values())
    keys = [column.name for column in job.table(system).keys if column.name in ("email_key", "email_valid")]
    names = dict.fromkeys([*columns_of(asked, system), *keys])
    chosen = [nw.col(name).alias(column_of(system, name)) for name in names]
    wide = with_trimmed(job.situation, job.records(system).select("id", *chosen), asked, [system])
    if len(choices) == 1:
        [(name, (other, _))] = choices.items()
        return wide.select("id", **{name: first_refusal(_create_tests(other, target, flowing[name]))})
    columns = _ValueColumns(target)
    by_value = {name: columns.names(other, flowing[name]) for name, (other, _) in choices.items()}
    by_record = {
        name: first_refusal(_record_tests(other, target, flowing[name])) for name, (other, _) in choices.items()
    }
    refusals = {
        name: nw.min_horizontal(number, *by_value[name]).cast(nw.Int64) if by_value[name] else number
        for name, number in by_record.items()
    }
    wide = wide.with_columns(**columns.refusals) if columns.refusals else wide
    return wide.select("id", **refusals)


class _ValueColumns:
    """The refusals of single values, a column each: what several choices test alike is tested once."""

    def __init__(self, target: System) -> None:
        self._target = target
        self._names: list[tuple[_ValueQuestion, str]] = []
        self.refusals: dict[str, nw.Expr] = {}

    def names(self, job: Job, flowing: Sequence[JudgedMapping]) -> list[str]:
        """The columns of the values that may be refused."""
        names = (self._name(job, judged) for judged in flowing)
        return [name for name in names if name in self.refusals]

    def _name(self, job: Job, judged: JudgedMapping) -> str:
        question = _question_about_value(job, judged)
        known = next((name for other, name in self._names if other == question), None)
        if known is not None:
            return known
        name = f"refused {len(self._names)}"
        self._names.append((question, name))
        tests = list(_value_tests(job, self._target, judged))
        if tests:
            self.refusals[name] = first_refusal(tests)
        return name


def what_refuses_creates(
    job: Job, system: System, mappings: Sequence[JudgedMapping]
) -> tuple[list[JudgedMapping], tuple[str, ...], str | None]:
    """What `refusals_of_creates` depends on: where it is the same, so are the refusals."""
    target = system.other
    flowing = _with_a_say(job, mappings, target)
    asked = (*_levels(job.situation), *_required_in_hubspot(job), job.chosen("datetime_into_date"))
    is_choice_asked = target is System.DYNAMICS or any(judged.pairs_options() for judged in flowing)
    return flowing, asked, job.chosen("invalid_value") if is_choice_asked else None


def _with_a_say(job: Job, mappings: Sequence[JudgedMapping], target: System) -> list[JudgedMapping]:
    """Mappings that can make the target refuse a create: limited or required columns, identity, unpaired options."""
    required = frozenset(_required_in_hubspot(job))
    if target is System.DYNAMICS:
        required = frozenset(column.name for column in required_by_settings(job))
    return [
        judged for judged in mappings if judged.writes_to(target) and _matters(job, judged, target, required=required)
    ]


def first_refusal(tests: Iterable[Test]) -> nw.Expr:
    """The lowest number whose test is true, null when none is."""
    of_number: dict[int, list[nw.Expr]] = {}
    for number, test in sorted(tests, key=lambda test: test[0]):
        of_number.setdefault(number, []).append(test)
    numbers = [nw.when(_any_of(same)).then(nw.lit(number)) for number, same in of_number.items()]
    return nw.coalesce(*numbers, nw.lit(None, dtype=nw.Int64)).cast(nw.Int64)


def _any_of(tests: Sequence[nw.Expr]) -> nw.Expr:
    """Whether one of the tests is true."""
    return tests[0] if len(tests) == 1 else nw.any_horizontal(*tests, ignore_nulls=False)


def refusals_of_write(job: Job, judged: JudgedMapping, *, target: System, fresh: nw.Expr) -> Iterator[Test]:
    """Why the target may refuse a value that would land in a record that is there."""
    if target is System.DYNAMICS:
        yield from limit_tests(judged, fresh)
        yield from _time_tests(job, judged)
    elif is_persons_email(job.object, judged):
        yield NUMBER_OF["contact.invalid-email"], is_invalid_address(job.situation, judged, fresh)


def limit_tests(judged: JudgedMapping, value: nw.Expr) -> Iterator[Test]:
    """Which limits of a Dynamics column a value may break."""
    field = judged.fields[System.DYNAMICS]
    kind = judged.kinds[System.DYNAMICS]
    if field is None:
        return
    if kind == "text" and field.length is not None:
        yield NUMBER_OF["field.too-long"], value.str.len_chars() > field.length
    if kind == "number":
        for limit, sign in ((field.min_value, -1), (field.max_value, 1)):
            if limit is not None:
                yield NUMBER_OF["field.range"], typed_values.number(value) * sign > limit * sign
    if judged.fraction == "fail":
        yield NUMBER_OF["field.whole-number"], typed_values.has_fraction(value)
    if kind in ("date", "datetime"):
        moment = typed_values.moment(value)
        yield NUMBER_OF["field.range"], (moment < EARLIEST) | (moment > LATEST)


def refuses_times(job: Job, judged: JudgedMapping) -> bool:
    """Whether a column of dates refuses the time of HubSpot's dates and times. Source: rule field.date-only."""
    is_shortened = judged.kinds[System.DYNAMICS] == "date" and judged.kinds[System.HUBSPOT] == "datetime"
    return is_shortened and job.chosen("datetime_into_date") == "fail"


def _time_tests(job: Job, judged: JudgedMapping) -> Iterator[Test]:
    if refuses_times(job, judged):
        yield NUMBER_OF["field.date-only"], value_of(System.HUBSPOT, judged).str.len_chars() > _DATE_LENGTH


def is_persons_email(object_: Object, judged: JudgedMapping) -> bool:
    """Whether the mapping is about the e-mail address of a HubSpot contact."""
    return object_ in PERSONS and judged.mapping.hubspot == "email"


def is_invalid_address(situation: Situation, judged: JudgedMapping, address: nw.Expr) -> nw.Expr:
    """Whether HubSpot refuses the address that would be written (9.13)."""
    if address_key(judged.fields[System.DYNAMICS]) is not None:
        return ~nw.col(column_of(System.DYNAMICS, "email_valid"))
    return ~is_valid_address(address, situation.rulebook.top_level_domains)


def required_columns(job: Job, *levels: str) -> list[Field]:
    """The Dynamics columns that a new record must fill, at the given requirement levels (9.5)."""
    return required_fields(job.situation.catalogue, job.situation.rulebook, job.object, levels)


def required_by_settings(job: Job) -> list[Field]:
    """The Dynamics columns that a new record must fill, by the choice of `app_required` (9.5, 9.6)."""
    return required_columns(job, *_levels(job.situation))


def required_fields(catalogue: Catalogue, rulebook: Rulebook, object_: Object, levels: Collection[str]) -> list[Field]:
    """The columns of a table that a new row must fill, at the given requirement levels, by name (9.5)."""
    names = catalogue.names(System.DYNAMICS, object_)
    fields = (catalogue.find(System.DYNAMICS, object_, name) for name in names)
    return [
        field for field in fields if field is not None and field.required in levels and _must_be_given(rulebook, field)
    ]


def _must_be_given(rulebook: Rulebook, column: Field) -> bool:
    kind = kind_of(column, rulebook)
    return not is_unwritable(column) and kind is not None and kind not in _FILLED_BY_DYNAMICS


def _always() -> nw.Expr:
    """True of every new record; a plain literal would have no length of its own."""
    return ~nw.col("id").is_null()


def missing_required(job: Job, columns: Iterable[Field], flowing: Iterable[JudgedMapping]) -> nw.Expr | None:
    """Whether a required column of a new record (with its `id`) would stay empty; None when there are none."""
    written = {judged.name_of(System.DYNAMICS): judged for judged in flowing}
    blank = [_given(job, written[column.name]).is_null() if column.name in written else _always() for column in columns]
    return nw.any_horizontal(*blank, ignore_nulls=False) if blank else None


def _required_in_hubspot(job: Job) -> tuple[str, ...]:
    """The properties that HubSpot requires of a new record and that only mappings fill (docs/semantics.md step 7b)."""
    if job.chosen("hs_write_rules") != "on":
        return ()
    filled: tuple[str, ...] = _FILLED_BY_STAGES if job.object is Object.DEAL else ()
    if job.is_about_persons and job.sync.default_lifecycle_stage:
        filled = ("lifecyclestage",)
    return tuple(name for name in job.sync.required_properties if name not in filled)


def _missing_in_hubspot(job: Job, flowing: Iterable[JudgedMapping]) -> nw.Expr | None:
    """Whether a required property of a new HubSpot record would stay empty; None when none is required."""
    written = {judged.name_of(System.HUBSPOT): new_value(judged, System.HUBSPOT) for judged in flowing}
    blank = []
    for name in _required_in_hubspot(job):
        is_blank = written[name].is_null() if name in written else _always()
        if name == "email" and job.is_about_persons:
            is_blank = is_blank & nw.col(column_of(System.DYNAMICS, "email_key")).is_null()
        blank.append(is_blank)
    return nw.any_horizontal(*blank, ignore_nulls=False) if blank else None


def _given(job: Job, judged: JudgedMapping) -> nw.Expr:
    """What a new Dynamics record gets of a mapping; null when the field is skipped as invalid."""
    value = new_value(judged, System.DYNAMICS)
    if job.chosen("invalid_value") != "skip_field":
        return value
    for _, test in refusals_of_write(job, judged, target=System.DYNAMICS, fresh=value):
        value = nw.when(~test.fill_null(value=False)).then(value)
    return value


def _matters(job: Job, judged: JudgedMapping, target: System, *, required: Collection[str]) -> bool:
    """Whether a mapping can have a say in a refusal."""
    if job.chosen("invalid_value") == "fail_options" and judged.pairs_options():
        return True
    if target is System.HUBSPOT:
        return judged.mapping.hubspot in required or (job.is_about_persons and judged.mapping.hubspot in IDENTITY)
    is_limited = any(True for _ in refusals_of_write(job, judged, target=target, fresh=nw.lit("")))
    return is_limited or judged.name_of(System.DYNAMICS) in required


def _levels(situation: Situation) -> tuple[str, ...]:
    return requirement_levels(situation.chosen("app_required"))


def requirement_levels(app_required: str) -> tuple[str, ...]:
    """The levels at which an empty column makes a create fail, by the choice of `app_required` (9.5, 9.6)."""
    return ("SystemRequired", "ApplicationRequired") if app_required == "fail" else ("SystemRequired",)


def _create_tests(job: Job, target: System, flowing: Sequence[JudgedMapping]) -> Iterator[Test]:
    """Why the target may refuse to create a record."""
    yield from _record_tests(job, target, flowing)
    for judged in flowing:
        yield from _value_tests(job, target, judged)


_ValueQuestion = tuple[JudgedMapping, bool, bool, bool]


def _question_about_value(job: Job, judged: JudgedMapping) -> _ValueQuestion:
    """What `_value_tests` depends on: where it is the same, so are the tests."""
    invalid_value = job.chosen("invalid_value")
    fails_unpaired = invalid_value == "fail_options" and judged.pairs_options()
    return judged, refuses_times(job, judged), invalid_value == "skip_field", fails_unpaired


def _value_tests(job: Job, target: System, judged: JudgedMapping) -> Iterator[Test]:
    """Why the target may refuse a new record for the value of one mapping."""
    fresh = new_value(judged, target)
    if target is System.HUBSPOT or job.chosen("invalid_value") != "skip_field":
        yield from refusals_of_write(job, judged, target=target, fresh=fresh)
    if job.chosen("invalid_value") == "fail_options" and judged.pairs_options():
        is_filled = ~value_of(target.other, judged).is_null()
        yield NUMBER_OF["field.option-unpaired"], is_filled & fresh.is_null()


def _record_tests(job: Job, target: System, flowing: Sequence[JudgedMapping]) -> Iterator[Test]:
    """Why the target may refuse a new record as a whole."""
    if target is System.HUBSPOT:
        missing = _missing_in_hubspot(job, flowing)
        if missing is not None:
            yield NUMBER_OF["field.required-in-hubspot"], missing
        yield from _contact_tests(job, flowing)
        return
    if not job.sync.sync_user_may_write:
        yield NUMBER_OF["record.privilege"], _always()
    missing = missing_required(job, required_by_settings(job), flowing)
    if missing is not None:
        yield NUMBER_OF["field.required"], missing


def _contact_tests(job: Job, flowing: Sequence[JudgedMapping]) -> Iterator[Test]:
    """Why HubSpot may refuse a new contact for what only contacts have."""
    if not job.is_about_persons:
        return
    nameless = [new_value(judged, System.HUBSPOT).is_null() for judged in flowing if judged.mapping.hubspot in IDENTITY]
    unaddressed = nw.col(column_of(System.DYNAMICS, "email_key")).is_null()
    yield NUMBER_OF["contact.no-identity"], nw.all_horizontal(unaddressed, *nameless, ignore_nulls=False)
    yield NUMBER_OF["contact.invalid-email"], ~nw.col(column_of(System.DYNAMICS, "email_valid"))
