"""Audit rules about match keys that look alike to people: blanks and characters that one does not see.

Facts
    * Whether the sync sees through them nobody documents; the kit assumes so (`email_norm`, `name_norm`), and the other
      choices say what happens if it does not.

Not modelled
    * Look-alike letters of other alphabets, and names of domains in their two forms.

Source: rules contact.match-email, company.match-name; assumptions email_norm and name_norm.
"""

from __future__ import annotations

import functools
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.counting import Count, Tables, records_where, total
from dynsync_lib.core.job import Job
from dynsync_lib.core.keys import OUTER
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import Situation, is_keyed_by_domain
from dynsync_lib.core.sync.flowing_mappings import objects_on

_UNSEEN: Final = typed_values.character_class(OUTER.replace(" ", "")) + "|^ | $|  "
_BEYOND_VISIBLE_ASCII: Final = "[^!-~]"


def count_unseen(situation: Situation, tables: Tables, *, system: System) -> Count:
    """Records whose address or name holds characters that one does not see."""
    del tables
    keyed = [object_ for object_ in objects_on(situation) if situation.sync(object_).match_mode == "default"]
    asked = {Object.CONTACT if system is System.HUBSPOT and object_ in PERSONS else object_ for object_ in keyed}
    return total(
        records_where(
            Job(situation, object_).records(system),
            _differs(object_),
            system=system,
            object=object_,
            record_id=nw.col("id"),
        )
        for object_ in sorted(asked)
        if object_ in PERSONS or (object_ is Object.COMPANY and not is_keyed_by_domain(situation))
    )


def _differs(object_: Object) -> nw.Expr:
    """Whether the key has such characters; an address also, whether NFKC makes it another one.

    Addresses of visible ASCII alone, which nearly all are, have neither and are not looked at further.
    """
    if object_ is Object.COMPANY:
        return nw.col("name_key_exact").str.contains(_UNSEEN).fill_null(value=False)
    exact = nw.col("email_key_exact")
    is_other = typed_values.lowered(exact) != nw.col("email_key")
    has_more = exact.str.contains(_BEYOND_VISIBLE_ASCII)
    return nw.when(has_more).then(is_other | exact.str.contains(_UNSEEN)).fill_null(value=False)


MEASURES: Final[Measures] = {
    "unseen_in_dynamics": functools.partial(count_unseen, system=System.DYNAMICS),
    "unseen_in_hubspot": functools.partial(count_unseen, system=System.HUBSPOT),
}
