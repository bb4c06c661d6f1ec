"""`dynsync.toml`, checked: what one engagement wants, as frozen objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dynsync_lib.core.model import Direction, Object, System


@dataclass(frozen=True, slots=True)
class HubSpotSettings:
    """The `[hubspot]` section. Counts are contacts; None means the user did not say."""

    token_env: str = "HUBSPOT_TOKEN"
    plan: Literal["free", "starter", "professional", "enterprise"] = "professional"
    data_hub: bool = True
    marketing_contacts: int | None = None
    marketing_tier: int | None = None
    sync_as_marketing: bool = False
    auto_create_companies: Literal["on", "off", "unknown"] = "unknown"


@dataclass(frozen=True, slots=True)
class DynamicsSettings:
    """The `[dynamics]` section. An empty `tenant_id` is discovered from the sign-in challenge."""

    url: str = ""
    tenant_id: str = ""
    client_id_env: str = "DYNAMICS_CLIENT_ID"
    client_secret_env: str = "DYNAMICS_CLIENT_SECRET"


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One mapping. `options` pairs HubSpot values with Dynamics values; empty means by label."""

    hubspot: str
    dynamics: str
    direction: Direction = Direction.TWO_WAY
    options: Mapping[str, str] = field(default_factory=dict)
    origin: Literal["default", "own"] = "own"


@dataclass(frozen=True, slots=True)
class ObjectSync:
    """One `[sync.<object>]` section. Filters are text in the kit's grammar, already checked; None means no filter."""

    enabled: bool = False
    direction: Direction = Direction.TWO_WAY
    conflict_winner: System = System.DYNAMICS
    filter_to_hubspot: str | None = None
    filter_to_dynamics: str | None = None
    default_mappings: bool = True
    mappings: tuple[FieldMapping, ...] = ()
    stages: Mapping[str, str] = field(default_factory=dict)

    def filter_of(self, system: System) -> str | None:
        """The filter asked of records that live in `system` (4.1)."""
        return self.filter_to_dynamics if system is System.HUBSPOT else self.filter_to_hubspot

    def is_source(self, system: System) -> bool:
        """Whether records of `system` may travel under the object's direction."""
        other = System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT
        return self.direction.writes_to(other)


@dataclass(frozen=True, slots=True)
class Settings:
    """One engagement.

    `sync` has every object; its `mappings` already hold the defaults that apply. `assumptions` has every knob of
    `rules/assumptions.toml` with the choice in force. `digest` is the sha256 of what was read.
    """

    hubspot: HubSpotSettings
    dynamics: DynamicsSettings
    sync: Mapping[Object, ObjectSync]
    assumptions: Mapping[str, str]
    digest: str
