"""Make dlgrade/banks/spelling/lexicon.txt, the words by which lost spaces are found again.

    pip download --no-deps symspellpy==6.10.1 wordsegment==1.3.1    # and unpack both wheels here
    python benchmarks/make_lexicon.py symspellpy/symspellpy wordsegment/wordsegment

Sources: the frequency dictionary of symspellpy (MIT; SCOWL's words with counts of Google's n-grams), counts of
wordsegment (Apache 2.0; Google's Web Trillion Word Corpus, by Peter Norvig), terms.txt beside this file, and what our
rubrics and the banks that kept their spaces write.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from pathlib import Path

from dlgrade.banks.spelling.lexicon import START

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "dlgrade" / "banks" / "spelling" / "lexicon.txt"
RIGHT_BANKS = ("catalogue.md", "fifty.md", "article.md")

ALL = 588e9
"""Words counted."""
LEAST = 60_000
"""A word of the web that is seen less may be a slip, or glued itself."""
LEAST_PART = 700_000
"""A word of the web that is seen less, or is short, is known but no part of others: too many are names and slips."""
RARE = 65
"""The cost of a term that the counts do not have: ten times minus log10 of its share."""
DEAREST_TERM = 55

SHORT = frozenset(
    re.findall(
        r"\S+",
        """
    a i ad ae ai ar ax am an as at be by cd db di do dl em en ex go gp he hi hr id if in io ip is it js kl lr me ml mr
    my ng nn no of oh ok on op or os ox pc pi pm pr qa ql qr qt re rf rl so tf to ui up us ux va vc vm vr vs we wx
""",
    )
)
"""What may be a part though it is short; no other word of one or two letters may."""
GLUED = frozenset(
    re.findall(
        r"\S+",
        """
    ina asa ata tobe ares ands toa toad ofa isa ora onan onto_ anda asan aby ins ons ofay inthe ofthe thea thein
    ana isin inf ort orf fora tot ist sot sod soe doa wea weis meas usea usean seta ona ono ofs toe_ aswell alot aare
    howto whatis forthe tothe onthe andthe isthe isnt inor init_ iso_ orin ora hasa asto ison isto isan inan whata
    dothe doi doa useof isof andis andin andi intoa
""",
    )
)
"""Counted as words, and here always lost spaces."""

COARSE = re.compile("sex|porn|fuck|milf|cunt|dildo|nude|tits|hentai|xxx|viagra|cialis|casino|poker|slut|whore|nigg")
"""Of the web's words we do without these."""

NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|https?://\S+|[\w.]*[_/@\\=^{}<>]\S*", re.DOTALL)
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def counted(path: Path) -> dict[str, int]:
    rows = (line.split() for line in path.read_text(encoding="utf-8-sig").splitlines())
    return {row[0]: int(row[1]) for row in rows if row[0].isascii() and row[0].isalpha()}


def is_glued(word: str, count: int, dictionary: dict[str, int], pairs: dict[str, int]) -> bool:
    """Say whether the word is likelier two words of the dictionary that lost their space."""
    for cut in range(1, len(word)):
        left, right = word[:cut], word[cut:]
        if left in dictionary and right in dictionary and (min(len(left), len(right)) > 1 or left == "a"):
            chance = 3 * dictionary[left] * dictionary[right] / ALL
            if count < max(chance, pairs.get(f"{left} {right}", 0)):
                return True
    return False


def pair_counts(path: Path) -> dict[str, int]:
    rows = (line.rsplit("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {pair: int(count) for pair, count in rows}


def our_texts() -> Iterator[str]:
    """What rubrics and right banks say, without code, formulas and cues."""
    for path in sorted((ROOT / "rubrics").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        yield NOT_PROSE.sub(" . ", re.sub(r"^ *(?:partial_)?cues:\n(?:^ +- .*\n)+", "", text, flags=re.MULTILINE))
    for name in RIGHT_BANKS:
        yield NOT_PROSE.sub(" . ", (ROOT / "questions" / name).read_text(encoding="utf-8"))


def terms() -> list[str]:
    lines = (Path(__file__).parent / "terms.txt").read_text(encoding="utf-8").splitlines()
    return [term.strip() for line in lines if not line.startswith("#") for term in line.split(",") if term.strip()]


def pieces(term: str) -> list[str]:
    return [word for word in re.split(r"[^A-Za-z0-9]+", term) if word and not word.isdigit()]


def plurals(word: str) -> list[str]:
    return (
        [word + "s", word + "es"] if word.endswith(("x", "s", "ch")) else [word + "s", word.removesuffix("y") + "ies"]
    )


def is_cased(word: str) -> bool:
    return bool(re.search(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]", word)) and not re.fullmatch(r"[A-Z0-9]+s", word)


def costs(dictionary: dict[str, int], web: dict[str, int], pairs: dict[str, int]) -> tuple[dict[str, int], set[str]]:
    """Return the words that may be parts with their costs, and those that are only known."""

    def cost(count: int) -> int:
        return round(-10 * math.log10(count / ALL))

    words = {word: cost(count) for word, count in dictionary.items()}
    kept = set()
    for word, count in web.items():
        if word in dictionary or count < LEAST or len(word) < 3 or COARSE.search(word):
            continue
        if is_glued(word, count, dictionary, pairs):
            continue
        if count >= LEAST_PART and len(word) > 4:
            words[word] = cost(count)
        else:
            kept.add(word)
    ours = Counter(word.lower() for text in our_texts() for word in WORD.findall(text))
    for word, times in ours.items():
        if times > 1 and len(word) > 2 and word not in words:
            words[word] = RARE
    return words, kept


def main() -> None:
    symspell, segment = map(Path, sys.argv[1:])
    dictionary = counted(symspell / "frequency_dictionary_en_82_765.txt")
    words, kept = costs(dictionary, counted(segment / "unigrams.txt"), pair_counts(segment / "bigrams.txt"))
    field: set[str] = set()
    joined: set[str] = set()
    hyphened: set[str] = set()
    cased = {word for text in our_texts() for word in WORD.findall(text) if is_cased(word)}
    for term in terms():
        parts = pieces(term)
        low = [part.lower() for part in parts]
        cased |= {part for part in parts if is_cased(part)}
        joined |= {f"{left}_{right}" for left, right in pairwise(low)}
        joined |= {f"{left}_{plural}" for left, right in pairwise(low) for plural in plurals(right)}
        field |= {word for word in low if len(word) > 2 or not word.isalpha()}
        field |= {part.lower() for part in parts if len(part) == 2 and part.isupper() and part.lower() in SHORT}
        hyphened |= {pair.lower() for pair in re.findall(r"(?<![\w-])(?!in|of|to|on)\w{1,2}-[A-Za-z]+", term)}
    names = {part for term in terms() for part in pieces(term)[:1] if part[0].isupper() and part[1:].islower()}
    proper = {name for name in names if not any(name.lower() in pieces(term) for term in terms())}
    field |= {word + "s" for word in field if len(word) > 3 and word.isalpha() and word[-1] not in "sy"}
    for word in field:
        words[word] = min(words.get(word, RARE), max(DEAREST_TERM, words.get(word, 0) - 10))
    kept |= {word for word in words if len(word) < 3 and word.isalpha()} - SHORT
    words = {word: cost for word, cost in words.items() if len(word) > 2 or word in SHORT or not word.isalpha()}
    for word in GLUED:
        words.pop(word, None)
        kept.discard(word)
    write(words, kept - set(words), field, joined, hyphened, cased, proper)


def write(words: dict[str, int], kept: set[str], *groups: set[str]) -> None:
    """As `dlgrade.banks.spelling.lexicon` reads it: two long lists by the words' first letters, then the short ones."""
    names = ("field", "pairs", "hyphened", "cased", "proper")
    lines = ["words", *by_start(f"{word} {cost}" for word, cost in sorted(words.items()))]
    lines += ["kept", *by_start(sorted(kept))]
    lines += [f"{name} {' '.join(sorted(group))}" for name, group in zip(names, groups, strict=True)]
    TARGET.write_bytes("\n".join(lines).encode())
    print(f"{len(words):,} words, {len(kept):,} kept")
    print(", ".join(f"{len(group):,} {name}" for name, group in zip(names, groups, strict=True)))
    print(f"{TARGET.stat().st_size:,} bytes")


def by_start(entries: Iterable[str]) -> list[str]:
    """Sorted entries on one line for each beginning of a word, a space around each."""
    lines = groupby(entries, key=lambda entry: entry.split(" ")[0][:START])
    return [f" {' '.join(found)} " for _, found in lines]


if __name__ == "__main__":
    main()
