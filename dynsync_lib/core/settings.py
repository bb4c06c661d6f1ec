"""`dynsync.toml`, checked: what one engagement wants, as frozen objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from dynsync_lib.core.filter_tree import Filter
from dynsync_lib.core.model import Direction, Object, System

SignInKind = Literal["client_secret", "certificate", "device_code", "browser"]
MatchMode = Literal["default", "own_field", "none"]
LIFECYCLE_STAGES: Final[Mapping[Object, tuple[str, ...]]] = {
    Object.CONTACT: (
        *("marketingqualifiedlead", "salesqualifiedlead", "opportunity"),
        *("customer", "evangelist", "other"),
    ),
    Object.LEAD: ("subscriber", "lead"),
}
"""Which HubSpot contacts belong to which sync when nothing else is said (4.7)."""


@dataclass(frozen=True, slots=True)
class HubSpotSettings:
    """The `[hubspot]` section. Counts are contacts; None means the user did not say.

    Nothing that the sync does depends on `plan` and `data_hub`, and new contacts count as non-marketing ones where
    nobody said `sync_as_marketing`; the findings that depend on the three are then not checked.
    `marketing_criterion` is a filter over HubSpot contacts, already checked; None means none.
    `api_version` and `archived` say how the portal is pulled: by which version, and whether archived records as well.
    """

    token_env: str = "HUBSPOT_TOKEN"
    api_version: Literal["v3", "2026-03", "2026-09"] = "v3"
    archived: bool = False
    plan: Literal["free", "starter", "professional", "enterprise"] | None = None
    data_hub: bool | None = None
    marketing_contacts: int | None = None
    marketing_tier: int | None = None
    sync_as_marketing: bool | None = None
    auto_create_companies: Literal["on", "off", "unknown"] = "unknown"
    marketing_criterion: Filter | None = None

    @property
    def has_own_mappings(self) -> bool | None:
        """Whether the portal has a paid Data Hub, which own mappings need; None when that is not known.

        Source: portal.custom-mapping-plan (5.1).
        """
        if self.data_hub is False or self.plan == "free":
            return False
        return None if self.data_hub is None or self.plan is None else True


@dataclass(frozen=True, slots=True)
class DynamicsSettings:
    """The `[dynamics]` section. An empty `tenant_id` is discovered from the sign-in challenge.

    `sign_in` says who signs in and how: an app by its secret or certificate, a person by a device code or the browser.
    The certificate's thumbprint is read from its file where it is empty. `keep_tokens` says whose sign-ins are
    remembered for the next command: those of people, those of apps too (always), or nobody's.
    `windows` is in how many windows of time a large table is pulled at once.
    """

    url: str = ""
    tenant_id: str = ""
    client_id_env: str = "DYNAMICS_CLIENT_ID"
    client_secret_env: str = "DYNAMICS_CLIENT_SECRET"
    sign_in: SignInKind = "client_secret"
    certificate_file_env: str = "DYNAMICS_CERTIFICATE_FILE"
    certificate_password_env: str = "DYNAMICS_CERTIFICATE_PASSWORD"
    certificate_thumbprint: str = ""
    keep_tokens: Literal["people", "always", "never"] = "people"
    windows: int = 1


@dataclass(frozen=True, slots=True)
class HubSpotTestSettings:
    """The `[rehearsal.hubspot]` section: the variable with the token of the test portal."""

    token_env: str = "HUBSPOT_TEST_TOKEN"


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """The `[rehearsal]` sections: the test portals; None is a section that is left out."""

    hubspot: HubSpotTestSettings | None = None
    dynamics: DynamicsSettings | None = None


@dataclass(frozen=True, slots=True)
class FileSettings:
    """The `[files]` section: how exported files are read.

    `columns` gives the heading by the internal name of its column, before which its table may stand
    (`dynamics/accounts.name`); an empty heading says that no file holds the column.
    """

    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """The `[report]` section: the agency that hands the report over, its logo (a file, seen from dynsync.toml), its
    colour (`#rrggbb`), and the language of the report. Empty means none.
    """

    agency: str = ""
    logo: str = ""
    colour: str = ""
    language: Literal["en", "de"] = "en"


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """The `[privacy]` section. `retention_days` is for how many days after its snapshot customers' data is kept; None
    means that nobody said.
    """

    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One mapping. `options` pairs HubSpot values with Dynamics values; empty means by label."""

    hubspot: str
    dynamics: str
    direction: Direction = Direction.TWO_WAY
    options: Mapping[str, str] = field(default_factory=dict)
    origin: Literal["default", "own"] = "own"

    @property
    def names(self) -> tuple[str, str]:
        """The two fields by which a mapping is known within its object, HubSpot's first."""
        return self.hubspot, self.dynamics


@dataclass(frozen=True, slots=True)
class ObjectSync:
    """One `[sync.<object>]` section. Filters are read and checked already; None means no filter.

    `match_hubspot` and `match_dynamics` are the fields of `match_mode = "own_field"`, None otherwise. Deals and
    invoices have no default key: `default` means `none` there. `require_email`, `lifecycle_stages` (empty: those of
    LIFECYCLE_STAGES) and `default_lifecycle_stage` (empty: none) concern contacts and leads only.
    `sync_user_may_write` is about Dynamics. `required_properties` are those that HubSpot requires of new records, as an
    administrator has ruled; the assumption `hs_write_rules` asks for them.
    """

    enabled: bool = False
    direction: Direction = Direction.TWO_WAY
    conflict_winner: System = System.DYNAMICS
    filter_to_hubspot: Filter | None = None
    filter_to_dynamics: Filter | None = None
    default_mappings: bool = True
    mappings: tuple[FieldMapping, ...] = ()
    stages: Mapping[str, str] = field(default_factory=dict)
    match_mode: MatchMode = "default"
    match_hubspot: str | None = None
    match_dynamics: str | None = None
    only_existing_in_target: bool = False
    require_email: bool = True
    lifecycle_stages: tuple[str, ...] = ()
    default_lifecycle_stage: str = ""
    sync_user_may_write: bool = True
    required_properties: tuple[str, ...] = ()

    def match_field(self, system: System) -> str | None:
        """The own field that is the key on one side; None unless `match_mode` is `own_field` (2.3)."""
        return self.match_hubspot if system is System.HUBSPOT else self.match_dynamics

    def filter_of(self, system: System) -> Filter | None:
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
    `rules/assumptions.toml` with the choice in force. `digest` is the sha256 of what was read. `notes` are sentences
    about what was read otherwise than it stands there. `answers` are those of `[answers]`, by question. `document` is
    what was read, as plain values: whoever has it can read the same settings again
    (`core.settings_file.reader.read_document`).
    """

    hubspot: HubSpotSettings
    dynamics: DynamicsSettings
    sync: Mapping[Object, ObjectSync]
    assumptions: Mapping[str, str]
    digest: str
    files: FileSettings = FileSettings()
    rehearsal: RehearsalSettings = RehearsalSettings()
    report: ReportSettings = ReportSettings()
    privacy: PrivacySettings = PrivacySettings()
    notes: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, bool | int] = field(default_factory=dict)

    def of_test_portals(self) -> Settings:
        """The same settings with the test portals in place of the portals.

        Where `[rehearsal]` leaves a side out, it is the settings' own: whether that is for tests is not asked here.
        """
        test = self.rehearsal
        hubspot = self.hubspot if test.hubspot is None else replace(self.hubspot, token_env=test.hubspot.token_env)
        return replace(self, hubspot=hubspot, dynamics=test.dynamics or self.dynamics)
