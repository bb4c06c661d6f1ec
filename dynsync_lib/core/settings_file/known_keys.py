"""The sections and keys that `dynsync.toml` may hold, and what some of them allow.

Where it is used: `core.settings_file.reader`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dynsync_lib.core.model import Object

SECTIONS: Final = ("hubspot", "dynamics", "answers", "files", "rehearsal", "report", "privacy", "sync", "assumptions")
SYNC_KEYS: Final = (
    "enabled",
    "direction",
    "conflict_winner",
    "filter_to_hubspot",
    "filter_to_dynamics",
    "default_mappings",
    "mapping",
    "match_mode",
    "match_field",
    "only_existing_in_target",
    "sync_user_may_write",
    "required_properties",
)
PERSON_KEYS: Final = ("require_email", "lifecycle_stages", "default_lifecycle_stage")
OWN_KEYS: Final[Mapping[Object, tuple[str, ...]]] = {
    Object.CONTACT: PERSON_KEYS,
    Object.LEAD: PERSON_KEYS,
    Object.DEAL: ("stages",),
}
"""What only some objects have, beside what all have."""
MATCH_MODES: Final = ("default", "own_field", "none")
MAPPING_KEYS: Final = ("hubspot", "dynamics", "direction", "options")
FLAGS_WITHOUT_DEFAULT: Final = ("data_hub", "sync_as_marketing")
"""Keys that are true, false, or not said."""
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "api_version": ("v3", "2026-03", "2026-09"),
    "plan": ("free", "starter", "professional", "enterprise"),
    "auto_create_companies": ("on", "off", "unknown"),
    "sign_in": ("client_secret", "certificate", "device_code", "browser"),
    "language": ("en", "de"),
    "keep_tokens": ("people", "always", "never"),
}
