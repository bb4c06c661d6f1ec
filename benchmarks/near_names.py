"""How well near names are found: labelled pairs by kind in invented companies, beside other programs.

    python benchmarks/near_names.py [--names 10000] [--seed 1] [--programs kit,rapidfuzz] [--misses 5] [--json FILE]
    pip install splink goldenmatch string_grouper sparse_dot_topn scikit-learn
    python benchmarks/near_names.py --listings us-listings.json.gz

Facts
    * A fifth of the companies is known to both sides under different names: a pair of one of `KINDS`. The others are
      known to one side only. Among them stand look-alikes that are other firms: the next number of a series, another
      brand of the same trade, a brand that is one letter apart. They are no labelled pairs.
    * Brands are of short made-up syllables, so that in a large world many are one letter apart by chance: precision
      falls with the number of names, for every program.
    * Recall: of the labelled pairs, how many are told. Precision: of all pairs told, not only the best, how many are
      labelled. Processor seconds are those of the pairing alone, memory is the peak of the whole process.
    * `renamed` are pairs of unlike names with one domain: no program that compares names can find them.
    * Each program runs in a process of its own, set up as its documentation advises. Other programs get the names
      without legal forms, as the kit sees them, but string_grouper, which lowers the weight of frequent parts itself;
      what is not installed is named and left out.
    * splink is made for tables of several columns, and says so; names alone are all that there is here.
    * `--listings` reads labelled real names: a JSON file, compressed, of `L` and `R`, names by number, and `lab`, the
      numbers on both sides. No such file is in the repository.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import pickle
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from dynsync_lib.core.advice.company_words import CompanyWords
from dynsync_lib.core.advice.near_names import COLUMNS, pair_near_names
from dynsync_lib.core.keys import name_key
from dynsync_lib.kit.rulebooks import rulebook

Pairs = set[tuple[int, int]]
FORMS: Final = (
    ("GmbH", "G.m.b.H.", "Gesellschaft mit beschränkter Haftung"),
    ("AG", "Aktiengesellschaft", "A G"),
    ("GmbH & Co. KG", "GmbH und Co KG", "KG"),
    ("Ltd", "Limited", "Ltd."),
    ("plc", "Public Limited Company", "P.L.C."),
    ("Inc.", "Incorporated", "Inc"),
    ("Corp.", "Corporation", "Corp"),
    ("LLC", "L.L.C.", "Limited Liability Company"),
    ("S.A.", "S A", "Société Anonyme"),
    ("S.r.l.", "SRL", "S R L"),
    ("S.p.A.", "SpA", "S P A"),
    ("A/S", "AS", "A S"),
    ("B.V.", "BV", "Besloten Vennootschap"),
    ("Sp. z o.o.", "Sp z oo", "Spółka z ograniczoną odpowiedzialnością"),
    ("S.A. de C.V.", "SA de CV", "S A de C V"),
    ("Pvt Ltd", "Private Limited", "(Pvt) Ltd."),
)
TRADES: Final = (
    *("Logistics", "Software", "Foods", "Trading", "Energy", "Solar", "Papier", "Maschinen", "Technik", "Optik"),
    *("Services", "Partners", "Capital", "Marine", "Media", "Design", "Textil", "Medical", "Motors", "Ceramics"),
    *("International", "Manufacturing", "Management", "Brothers", "Holdings", "Industries", "Engineering", "National"),
)
SHORTENED: Final = {
    "International": "Intl",
    "Manufacturing": "Mfg",
    "Management": "Mgmt",
    "Brothers": "Bros",
    "Holdings": "Hldgs",
    "Industries": "Inds",
    "Engineering": "Eng",
    "National": "Natl",
    "Services": "Svcs",
}
TOWNS: Final = ("Hamburg", "Lyon", "Wien", "Porto", "Leeds", "Malmö", "Gdansk", "Parma", "Boston", "Toronto")
_CONSONANTS, _VOWELS = "bdfgklmnprstvwz", "aeiou"
_SHARED: Final = 0.2


@dataclass(frozen=True, slots=True)
class World:
    """Names of the two sides with a domain or none, and the labelled pairs of their rows, each with its kind."""

    ours: list[tuple[str, str | None]] = field(default_factory=list)
    theirs: list[tuple[str, str | None]] = field(default_factory=list)
    labelled: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented company: its words, and the spellings of its legal form."""

    words: tuple[str, ...]
    forms: tuple[str, ...]

    @property
    def name(self) -> str:
        return " ".join([*self.words, self.forms[0]])


Change = Callable[[Firm, random.Random], str]


def _with_form(words: Sequence[str], firm: Firm) -> str:
    return " ".join([*words, firm.forms[0]])


def _another_form(firm: Firm, chance: random.Random) -> str:
    return " ".join([*firm.words, *chance.choice([(), firm.forms[1:2], firm.forms[2:3]])])


def _article(firm: Firm, chance: random.Random) -> str:
    return chance.choice([f"The {firm.name}", f"{firm.name} (The)"])


def _remark(firm: Firm, chance: random.Random) -> str:
    return f"{firm.name}/{chance.choice(['Cayman Islands', 'DE/', 'UK'])}"


def _shortened(firm: Firm, chance: random.Random) -> str:
    del chance
    return _with_form([SHORTENED.get(word, word) for word in firm.words], firm)


def _initials(firm: Firm, chance: random.Random) -> str:
    """`Horton Foods D R Inc` for `D.R. Horton Foods Inc`."""
    letters = [letter for letter in firm.words[0] if letter != "."]
    return _with_form([*firm.words[1:], *letters], firm) if chance.random() < 0.5 else firm.name.replace(".", " ")


def _order(firm: Firm, chance: random.Random) -> str:
    del chance
    return _with_form([*firm.words[1:], firm.words[0]], firm)


def _spacing(firm: Firm, chance: random.Random) -> str:
    del chance
    return _with_form([firm.words[0] + firm.words[1].lower(), *firm.words[2:]], firm)


def _word_more(firm: Firm, chance: random.Random) -> str:
    return _with_form([*firm.words, chance.choice(TOWNS)], firm)


def _word_less(firm: Firm, chance: random.Random) -> str:
    del chance
    return _with_form(firm.words[:-1], firm)


def _one_error(firm: Firm, chance: random.Random) -> str:
    return _with_form(_mistyped(" ".join(firm.words), chance).split(), firm)


def _two_errors(firm: Firm, chance: random.Random) -> str:
    return _with_form(_mistyped(_mistyped(" ".join(firm.words), chance), chance).split(), firm)


def _accents(firm: Firm, chance: random.Random) -> str:
    del chance
    return firm.name.replace("a", "á", 1).replace("o", "ö", 1)


def _and(firm: Firm, chance: random.Random) -> str:
    return _with_form([firm.words[0], chance.choice(["&", "and", "und"]), *firm.words[1:]], firm)


def _mistyped(text: str, chance: random.Random) -> str:
    """The text with one letter left out, added, or replaced, or two that changed places."""
    at = chance.randrange(1, len(text) - 1)
    letter = chance.choice(_CONSONANTS + _VOWELS)
    return chance.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + letter + text[at + 1 :],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        ]
    )


KINDS: Final[Mapping[str, tuple[float, Change]]] = {
    "legal form": (30, _another_form),
    "article": (4, _article),
    "remark behind the form": (3, _remark),
    "abbreviation": (5, _shortened),
    "initials": (3, _initials),
    "word order": (5, _order),
    "spacing": (5, _spacing),
    "one word more": (8, _word_more),
    "one word less": (5, _word_less),
    "one typing error": (20, _one_error),
    "two typing errors": (4, _two_errors),
    "accents": (4, _accents),
    "and": (4, _and),
}
_RENAMED: Final = "renamed"


def make_world(names: int, seed: int) -> World:
    """An invented world of about so many names a side; no name of one side is equal to one of the other."""
    chance, world = random.Random(seed), World()
    weights = [weight for weight, _ in KINDS.values()]
    used: set[str] = set()
    while len(world.ours) < names:
        firm = _firm(chance)
        if firm.name.lower() in used:
            continue
        used.add(firm.name.lower())
        if chance.random() >= _SHARED:
            side = chance.choice((world.ours, world.theirs))
            side.append((firm.name, None))
            continue
        domain = f"{len(used)}.example"
        kind = chance.choices(list(KINDS), weights)[0] if chance.random() < 0.97 else _RENAMED
        if kind == "initials":
            letters = chance.sample(_CONSONANTS.upper(), 2)
            firm = replace(firm, words=(f"{letters[0]}.{letters[1]}.", *firm.words))
        other = _firm(chance).name if kind == _RENAMED else KINDS[kind][1](firm, chance)
        if other.lower() not in used:
            used.add(other.lower())
            world.labelled[len(world.ours), len(world.theirs)] = kind
            is_known = domain if kind == _RENAMED else None
            world.ours.append((other, is_known))
            world.theirs.append((firm.name, is_known))
    return world


def _firm(chance: random.Random) -> Firm:
    brand = "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(3)).capitalize()
    words = [brand, chance.choice(TRADES)]
    if chance.random() < 0.3:
        words.insert(1, chance.choice([*TRADES, "II", "III", "2", "3"]))
    return Firm(tuple(words), chance.choice(FORMS))


def read_listings(path: Path) -> World:
    """Real labelled names, those that are equal but for their case left out."""
    listed = json.loads(gzip.decompress(path.read_bytes()))
    equal = [{name.lower() for name in listed[side].values()} for side in ("L", "R")]
    left = {number: name for number, name in listed["L"].items() if name.lower() not in equal[1]}
    right = {number: name for number, name in listed["R"].items() if name.lower() not in equal[0]}
    rows = [{number: row for row, number in enumerate(side)} for side in (left, right)]
    labelled = {
        (rows[0][number], rows[1][number]): "listed"
        for number in map(str, listed["lab"])
        if number in left and number in right
    }
    return World([(name, None) for name in left.values()], [(name, None) for name in right.values()], labelled)


def _words() -> CompanyWords:
    return CompanyWords.from_data(rulebook().company_names)


def _by_kit(world: World) -> Pairs:
    ours, theirs = (_frame(side) for side in (world.ours, world.theirs))
    return {(int(row["hubspot_id"]), int(row["dynamics_id"])) for row in pair_near_names(ours, theirs, _words())}


def _frame(side: Sequence[tuple[str, str | None]]) -> nw.DataFrame[Any]:
    names, domains = [name for name, _ in side], [domain for _, domain in side]
    columns = {
        "id": list(map(str, range(len(side)))),
        "name": names,
        "key": list(map(name_key, names)),
        "domain": domains,
    }
    blank = pl.lit(None, dtype=pl.String)
    frame = pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String))
    filled = frame.with_columns(**{name: blank for name in COLUMNS if name not in columns})
    return nw.from_native(filled.select(COLUMNS), eager_only=True)


def _bare(world: World) -> tuple[list[str], list[str]]:
    words = _words()
    ours, theirs = ([" ".join(words.bare_words(name)) for name, _ in side] for side in (world.ours, world.theirs))
    return ours, theirs


def _by_rapidfuzz(world: World) -> Pairs:
    """All pairs whose words in order are alike by 85 of 100, every name compared with every other."""
    import numpy as np
    from rapidfuzz import fuzz, process

    ours, theirs = ([" ".join(sorted(text.split())) for text in side] for side in _bare(world))
    pairs: Pairs = set()
    for first in range(0, len(ours), 500):
        scores = process.cdist(ours[first : first + 500], theirs, scorer=fuzz.ratio, score_cutoff=85, dtype=np.uint8)
        pairs.update((first + int(left), int(right)) for left, right in zip(*np.nonzero(scores), strict=True))
    return pairs


def _by_sparse_dot_topn(world: World) -> Pairs:
    """The five likest by three-letter parts (cosine of 0.5 on), then with sorted words alike by 85 of 100."""
    from rapidfuzz import fuzz
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    ours, theirs = _bare(world)
    parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit([*ours, *theirs])
    alike = sp_matmul_topn(parts.transform(ours), parts.transform(theirs).T.tocsr(), top_n=5, threshold=0.5).tocoo()
    pairs = zip(alike.row.tolist(), alike.col.tolist(), strict=True)
    return {(left, right) for left, right in pairs if fuzz.token_sort_ratio(ours[left], theirs[right]) >= 85}


def _by_string_grouper(world: World) -> Pairs:
    """All pairs of a cosine of three-letter parts of 0.6 on, five for each name at the most."""
    import pandas as pd
    from string_grouper import match_strings

    ours, theirs = (pd.Series([name for name, _ in side]) for side in (world.ours, world.theirs))
    matches = match_strings(ours, theirs, min_similarity=0.6, max_n_matches=5, ignore_case=True)
    return set(zip(matches["left_index"], matches["right_index"], strict=True))


def _by_splink(world: World) -> Pairs:
    """Pairs of a probability of 0.5 on, trained as splink's guide to linking two tables does it.

    It asks for several columns that depend little on each other: the first word, and the others.
    """
    import pandas as pd
    import splink.comparison_library as compared
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    tables = [
        pd.DataFrame(
            {
                "unique_id": range(len(names)),
                "first": [name.split(" ")[0] or None for name in names],
                "others": [" ".join(name.split(" ")[1:]) or None for name in names],
                "in_order": [" ".join(sorted(name.split(" "))) or None for name in names],
                "closed": [name.replace(" ", "") or None for name in names],
            }
        )
        for names in _bare(world)
    ]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            compared.NameComparison("first").configure(term_frequency_adjustments=True),
            compared.NameComparison("others").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("first"),
            block_on("in_order"),
            block_on("substr(closed, 1, 6)"),
            block_on("others", "substr(first, 1, 2)"),
        ],
    )
    database = DuckDBAPI()
    linker = Linker([database.register(table) for table in tables], settings)
    linker.training.estimate_probability_two_random_records_match([block_on("in_order")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for column in ("first", "others"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(column))
    matched = linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()
    return set(zip(matched["unique_id_l"].tolist(), matched["unique_id_r"].tolist(), strict=True))


def _by_goldenmatch(world: World) -> Pairs:
    """Pairs whose words in order are alike by 0.85, in blocks of several passes: its advice for names with errors.

    The first three passes are those that it chooses for names itself.
    """
    import goldenmatch as gm

    def table(names: Sequence[str]) -> pl.DataFrame:
        return pl.DataFrame({"number": range(len(names)), "company": names})

    name = gm.MatchkeyField(field="company", scorer="token_sort", weight=1.0, transforms=["lowercase", "strip"])
    blocks = (["substring:0:5"], ["soundex"], ["token_sort", "substring:0:8"], ["first_token"], ["last_token"])
    passes = [gm.BlockingKeyConfig(fields=["company"], transforms=["lowercase", *block]) for block in blocks]
    config = gm.GoldenMatchConfig(
        matchkeys=[gm.MatchkeyConfig(name="company", type="weighted", threshold=0.85, fields=[name])],
        blocking=gm.BlockingConfig(strategy="multi_pass", passes=passes, keys=passes[:1]),
    )
    ours, theirs = _bare(world)
    matched = gm.match_df(table(ours), table(theirs), config=config).matched
    sides = (map(int, matched[f"{side}_number"].to_pylist()) for side in ("target", "ref"))
    return set(zip(*sides, strict=True))


PROGRAMS: Final[Mapping[str, tuple[str, Callable[[World], Pairs]]]] = {
    "kit": ("dynsync_lib", _by_kit),
    "rapidfuzz": ("rapidfuzz", _by_rapidfuzz),
    "sparse_dot_topn": ("sparse_dot_topn", _by_sparse_dot_topn),
    "string_grouper": ("string_grouper", _by_string_grouper),
    "splink": ("splink", _by_splink),
    "goldenmatch": ("goldenmatch", _by_goldenmatch),
}
"""By program what must be installed, and how it pairs names."""


def run_here(program: str, world: World) -> dict[str, Any]:
    """Pairs the names with one program, in this process."""
    started_s = time.process_time()
    pairs = PROGRAMS[program][1](world)
    cpu_s = time.process_time() - started_s
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"pairs": pairs, "cpu_s": round(cpu_s, 2), "peak_mb": peak_kb >> 10}


def run_apart(program: str, folder: Path) -> dict[str, Any] | str:
    """What `run_here` gives, of a process of its own; the last line of its complaint when it fails."""
    command = [sys.executable, __file__, "--program", program, "--folder", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        return (ended.stderr.strip().splitlines() or ["it says nothing"])[-1]
    result: dict[str, Any] = pickle.loads((folder / program).read_bytes())  # noqa: S301 - written by the line above
    return result


def figures_of(world: World, pairs: Pairs) -> dict[str, Any]:
    """Recall, also by kind, and precision of all pairs."""
    right = pairs & world.labelled.keys()
    labelled, told_right = Counter(world.labelled.values()), Counter(world.labelled[pair] for pair in right)
    return {
        "labelled": len(world.labelled),
        "told": len(pairs),
        "recall": round(len(right) / max(len(world.labelled), 1), 4),
        "precision": round(len(right) / max(len(pairs), 1), 4),
        "recall_by_kind": {kind: round(told_right[kind] / number, 3) for kind, number in sorted(labelled.items())},
    }


def examples(world: World, pairs: Pairs, number: int) -> Iterator[str]:
    """Some labelled pairs that are not told, and some told that are not labelled."""
    for word, wrong in (("missed", world.labelled.keys() - pairs), ("false", pairs - world.labelled.keys())):
        for left, right in random.Random(1).sample(sorted(wrong), min(number, len(wrong))):
            yield f"{word}: {world.ours[left][0]} | {world.theirs[right][0]}"


def main() -> None:
    """Prints a table, a line a program, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description="How well near names are found, beside other programs.")
    parser.add_argument("--names", type=int, default=10_000, help="names a side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--listings", type=Path, help="labelled real names instead of invented ones")
    parser.add_argument("--programs", default=",".join(PROGRAMS), help="separated by commas")
    parser.add_argument("--misses", type=int, default=0, help="print so many wrong pairs of each kind")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--program", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.program:
        world = pickle.loads((asked.folder / "world").read_bytes())  # noqa: S301 - written by the process that asks
        (asked.folder / asked.program).write_bytes(pickle.dumps(run_here(asked.program, world)))
        return
    if asked.listings and not asked.listings.exists():
        parser.error(f"There is no file {asked.listings}. Leave --listings out for invented names.")
    world = read_listings(asked.listings) if asked.listings else make_world(asked.names, asked.seed)
    print(f"{len(world.ours):,} and {len(world.theirs):,} names, {len(world.labelled):,} labelled pairs")
    print(f"{'program':16} {'recall':>7} {'precision':>9} {'told':>9} {'cpu s':>8} {'peak MB':>8}")
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "world").write_bytes(pickle.dumps(world))
        for program in asked.programs.split(","):
            if importlib.util.find_spec(PROGRAMS[program][0]) is None:
                print(f"{program:16} is not installed: `pip install {PROGRAMS[program][0]}` adds it to the table")
                continue
            result = run_apart(program, Path(folder))
            if isinstance(result, str):
                print(f"{program:16} could not run: {result}")
                continue
            figures = figures_of(world, result["pairs"]) | {name: result[name] for name in ("cpu_s", "peak_mb")}
            results[program] = figures
            row = [figures[name] for name in ("recall", "precision", "told", "cpu_s", "peak_mb")]
            print(f"{program:16} {row[0]:7.3f} {row[1]:9.3f} {row[2]:9,} {row[3]:8.2f} {row[4]:8,}")
            print(*examples(world, result["pairs"], asked.misses), sep="\n", end="\n" if asked.misses else "")
    kinds = {kind: [results[program]["recall_by_kind"][kind] for program in results] for kind in _kinds(results)}
    for kind, recalls in kinds.items():
        print(f"{kind:24}", *(f"{recall:7.3f}" for recall in recalls))
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _kinds(results: Mapping[str, Any]) -> Iterator[str]:
    for figures in results.values():
        yield from figures["recall_by_kind"]
        return


if __name__ == "__main__":
    main()
