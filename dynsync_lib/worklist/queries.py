"""What stands on each sheet of a worklist, asked of the tables of `worklist.tables`.

Facts
    * A query gives columns of `ROW`; what it does not name is null. `query_of` adds to each
      row what is known of its record and of the other one.
    * Only near names have a score, and only their rows are ranked as pairs; others by their own record.
    * Joins ask for equal values alone: with any other condition DuckDB compares every row with every other.
    * Rows come in the order of what is behind them, most open deals first, then by their ids.
    * What a filter, a direction or the settings keep out is a decision about all of these records, not about each: it
      is counted (`NOT_LISTED`) and not listed. So is an association whose own record stays out.

Where it is used: `worklist.rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dynsync_lib.core.model import Severity
from dynsync_lib.core.tables import HELD_BACK

_PEOPLE: Final = "system = 'dynamics' AND object IN ('contact', 'lead')"
_BY_DECISION: Final = "('filter', 'direction', 'object_off', 'not_in_target')"
"""Reasons of what the settings keep out."""
_HELD_BACK: Final = str(HELD_BACK)  # Python writes a tuple of words as SQL reads a list of them
_LOST: Final = "('dropped_non_primary', 'parent_is_contact', 'target_not_synced')"
_OUTCOME: Final = """
    SELECT o.system, o.object, o.record_id, o.outcome, o.reason, o.rule_id, o.sensitive_to AS turns_on, d.differs_in,
        CASE WHEN o.winner_id IS NOT NULL THEN o.system WHEN o.system = 'hubspot' THEN 'dynamics' ELSE 'hubspot' END
            AS other_system,
        CASE WHEN w.object IS NOT NULL THEN w.object WHEN o.object = 'lead' THEN 'contact' ELSE o.object END
            AS other_object,
        coalesce(o.winner_id, o.counterpart_id) AS other_id
    FROM outcomes o
    LEFT JOIN outcomes w ON w.record_id = o.winner_id AND w.system = o.system
        AND if(w.object = 'lead', 'contact', w.object) = if(o.object = 'lead', 'contact', o.object)
    LEFT JOIN (
        SELECT system, object, record_id, max(differs_in) AS differs_in FROM collisions GROUP BY ALL
    ) d ON d.system = o.system AND d.object = o.object AND d.record_id = o.record_id
"""
"""One row a record; the other one is the winner of its key, otherwise its counterpart."""
_GHOST: Final = f"({_PEOPLE} AND (outcome = 'shadowed' OR reason IN ('no_email', 'no_match_key')))"

_BEHIND_FINDINGS: Final = """
    SELECT DISTINCT check_id, severity, system, object, record_id,
        CASE WHEN counterpart_id IS NULL THEN NULL WHEN system = 'hubspot' THEN 'dynamics' ELSE 'hubspot' END
            AS other_system,
        if(object = 'lead', 'contact', object) AS other_object, counterpart_id AS other_id,
        sentence, detail, fix, rule_id
    FROM finding_rows WHERE record_id IS NOT NULL
"""

QUERIES: Final[Mapping[str, str]] = {
    "ghosts": f"SELECT * FROM ({_OUTCOME}) WHERE {_GHOST}",
    "shared_keys": f"SELECT * FROM ({_OUTCOME}) WHERE outcome = 'shadowed' AND NOT {_GHOST}",
    "failing": f"SELECT * FROM ({_OUTCOME}) WHERE outcome = 'failing'",
    "left_out": f"""
        SELECT * FROM ({_OUTCOME}) WHERE outcome = 'excluded' AND coalesce(reason, '') NOT IN {_BY_DECISION}
            AND NOT {_GHOST}
    """,
    "opt_outs": f"{_BEHIND_FINDINGS} AND check_id = 'G42'",
    "behind_findings": f"{_BEHIND_FINDINGS} AND check_id <> 'G42'",
    "near_names": """
        SELECT 'hubspot' AS system, 'company' AS object, hubspot_id AS record_id, hubspot_name AS known_name,
            'dynamics' AS other_system, 'company' AS other_object, dynamics_id AS other_id,
            dynamics_name AS other_known_name, reason, score, corroboration, 'advice.near-name' AS rule_id
        FROM near_names
    """,
    "lost_associations": f"""
        SELECT DISTINCT from_system AS system, from_object AS object, from_id AS record_id, from_system AS other_system,
            to_object AS other_object, to_id AS other_id, status AS reason, rule_id
        FROM links WHERE status IN {_LOST} AND rule_id <> 'link.source-not-synced'
    """,
    "manual_invoices": """
        SELECT DISTINCT from_system AS system, from_object AS object, from_id AS record_id, from_system AS other_system,
            to_object AS other_object, to_id AS other_id, status AS reason, rule_id
        FROM links WHERE status = 'manual'
    """,
    "overwrites": f"""
        SELECT target_system AS system, if(object = 'lead' AND target_system = 'hubspot', 'contact', object) AS object,
            if(target_system = 'hubspot', hubspot_id, dynamics_id) AS record_id,
            if(target_system = 'hubspot', 'dynamics', 'hubspot') AS other_system,
            if(object = 'lead' AND target_system = 'dynamics', 'contact', object) AS other_object,
            if(target_system = 'hubspot', dynamics_id, hubspot_id) AS other_id,
            target_field AS field, old_value, new_value, note AS reason, 'field.conflict-winner' AS rule_id
        FROM changes WHERE kind = 'overwrite' AND coalesce(note, '') NOT IN {_HELD_BACK}
    """,
    "mappings": """
        SELECT object, hubspot_field, dynamics_field, verdict AS outcome, reason, workaround AS fix,
            rows_affected AS count, rule_id
        FROM mapping WHERE verdict <> 'ok'
    """,
    "options": "SELECT *, 'field.option-unpaired' AS rule_id FROM missing_options",
    "findings": "SELECT check_id, severity, system, object, sentence AS reason, fix, count, rule_id FROM findings",
}
"""By sheet. All texts in them are this module's own."""
NOT_LISTED: Final = f"""
    SELECT CASE reason WHEN 'filter' THEN 'records that a filter keeps out' WHEN 'direction' THEN
        'records that only the other direction of the sync could move' WHEN 'object_off' THEN
        'records of objects that are not synced' ELSE 'records without a counterpart, where the sync creates none' END
        AS what, sum(count) AS count
    FROM summary WHERE outcome = 'excluded' AND reason IN {_BY_DECISION} GROUP BY reason
    UNION ALL SELECT 'associations whose own record stays out', count(*) FROM links
    WHERE status IN {_LOST} AND rule_id = 'link.source-not-synced'
    UNION ALL SELECT 'values that are not written, for want of a partner or because a stage would go backward', count(*)
    FROM changes WHERE note IN {_HELD_BACK}
    ORDER BY what
"""
"""What is counted instead of listed: `what` in words, and `count`."""

ROW: Final = """
    CREATE TABLE asked_row (
        check_id VARCHAR, severity VARCHAR, system VARCHAR, object VARCHAR, record_id VARCHAR, known_name VARCHAR,
        other_system VARCHAR, other_object VARCHAR, other_id VARCHAR, other_known_name VARCHAR, outcome VARCHAR,
        reason VARCHAR, rule_id VARCHAR, turns_on VARCHAR, differs_in VARCHAR, score DOUBLE, corroboration VARCHAR,
        sentence VARCHAR, detail VARCHAR,
        hubspot_field VARCHAR, dynamics_field VARCHAR, field VARCHAR, old_value VARCHAR, new_value VARCHAR,
        held_value VARCHAR, option_label VARCHAR, option_value VARCHAR, paired_by VARCHAR,
        fix VARCHAR, count BIGINT
    )
"""
"""An empty table of the columns that a query may give."""
_ASKED: Final = """
    WITH asked AS (SELECT * FROM asked_row UNION ALL BY NAME ({query}))
    SELECT asked.*, coalesce(asked.known_name, r.name) AS name, coalesce(asked.other_known_name, x.name) AS other_name,
        coalesce(r.is_known, false) AS is_known, coalesce(x.is_known, false) AS other_is_known,
        r.owner_id, p.name AS owner_name, r.match_key, x.match_key AS other_match_key,
        b.* EXCLUDE (system, object, id), k.rank AS fix_rank, k.share AS fix_share
    FROM asked
    LEFT JOIN records r ON r.system = asked.system AND r.object = asked.object AND r.id = asked.record_id
    LEFT JOIN people p ON p.system = asked.system AND p.id = r.owner_id
    LEFT JOIN records x ON x.system = other_system AND x.object = other_object AND x.id = other_id
    LEFT JOIN behind b ON b.system = asked.system AND b.object = asked.object AND b.id = asked.record_id
    LEFT JOIN fix_ranks k ON k.system = asked.system AND k.object = asked.object AND k.record_id = asked.record_id
        AND coalesce(k.other_id, '') = if(asked.score IS NULL, '', asked.other_id)
    ORDER BY list_position({severities}, severity), check_id, open_value DESC NULLS LAST, invoiced DESC NULLS LAST,
        asked.system, asked.object, record_id, other_id, hubspot_field, dynamics_field, field, held_value,
        asked.rule_id, detail
"""
_SEVERITIES: Final = [severity.value for severity in Severity]


def query_of(sheet: str) -> str:
    """The query for the rows of a sheet, in order, with what is known of their records."""
    return _ASKED.format(query=QUERIES[sheet], severities=_SEVERITIES)
