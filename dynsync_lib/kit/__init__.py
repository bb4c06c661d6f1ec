"""The only door for notebooks and command line: load, pull, forecast, explain, report.

Functions take paths (`str` or `Path`) and plain values and give back frozen objects; nothing here prints. A name is
imported from its room when it is first asked for, so that whoever shows a report does not wait for what pulls, computes
and emulates.

The examples in the docstrings can be typed as they stand after `from dynsync_lib import kit`, in a folder in which
`dynsync demo` was run and which holds the kit's `sample_data`. A test runs each of them.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dynsync_lib.core.explain.chain import Explanation
    from dynsync_lib.forecasts.difference import Difference
    from dynsync_lib.forecasts.explanations import Explained
    from dynsync_lib.forecasts.field_profiles import FieldProfiles
    from dynsync_lib.forecasts.fix_sets import Fixes
    from dynsync_lib.forecasts.forecast_difference import ForecastDifference
    from dynsync_lib.forecasts.forecast_folder import Forecast, open_forecast, read_masking, records, records_masking
    from dynsync_lib.forecasts.open_snapshot import read_catalogue
    from dynsync_lib.forecasts.replay_folder import Replay
    from dynsync_lib.forecasts.settings_difference import SettingsDifference
    from dynsync_lib.forecasts.snapshot_difference import SnapshotDifference
    from dynsync_lib.go_live.pack import GoLivePack
    from dynsync_lib.kit.comparisons import diff_forecasts, diff_settings, diff_snapshots
    from dynsync_lib.kit.connections import Addresses
    from dynsync_lib.kit.forecasts import (
        explain,
        forecast,
        lookup_recipes,
        prepare_situation,
        profile_fields,
        records_of,
        records_table,
        replay,
        verify,
    )
    from dynsync_lib.kit.go_live import go_live_pack
    from dynsync_lib.kit.mapping_editors import fields_table, mapping_editor, open_mapping_editor
    from dynsync_lib.kit.pages import demo, find_test, finder_code, record_finder, report, rule_catalogue
    from dynsync_lib.kit.portals import check, emulate, load, pull, sign_out
    from dynsync_lib.kit.questionnaires import check_answers, questionnaire, questionnaire_form
    from dynsync_lib.kit.rehearsals import (
        clean_rehearsal,
        compare_rehearsal,
        plan_rehearsal,
        rehearsal_settings,
        removal_of_rehearsal,
        run_rehearsal,
        seed_rehearsal,
        wait_for_sync,
    )
    from dynsync_lib.kit.retention import purge
    from dynsync_lib.kit.rulebooks import assumptions, key_maker, read_settings, research, rulebook, rules
    from dynsync_lib.kit.scenario_panels import scenario_panel, scenarios
    from dynsync_lib.kit.settings_files import change_settings
    from dynsync_lib.kit.settings_templates import SETTINGS_EXAMPLES, settings_template
    from dynsync_lib.kit.small_counts import shown_forecast, suppress_small
    from dynsync_lib.kit.snapshots import TakenSnapshot, gaps_table, holdings, progress_view, take_snapshot
    from dynsync_lib.kit.suggestions import suggest_mappings
    from dynsync_lib.kit.trials import apply_recipe, calibrate, try_mapping
    from dynsync_lib.kit.worklists import WrittenWorklist, fix_set, import_worklist, worklist
    from dynsync_lib.portals.check.lines import CheckReport
    from dynsync_lib.portals.files.load_report import read_load_report
    from dynsync_lib.rehearsal.calibration.calibrated import Calibrated
    from dynsync_lib.rehearsal.cleaning import Cleaned, Removal
    from dynsync_lib.rehearsal.comparing import Comparison, Miss
    from dynsync_lib.rehearsal.lookup_copy.apply_recipe import AppliedRecipe
    from dynsync_lib.rehearsal.mapping_trial.results import MappingTrial
    from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
    from dynsync_lib.rehearsal.running import Ran
    from dynsync_lib.rehearsal.seeding import Seeded
    from dynsync_lib.rehearsal.settings_to_make import SettingToMake
    from dynsync_lib.rehearsal.waiting import Watch, Watched
    from dynsync_lib.report.accuracy import ForecastTest, accuracy_line, accuracy_section
    from dynsync_lib.report.charts import outcome_bars
    from dynsync_lib.report.cover import cover, data_moment, provenance, scope_table, sources_table
    from dynsync_lib.report.decisions import decisions_table
    from dynsync_lib.report.differences import moved_effects, moved_outcomes
    from dynsync_lib.report.figures import six_figures
    from dynsync_lib.report.first_page import first_page
    from dynsync_lib.report.fixes import fix_bars
    from dynsync_lib.report.flow import flow_chart
    from dynsync_lib.report.forecast_tables import findings_by_severity
    from dynsync_lib.report.funnel import funnel_chart
    from dynsync_lib.report.glossary import glossary
    from dynsync_lib.report.key_groups import collision_sizes
    from dynsync_lib.report.light import traffic_light
    from dynsync_lib.report.links import link_survival, links_table
    from dynsync_lib.report.mapping_matrix import mapping_matrix
    from dynsync_lib.report.marketing import marketing_gauge
    from dynsync_lib.report.origin_funnel import origin_funnels
    from dynsync_lib.report.overlaps import issue_overlaps
    from dynsync_lib.report.overwrite_heat import overwrite_heatmap
    from dynsync_lib.report.profiles import agreement_bars, fill_rates, profile_table
    from dynsync_lib.report.ranked import assumption_bars
    from dynsync_lib.report.receipt import cause_table, drift_table, missed_table, receipt_bars, watch_table
    from dynsync_lib.report.rehearsal_tables import (
        lacking_table,
        not_shown_table,
        plan_table,
        removal_proof,
        removal_table,
        seeded_table,
        settings_table,
        written_table,
    )
    from dynsync_lib.report.scenarios import marketing_scenarios, scenario_bars, scenario_table
    from dynsync_lib.report.totals import totals_chart
    from dynsync_lib.report.uncovered import Uncovered, uncovered_records
    from dynsync_lib.report.views import (
        assumptions_table,
        changes_table,
        collisions_table,
        findings_table,
        mapping_table,
        near_names_table,
        outcome_table,
        reason_table,
    )
    from dynsync_lib.report.watch_plan import watch_plan
    from dynsync_lib.report.work_plan import work_plan
    from dynsync_lib.retention.purge import Purge, PurgeRow
    from dynsync_lib.settings_changes.changes import RemoveMapping, SetAssumption, SetMapping, SetSync
    from dynsync_lib.settings_changes.questionnaire import Questionnaire
    from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot
    from dynsync_lib.verification.verify_folder import Verification, open_verification
    from dynsync_lib.worklist.decisions import ImportedWorklist

ROOMS: Final[Mapping[str, Sequence[str]]] = {
    "core.explain.chain": ("Explanation",),
    "forecasts.difference": ("Difference",),
    "forecasts.explanations": ("Explained",),
    "forecasts.forecast_difference": ("ForecastDifference",),
    "forecasts.field_profiles": ("FieldProfiles",),
    "forecasts.fix_sets": ("Fixes",),
    "forecasts.forecast_folder": ("Forecast", "open_forecast", "read_masking", "records", "records_masking"),
    "go_live.pack": ("GoLivePack",),
    "kit.comparisons": ("diff_forecasts", "diff_settings", "diff_snapshots"),
    "kit.connections": ("Addresses",),
    "kit.forecasts": (
        "explain",
        "forecast",
        "lookup_recipes",
        "prepare_situation",
        "profile_fields",
        "records_of",
        "records_table",
        "replay",
        "verify",
    ),
    "kit.go_live": ("go_live_pack",),
    "kit.mapping_editors": ("fields_table", "mapping_editor", "open_mapping_editor"),
    "kit.pages": ("demo", "find_test", "finder_code", "record_finder", "report", "rule_catalogue"),
    "kit.portals": ("check", "emulate", "load", "pull", "sign_out"),
    "kit.questionnaires": ("check_answers", "questionnaire", "questionnaire_form"),
    "settings_changes.questionnaire": ("Questionnaire",),
    "kit.rehearsals": (
        "clean_rehearsal",
        "compare_rehearsal",
        "plan_rehearsal",
        "rehearsal_settings",
        "removal_of_rehearsal",
        "run_rehearsal",
        "seed_rehearsal",
        "wait_for_sync",
    ),
    "kit.retention": ("purge",),
    "kit.rulebooks": ("assumptions", "key_maker", "read_settings", "research", "rulebook", "rules"),
    "kit.settings_files": ("change_settings",),
    "kit.scenario_panels": ("scenario_panel", "scenarios"),
    "kit.settings_templates": ("SETTINGS_EXAMPLES", "settings_template"),
    "kit.small_counts": ("shown_forecast", "suppress_small"),
    "kit.snapshots": ("TakenSnapshot", "gaps_table", "holdings", "progress_view", "take_snapshot"),
    "kit.suggestions": ("suggest_mappings",),
    "kit.trials": ("apply_recipe", "calibrate", "try_mapping"),
    "kit.worklists": ("WrittenWorklist", "fix_set", "import_worklist", "worklist"),
    "portals.check.lines": ("CheckReport",),
    "portals.files.load_report": ("read_load_report",),
    "forecasts.replay_folder": ("Replay",),
    "forecasts.settings_difference": ("SettingsDifference",),
    "forecasts.snapshot_difference": ("SnapshotDifference",),
    "rehearsal.cleaning": ("Cleaned", "Removal"),
    "rehearsal.calibration.calibrated": ("Calibrated",),
    "rehearsal.lookup_copy.apply_recipe": ("AppliedRecipe",),
    "rehearsal.mapping_trial.results": ("MappingTrial",),
    "rehearsal.comparing": ("Comparison", "Miss"),
    "rehearsal.rehearsal_folder": ("Rehearsal",),
    "rehearsal.running": ("Ran",),
    "rehearsal.seeding": ("Seeded",),
    "rehearsal.settings_to_make": ("SettingToMake",),
    "rehearsal.waiting": ("Watch", "Watched"),
    "report.accuracy": ("ForecastTest", "accuracy_line", "accuracy_section"),
    "report.charts": ("outcome_bars",),
    "report.cover": ("cover", "data_moment", "provenance", "scope_table", "sources_table"),
    "report.decisions": ("decisions_table",),
    "report.differences": ("moved_effects", "moved_outcomes"),
    "report.figures": ("six_figures",),
    "report.first_page": ("first_page",),
    "report.fixes": ("fix_bars",),
    "report.funnel": ("funnel_chart",),
    "report.flow": ("flow_chart",),
    "report.forecast_tables": ("findings_by_severity",),
    "report.glossary": ("glossary",),
    "report.key_groups": ("collision_sizes",),
    "report.light": ("traffic_light",),
    "report.uncovered": ("Uncovered", "uncovered_records"),
    "report.links": ("link_survival", "links_table"),
    "report.mapping_matrix": ("mapping_matrix",),
    "report.marketing": ("marketing_gauge",),
    "report.origin_funnel": ("origin_funnels",),
    "report.overlaps": ("issue_overlaps",),
    "report.overwrite_heat": ("overwrite_heatmap",),
    "report.profiles": ("agreement_bars", "fill_rates", "profile_table"),
    "report.ranked": ("assumption_bars",),
    "report.receipt": ("cause_table", "drift_table", "missed_table", "receipt_bars", "watch_table"),
    "report.rehearsal_tables": (
        "lacking_table",
        "not_shown_table",
        "plan_table",
        "removal_proof",
        "removal_table",
        "seeded_table",
        "settings_table",
        "written_table",
    ),
    "report.scenarios": ("marketing_scenarios", "scenario_bars", "scenario_table"),
    "report.totals": ("totals_chart",),
    "report.views": (
        "assumptions_table",
        "changes_table",
        "collisions_table",
        "findings_table",
        "mapping_table",
        "near_names_table",
        "outcome_table",
        "reason_table",
    ),
    "report.watch_plan": ("watch_plan",),
    "report.work_plan": ("work_plan",),
    "forecasts.open_snapshot": ("read_catalogue",),
    "retention.purge": ("Purge", "PurgeRow"),
    "settings_changes.changes": ("RemoveMapping", "SetAssumption", "SetMapping", "SetSync"),
    "snapshot.snapshot": ("Snapshot", "open_snapshot"),
    "verification.verify_folder": ("Verification", "open_verification"),
    "worklist.decisions": ("ImportedWorklist",),
}
"""In which module of the library each name of the kit lives: the imports above, for Python."""
_HOMES: Final = {name: room for room, names in ROOMS.items() for name in names}
__all__ = [*_HOMES, "as_dict"]


def __getattr__(name: str) -> Any:
    """The name out of its room, which is imported now."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"dynsync_lib.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def as_dict(value: Any) -> dict[str, Any]:
    """A frozen value as plain dictionaries and lists, for printing as JSON.

    >>> kit.as_dict(kit.six_figures(kit.open_forecast("out/demo/forecast")))["figures"][0]["value"]
    1172
    """
    return dataclasses.asdict(value)
