"""The text of `dynsync.toml` into checked settings: all faults at once, with line and nearest right spelling.

Facts
    * `[sync.x]` without `enabled` is on; an object without a section is off.
    * Own mappings replace default mappings that use the same HubSpot or the same Dynamics field (5.4).
    * A choice the kit knows and cannot decide by yet is refused, so that no figure is wrong by silence.

    * Leads on HubSpot's side are contacts, and so are their fields (1.7).
    * Contacts and leads, both on, share HubSpot's contacts out by lifecycle stage, so no stage may be in both (4.6).

Source: design of `dynsync.toml`; rules field.direction, record.filter, record.matching-mode, lead.lifecycle-route,
portal.custom-mapping-plan.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, cast

from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.filter_tree import Filter
from dynsync_lib.core.filters.expressions import check_filter
from dynsync_lib.core.model import Direction, Object, System, nearest
from dynsync_lib.core.questions import SECTION
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import (
    LIFECYCLE_STAGES,
    DynamicsSettings,
    FieldMapping,
    FileSettings,
    HubSpotSettings,
    HubSpotTestSettings,
    MatchMode,
    ObjectSync,
    PrivacySettings,
    RehearsalSettings,
    ReportSettings,
    Settings,
)
from dynsync_lib.core.settings_file.known_keys import (
    MAPPING_KEYS,
    MATCH_MODES,
    OWN_KEYS,
    SECTIONS,
    SYNC_KEYS,
)
from dynsync_lib.core.settings_file.option_names import read_own_options
from dynsync_lib.core.settings_file.section_reader import SectionReader
from dynsync_lib.core.settings_file.toml_lines import TomlLines
from dynsync_lib.core.settings_file.toml_text import read_toml
from dynsync_lib.errors import SettingsError

_FILTERS: Final = ("marketing_criterion",)
"""Keys of the portals' sections that are filters, and read as such."""
_LISTS: Final = {System.HUBSPOT: "properties.csv", System.DYNAMICS: "columns.csv"}
"""The files that list a side's fields."""
_NOTHING_REQUIRED: Final = (
    "`hs_write_rules = on` refuses nothing: no object names `required_properties`, and no API tells which they are."
)


def parse_settings(
    text: str,
    *,
    file: str,
    rulebook: Rulebook,
    catalogue: Catalogue | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of one engagement.

    `file` is named in faults; `overrides` are assumptions set on the command line, which win. Without a catalogue field
    names and filter values are not checked. Raises SettingsError with every fault, in file order.
    """
    try:
        document = read_toml(text)
    except ValueError as fault:
        raise SettingsError([f"{file} is no TOML: {fault}."]) from fault
    return _checked(_Reader(TomlLines(text), file, rulebook, catalogue), document, overrides or {})


def read_document(
    document: Mapping[str, Any],
    *,
    file: str,
    rulebook: Rulebook,
    catalogue: Catalogue | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Settings:
    """As `parse_settings`, of what was read before (`Settings.document`); the faults are all in line 1."""
    return _checked(_Reader(TomlLines(""), file, rulebook, catalogue), document, overrides or {})


def _checked(reader: _Reader, document: Mapping[str, Any], overrides: Mapping[str, str]) -> Settings:
    settings = reader.settings(document, overrides)
    if reader.faults:
        faults = [sentence for _, sentence in sorted(reader.faults, key=lambda fault: fault[0])]
        raise SettingsError(faults, next_step=_list_them(reader.unlisted))
    digest, notes = _digest(document, overrides), tuple(reader.notes)
    return dataclasses.replace(settings, digest=digest, notes=notes, document=document)


def _list_them(unlisted: Collection[System]) -> str:
    """The next step where sides delivered no list of their fields; empty when all did."""
    files = [f"{_LISTS[system]} of {system.label}" for system in System if system in unlisted]
    if not files:
        return ""
    return f"Load {' and '.join(files)}, too, or pull the portals; correct in the settings file what is misspelt."


def _digest(document: Mapping[str, Any], overrides: Mapping[str, str]) -> str:
    plain = json.dumps([document, dict(overrides)], sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


class _Reader(SectionReader):
    """Walks the document and collects faults and notes."""

    def __init__(self, lines: TomlLines, file: str, rulebook: Rulebook, catalogue: Catalogue | None) -> None:
        super().__init__(lines, file)
        self.rulebook, self.catalogue = rulebook, catalogue
        self.notes: list[str] = []
        self.unlisted: set[System] = set()

    def settings(self, document: Mapping[str, Any], overrides: Mapping[str, str]) -> Settings:
        self._refuse_unknown(document, SECTIONS, ())
        sync = self._table(document, "sync", ())
        self._refuse_unknown(sync, [object_.value for object_ in Object], ("sync",))
        portal = self._table(document, "hubspot", ())
        criterion = self._filter(portal, ("hubspot", "marketing_criterion"), Object.CONTACT, System.HUBSPOT)
        objects = {object_: self._object(object_, sync) for object_ in Object}
        self._refuse_shared_stages(objects)
        assumptions = self._assumptions(self._table(document, "assumptions", ()), overrides)
        if assumptions["hs_write_rules"] == "on" and not any(wanted.required_properties for wanted in objects.values()):
            self.notes.append(_NOTHING_REQUIRED)
        return Settings(
            hubspot=dataclasses.replace(
                self._section(HubSpotSettings, portal, "hubspot"), marketing_criterion=criterion
            ),
            dynamics=self._section(DynamicsSettings, self._table(document, "dynamics", ()), "dynamics"),
            sync=objects,
            assumptions=assumptions,
            digest="",
            answers=self._answers(self._table(document, SECTION, ())),
            files=self._files(self._table(document, "files", ())),
            rehearsal=self._rehearsal(self._table(document, "rehearsal", ())),
            report=self._section(ReportSettings, self._table(document, "report", ()), "report"),
            privacy=self._section(PrivacySettings, self._table(document, "privacy", ()), "privacy"),
        )

    def _answers(self, table: Mapping[str, Any]) -> dict[str, bool | int]:
        """What an administrator answered: yes or no where that is asked, else a number."""
        questions = {
            name: question for name, question in self.rulebook.questions.items() if question.section == SECTION
        }
        self._refuse_unknown(table, questions, (SECTION,))
        known = {name: True if questions[name].type == "yes_no" else None for name in table if name in questions}
        return {name: table[name] for name, kind in known.items() if self._fits(table[name], kind, (SECTION, name))}

    def _files(self, table: Mapping[str, Any]) -> FileSettings:
        self._refuse_unknown(table, ("columns",), ("files",))
        return FileSettings(columns=self._texts(table, "columns", ("files",)))

    def _rehearsal(self, table: Mapping[str, Any]) -> RehearsalSettings:
        """The test portals; a section that is left out is None."""
        kinds = {"hubspot": HubSpotTestSettings, "dynamics": DynamicsSettings}
        self._refuse_unknown(table, kinds, ("rehearsal",))
        return RehearsalSettings(
            **{
                name: self._section(kind, self._table(table, name, ("rehearsal",)), "rehearsal", name)
                for name, kind in kinds.items()
                if name in table
            }
        )

    # --- [hubspot], [dynamics] -------------------------------------------------------------------------------

    def _section(self, kind: type[Any], table: Mapping[str, Any], *path: str) -> Any:
        defaults = kind()
        known = {field.name: getattr(defaults, field.name) for field in dataclasses.fields(kind)}
        self._refuse_unknown(table, known, path)
        wanted = {key: value for key, value in table.items() if key in known and key not in _FILTERS}
        fitting = {key: value for key, value in wanted.items() if self._fits(value, known[key], (*path, key))}
        return dataclasses.replace(defaults, **fitting)

    # --- [sync.<object>] -------------------------------------------------------------------------------------

    def _object(self, object_: Object, sync: Mapping[str, Any]) -> ObjectSync:
        path = ("sync", object_.value)
        direction = Direction.TO_HUBSPOT if object_ is Object.INVOICE else Direction.TWO_WAY
        stages = LIFECYCLE_STAGES.get(object_, ())
        if object_.value not in sync:
            mappings = self.rulebook.default_mappings.get(object_, ())
            return ObjectSync(direction=direction, mappings=mappings, lifecycle_stages=stages)
        table = self._table(sync, object_.value, ("sync",))
        self._refuse_unknown(table, (*SYNC_KEYS, *OWN_KEYS.get(object_, ())), path)
        match = self._match_field(table, object_, path)
        return ObjectSync(
            enabled=self._flag(table, "enabled", path),
            direction=Direction(self._choice(table, "direction", list(Direction), path, default=direction)),
            conflict_winner=System(self._choice(table, "conflict_winner", list(System), path, default=System.DYNAMICS)),
            filter_to_hubspot=self._filter(table, (*path, "filter_to_hubspot"), object_, System.DYNAMICS),
            filter_to_dynamics=self._filter(table, (*path, "filter_to_dynamics"), object_, System.HUBSPOT),
            default_mappings=self._flag(table, "default_mappings", path),
            mappings=self._mappings(table, object_),
            stages=self._pairs(table, "stages", path, ("dealstage", "statuscode"), object_=object_),
            match_mode=cast(MatchMode, self._choice(table, "match_mode", list(MATCH_MODES), path, default="default")),
            match_hubspot=match.get("hubspot"),
            match_dynamics=match.get("dynamics"),
            only_existing_in_target=self._flag(table, "only_existing_in_target", path, default=False),
            require_email=self._flag(table, "require_email", path),
            lifecycle_stages=self._stage_names(table, path) if "lifecycle_stages" in table else stages,
            default_lifecycle_stage=self._stage_name(table, path),
            sync_user_may_write=self._flag(table, "sync_user_may_write", path),
            required_properties=self._required(table, object_, path),
        )

    # --- what HubSpot requires (F9) --------------------------------------------------------------------------

    def _required(self, table: Mapping[str, Any], object_: Object, path: tuple[str, ...]) -> tuple[str, ...]:
        path = (*path, "required_properties")
        names = self._names(table, path, "properties")
        for name in names:
            self._refuse_unknown_field(name, System.HUBSPOT, object_, path)
        return tuple(dict.fromkeys(names))

    # --- keys of one's own (2.3) -----------------------------------------------------------------------------

    def _match_field(self, table: Mapping[str, Any], object_: Object, path: tuple[str, ...]) -> dict[str, str]:
        """The fields that `match_field` names; empty unless `match_mode` is `own_field`."""
        is_given, wanted = "match_field" in table, table.get("match_mode") == "own_field"
        if not wanted:
            if is_given:
                self._fault((*path, "match_field"), '`match_field` stands only beside `match_mode = "own_field"`.')
            return {}
        fields = self._texts(table, "match_field", path) if is_given else {}
        for system in System:
            if not fields.get(system.value):
                sentence = f"`match_mode = own_field` of {object_} names no `{system}` field in `match_field`."
                self._fault((*path, "match_field" if is_given else "match_mode"), sentence)
            else:
                self._refuse_unknown_field(fields[system.value], system, object_, (*path, "match_field"))
                self._refuse_reference(fields[system.value], system, object_, (*path, "match_field"))
        self._refuse_unknown(fields, [system.value for system in System], (*path, "match_field"))
        return fields

    # --- lifecycle stages (4.6, 5.15) ------------------------------------------------------------------------

    def _stage_names(self, table: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, ...]:
        path = (*path, "lifecycle_stages")
        names = self._names(table, path, "stages")
        for name in names:
            self._refuse_unknown_stage(name, path)
        return names

    def _stage_name(self, table: Mapping[str, Any], path: tuple[str, ...]) -> str:
        path = (*path, "default_lifecycle_stage")
        name = table.get("default_lifecycle_stage", "")
        if not self._fits(name, "", path):
            return ""
        if name:
            self._refuse_unknown_stage(name, path)
        return str(name)

    def _refuse_unknown_stage(self, name: str, path: tuple[str, ...]) -> None:
        if self.catalogue is None or self.catalogue.standard.get(System.HUBSPOT, False):
            return
        field = self.catalogue.find(System.HUBSPOT, Object.CONTACT, "lifecyclestage")
        known = [option.value for option in field.options] if field is not None else []
        if known and name not in known:
            self._fault(path, f"`{name}` is no option of `lifecyclestage`.{nearest(name, known)}")

    def _refuse_shared_stages(self, objects: Mapping[Object, ObjectSync]) -> None:
        contact, lead = objects[Object.CONTACT], objects[Object.LEAD]
        shared = [stage for stage in lead.lifecycle_stages if stage in contact.lifecycle_stages]
        if contact.enabled and lead.enabled and shared:
            path = ("sync", "lead", "lifecycle_stages")
            self._fault(path, f"A stage belongs to contacts or to leads, not to both: {', '.join(shared)}.")

    # --- filters and mappings --------------------------------------------------------------------------------

    def _filter(
        self, table: Mapping[str, Any], path: tuple[str, ...], object_: Object, system: System
    ) -> Filter | None:
        """The filter that the last key of the path names, read; None when there is none, or it is at fault."""
        text = table.get(path[-1], "")
        if not isinstance(text, str):
            self._fault(path, f"`{path[-1]}` is {text!r}; it must be text in quotes.")
            return None
        filter_, faults = check_filter(
            text, system=system, object_=object_, catalogue=self.catalogue, rulebook=self.rulebook
        )
        for sentence in faults:
            self._fault(path, sentence)
        for name in filter_.fields if filter_ is not None else ():
            self._note_unlisted(name, system, object_)
        return filter_

    def _mappings(self, table: Mapping[str, Any], object_: Object) -> tuple[FieldMapping, ...]:
        rows = table.get("mapping", [])
        path = ("sync", object_.value)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self._fault((*path, "mapping"), f"`mapping` must be written as [[sync.{object_}.mapping]].")
            return ()
        own = [self._mapping(row, object_, (*path, "mapping", str(number))) for number, row in enumerate(rows)]
        mappings = [mapping for mapping in own if mapping is not None]
        self._refuse_repeated(mappings, path)
        defaults = self.rulebook.default_mappings.get(object_, ()) if table.get("default_mappings", True) else ()
        return (*mappings, *not_replaced(defaults, mappings))

    def _mapping(self, row: Mapping[str, Any], object_: Object, path: tuple[str, ...]) -> FieldMapping | None:
        self._refuse_unknown(row, MAPPING_KEYS, path)
        names = {system: row.get(system.value) for system in System}
        for system, name in names.items():
            if not isinstance(name, str) or not name:
                self._fault(path, f"A mapping of {object_} names no `{system}` field.")
                return None
            self._refuse_unknown_field(name, system, object_, (*path, system.value))
        direction = self._choice(row, "direction", list(Direction), path, default=Direction.TWO_WAY)
        options = self._pairs(row, "options", path, (row["hubspot"], row["dynamics"]), object_=object_)
        return FieldMapping(row["hubspot"], row["dynamics"], Direction(direction), options)

    def _pairs(
        self, table: Mapping[str, Any], key: str, path: tuple[str, ...], fields: tuple[str, str], *, object_: Object
    ) -> Mapping[str, str]:
        """Options of HubSpot's field to those of Dynamics's, as a key of the settings pairs them."""
        names = self._texts(table, key, path)
        if self.catalogue is None:
            return names
        hubspot, dynamics = (
            self.catalogue.find(system, object_, name) for system, name in zip(System, fields, strict=True)
        )
        own = read_own_options(names, hubspot, dynamics, self.catalogue)
        for name, sentence in own.faults:
            self._fault((*path, key, name), sentence)
        return own.pairs

    def _refuse_unknown_field(self, name: str, system: System, object_: Object, path: tuple[str, ...]) -> None:
        if self.catalogue is not None and self.catalogue.find(system, object_, name) is None:
            self._note_unlisted(name, system, object_)
            self._fault(path, f"`{name}` is {self.catalogue.say_unknown(system, object_, name)}")

    def _note_unlisted(self, name: str, system: System, object_: Object) -> None:
        """Keeps the side of a name that may be right: one that nobody knows, where no list of the fields came."""
        if self.catalogue is not None and self.catalogue.standard.get(system, False):
            self.unlisted |= {system} if self.catalogue.find(system, object_, name) is None else set()

    def _refuse_reference(self, name: str, system: System, object_: Object, path: tuple[str, ...]) -> None:
        field = self.catalogue.find(system, object_, name) if self.catalogue is not None else None
        if field is not None and kind_of(field, self.rulebook) in ("lookup", "owner"):
            self._fault(path, f"`{name}` of {system} points to another record; match by a field that holds a value.")

    def _refuse_repeated(self, mappings: Iterable[FieldMapping], path: tuple[str, ...]) -> None:
        seen: set[tuple[System, str]] = set()
        for number, mapping in enumerate(mappings):
            for system, name in ((System.HUBSPOT, mapping.hubspot), (System.DYNAMICS, mapping.dynamics)):
                field = (system, self._own_name(name, system, Object(path[-1])))
                if field in seen:
                    sentence = f"`{name}` of {system} is mapped twice; a field may appear in one mapping only."
                    self._fault((*path, "mapping", str(number), system.value), sentence)
                seen.add(field)

    def _own_name(self, name: str, system: System, object_: Object) -> str:
        """The field's own name: a lookup may be mapped as `parentcustomerid` and as `_parentcustomerid_value`."""
        field = self.catalogue.find(system, object_, name) if self.catalogue is not None else None
        return field.name if field is not None else name

    # --- [assumptions] ---------------------------------------------------------------------------------------

    def _assumptions(self, table: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, str]:
        chosen = self.rulebook.default_assumptions()
        for name, value in table.items():
            choice = self._choice_today(name, str(value).lower() if isinstance(value, bool) else value)
            if self._is_assumption(name, choice, ("assumptions", name)):
                chosen[name] = choice
        for name, value in overrides.items():
            choice = self._choice_today(name, value)
            if self._is_assumption(name, choice, ("--set", name)):
                chosen[name] = choice
        return chosen

    def _choice_today(self, name: str, choice: Any) -> Any:
        """The choice, or the one that an older name of it means today."""
        knob = self.rulebook.assumptions.get(name)
        if knob is None or not isinstance(choice, str) or choice not in knob.older:
            return choice
        today = knob.older[choice]
        self.notes.append(f"`{name} = {choice}` is read as `{today}`, which is its name today.")
        return today

    def _is_assumption(self, name: str, choice: object, path: tuple[str, ...]) -> bool:
        knob = self.rulebook.assumptions.get(name)
        if knob is None:
            self._fault(path, f"`{name}` is no assumption.{nearest(name, self.rulebook.assumptions)}")
            return False
        if not self._is_choice(choice, knob.choices, path):
            return False
        if choice not in knob.built_choices:
            self._fault(path, f"`{name} = {choice}` is not modelled yet. {knob.why or ''}".strip())
            return False
        return True


def not_replaced(defaults: Iterable[FieldMapping], own: Iterable[FieldMapping]) -> tuple[FieldMapping, ...]:
    """The default mappings that stay in force beside own ones: those that share no field with them (5.4)."""
    hubspot, dynamics = {mapping.hubspot for mapping in own}, {mapping.dynamics for mapping in own}
    return tuple(mapping for mapping in defaults if mapping.hubspot not in hubspot and mapping.dynamics not in dynamics)
