"""The words that texts are made of: which there are, how common they are, and which stand beside a link.

    is_known("tokenizers") -> True    cost("the") -> 14    is_pair("deep", "learning") -> True

`lexicon.txt` is made by `benchmarks/make_lexicon.py` from the frequency dictionary of symspellpy (MIT), the counts
and words of wordsegment (Apache 2.0), a list of terms, and what our rubrics write: see NOTICE. It is read when the
first word is asked for; packed, it would take twice as long.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Costs are ten times minus log10 of a word's share of all words: `the` 14, `network` 37, `perceptron` 67.
COMMON = 58
COMMON_SHORT = 52
DEAR = 72
DEAR_TERM = 82


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FUNCTION = _set(
    """
    a about above across after against also among an and any are around as at be because been before behind
    being below between beyond both but by can could did do does during each either for from had has have help
    helps how if in into is it its like may might most must not of on one only onto or other our over per should
    since some such than that the their them then there these they this those through to toward towards under
    unlike until up upon use used uses using versus very via vs was we were what when where whether which while
    who why will with within without would you your
    """
)
"""The words at the borders of links; they are known without the lexicon."""
NO_START = _set(
    """
    above around not one over per under up
    """
)
"""They begin real words: `upvote`, `overparameterised`."""
NO_END = _set(
    """
    a about above after among an any around behind being below it its like may most one our over per some
    through under up us we
    """
)
"""They end real words, or seldom stand behind a link: `rollup`, `passthrough`, names in -a and -an."""
ASKING = _set(
    """
    analyze apply assess can compare consider contrast define derive describe design determine develop
    differentiate discuss distinguish evaluate explain explore give how identify illustrate implement interpret
    justify list name outline present propose provide show state suggest summarize use what when where which who
    why write
    """
)
"""Words that begin questions and tasks."""
BEFORE = ASKING | _set(
    """
    achieve additional advanced affect alternative analyse analyzing applied applying appropriate assessing
    available avoid avoiding basic beyond build building calculate certain choose choosing classify combine
    combining common complex compute concerning configure considered considering correct create creating current
    customize debug debugging default defining deploy describing designing detect detecting different differs
    difficult effective efficient employ enable ensure ensuring estimate evaluating every existing external
    final fit fitting forecast fundamental general generate generating good handle handling high implementing
    importance important improve improved improving including integrate internal interpreting involving key
    large latest learn local low main maintain major manage managing many measure mitigate model modern monitor
    monitoring multiple necessary optimal optimize optimizing original overcome particular perform performing
    popular possible potential predict predicting prevent preventing primary process proper real recent recently
    reduce reducing regarding relevant representing requires requiring robust scale scaling secure select
    selecting separate setting several significant similar simple solve solving specific speed standard suitable
    support test testing traditional train training tune tuning typical understand understanding unique useful
    utilize utilizing valid various visualize writing
    """
)
"""Words that stand before a link though they are no function words."""
AFTER = _set(
    """
    achieve affect affects aid allow allows alone apply approach approaches based become benefit better called
    change compare compared considered containing contribute contributes deal differ different differently
    differs effectively enable enables enhance ensure ensures especially exist fail fails formed function
    functions given handle handles impact important improve improves including influence influences interact
    involving made means method methods need needed needs occur operate perform performance performs play plays
    prevent problem problems process processes project projects provide question questions reduce relate related
    relates represent require required requires requiring run scenario scenarios simplify solution solutions
    strategies strategy support supports task tasks team technique techniques technology tool tools work
    workflow working works
    """
)
"""Words that stand behind a link though they are no function words."""
AFTER_NAME = AFTER | _set(
    """
    algorithm algorithms application applications architecture architectures class classes code data database
    framework frameworks graph layer layers libraries library model models network networks object objects
    queries query results server service services statement statements system systems training values
    """
)
"""What an acronym may lead: "ARIMAmodels"; after other words these make compounds."""
HYPHENED = _set(
    """
    anti bi co cross inter intra micro mini mis mono multi neuro non post pre pro quasi re self semi sub super
    un
    """
)
"""They are words of their own only before a hyphen: "thepre-trained"."""
MEMBER = _set(
    """
    add by do fetch find for get handle has have is make on parse set should to use with
    """
)
"""Words that begin identifiers: `isEmpty`, `getValue`, `useQuery`, `onSubmit`."""
CALLS = _set(
    """
    abs arg argmax argmin avg concat count cov def diff exp filter float func function int len log map max mean
    method min print range reduce relu select set sigmoid softmax sqrt std str sum tanh tuple type var where
    """
)
"""Words that brackets may follow without a space."""
_PREFIXES = _set(
    """
    anti auto bi co counter cyber de geo hetero homo hyper inter intra mega meta micro mis mono multi nano neuro
    non poly pre pseudo quasi re semi sub super tele trans un uni
    """
)
_SUFFIXES = _set(
    """
    ability able d ed er ers es ian ic ical ing isation ise ised ises ising ism ist ity ization ize ized izer
    izers izes izing ly ment ments ness s
    """
)


START = 3
"""Letters by which the words of a large list are found."""


class Words:
    """A large list of words, each with a number if it has one.

    The words that begin alike stand in one text: a dict of them takes ten times the memory, and as long to make.

        >>> words = Words([" abacus 70 abandon 51 ", " able 42 "])
        >>> "able" in words, words.get("abandon"), words.get("abba")
        (True, 51, None)
    """

    def __init__(self, lines: Iterable[str]) -> None:
        lines = list(lines)
        self._by_start = dict(zip([line[1 : 1 + START] for line in lines], lines, strict=True))
        for short in [start for start in self._by_start if " " in start]:
            self._by_start[short.split(" ")[0]] = self._by_start.pop(short)

    def __contains__(self, word: str) -> bool:
        return f" {word} " in self._by_start.get(word[:START], "")

    def get(self, word: str) -> int | None:
        """The number of a word, None where it is not there."""
        line = self._by_start.get(word[:START], "")
        at = line.find(f" {word} ")
        if at < 0:
            return None
        start = at + len(word) + 2
        return int(line[start : line.index(" ", start)])


@dataclass(frozen=True)
class Lexicon:
    """Words that may be parts with their costs; words that are only known; `groups` of others by name, in one text."""

    words: Words
    kept: Words
    groups: Mapping[str, str]

    @functools.cached_property
    def field(self) -> frozenset[str]:
        """The field's own words."""
        return _set(self.groups["field"])

    @functools.cached_property
    def pairs(self) -> frozenset[str]:
        """Words that the field writes together, as in `neural_network`."""
        return _set(self.groups["pairs"])

    @functools.cached_property
    def hyphened(self) -> frozenset[str]:
        """Terms such as `t-sne`."""
        return _set(self.groups["hyphened"])

    @functools.cached_property
    def cased(self) -> frozenset[str]:
        """Names with inner capitals."""
        return _set(self.groups["cased"])

    @functools.cached_property
    def proper(self) -> frozenset[str]:
        """Names that begin with a capital."""
        return _set(self.groups["proper"])


_GROUPS = 5  # lines at the file's end


@functools.cache
def lexicon() -> Lexicon:
    """Return the lexicon, read when it is first asked for."""
    lines = Path(__file__).with_name("lexicon.txt").read_bytes().decode("ascii").splitlines()
    words, kept, groups = lines.index("words"), lines.index("kept"), len(lines) - _GROUPS
    named = dict(line.split(" ", 1) for line in lines[groups:])
    return Lexicon(Words(lines[words + 1 : kept]), Words(lines[kept + 1 : groups]), named)


def cost(word: str) -> int:
    """Return how rare the folded word is; what is not counted is dear."""
    known = lexicon().words.get(word)
    return DEAR if known is None else known


def is_term(word: str) -> bool:
    """Say whether the field's terms have the folded word."""
    return word in lexicon().field


def is_pair(left: str, right: str) -> bool:
    """Say whether the field writes the two folded words together: `neural network`."""
    pairs = lexicon().pairs
    return f"{left}_{right}" in pairs or f"{left.removesuffix('s')}_{right}" in pairs


def is_known(low: str, known: Collection[str] = ()) -> bool:
    """Say whether the folded run is a word: in the lexicon, said to be known, or made of such a word."""
    words = lexicon()
    return low in words.words or low in words.kept or low in known or low.isdigit() or _is_made(low)


@functools.lru_cache(maxsize=20_000)
def _is_made(low: str) -> bool:
    """Say whether the run is a known word with endings and beginnings that are no words of their own."""
    words = lexicon().words
    stems = {stem for suffix in _SUFFIXES if low.endswith(suffix) for stem in _stems(low[: -len(suffix)])}
    if any(len(stem) > 3 and stem in words for stem in stems):
        return True
    return any(
        stem.startswith(prefix) and len(stem) - len(prefix) > 3 and stem[len(prefix) :] in words
        for stem in (low, *stems)
        for prefix in _PREFIXES
    )


def _stems(stem: str) -> list[str]:
    """What a word may be without the ending that followed this: `scal` -> scale, `happi` -> happy, `batchnorm`."""
    if len(stem) < 4:
        return []
    undoubled = [stem[:-1]] if stem[-1] == stem[-2] else []
    return [stem, stem + "e", stem + "y", *undoubled, *([stem[:-1] + "y"] if stem[-1] == "i" else [])]
