"""Companies that do not sync themselves, and that associations of others still find by their key.

Facts
    * With companies off a contact's company is found by the key by which companies would be matched (6.2, 6.3): what
      becomes of each is what the sync of companies would say of it if it were on, both ways, without filters.
    * So `company_dup` says what a later account of a name is, `no_key` what one without a key is.

Not modelled
    * Bindings of companies from an earlier run: they are as good as none while companies are off.

Source: rules link.through-company-match, link.target-not-synced, link.company-created-along; docs/semantics.md section
8, Companies off.
"""

from __future__ import annotations

from dataclasses import replace

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.lines import Line
from dynsync_lib.core.matching.decision_table import Matched, match_object
from dynsync_lib.core.matching.first_records import Facts
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import BINDINGS


def unsynced_pairs(situation: Situation) -> Frame | None:
    """hubspot_id, dynamics_id of the companies that an association finds while companies are off; None when none is."""
    matched = _matched(situation)
    return None if matched is None else matched.pairs.select("hubspot_id", "dynamics_id")


def missing_companies(situation: Situation, system: System) -> Frame | None:
    """id of the companies of one side that the other side lacks, by their key; None when there are no companies."""
    matched = _matched(situation)
    if matched is None:
        return None
    line = nw.col("line")
    alone = (line == Line.JOINED.value) & nw.col("counterpart_id").is_null()
    return matched.placed[system].filter((line == Line.CREATE.value) | alone).select("id")


def _matched(situation: Situation) -> Matched | None:
    """Steps 1 to 5 of the companies, as if they synced. Computes once per situation."""
    if not situation.has_records(Object.COMPANY) or situation.chosen("assoc_missing_company") == "skip":
        return None
    return situation.remember(("unsynced companies",), lambda: _match(situation))


def _match(situation: Situation) -> Matched:
    sync = replace(
        situation.sync(Object.COMPANY),
        enabled=True,
        direction=Direction.TWO_WAY,
        filter_to_hubspot=None,
        filter_to_dynamics=None,
        only_existing_in_target=False,
    )
    settings = replace(
        situation.settings,
        sync={**situation.settings.sync, Object.COMPANY: sync},
        assumptions={**situation.settings.assumptions, "include_inactive": "true"},
    )
    tables = {name: frame for name, frame in situation.tables.items() if name != BINDINGS.name}
    as_if = replace(situation, settings=settings, tables=tables, memory={})
    return match_object(Job(as_if, Object.COMPANY), Facts(("key",)))
