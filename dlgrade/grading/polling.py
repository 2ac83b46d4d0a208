"""Several verdicts on one thing -> the one that counts, how far they agree, and whether more are needed.

    settle([Vote("met", …), Vote("met", …), Vote("missed", …)], CRITERION, asked=3).word     # "met"

The verdict is what most of the votes say. In a tie it is the one that earns least, and that is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dlgrade.models import Evidence

_AHEAD = 2  # votes by which a verdict has to lead for nobody else to be asked


@dataclass(frozen=True, slots=True)
class Vote:
    """One verdict. `made_up` are its quotes that are not in the answer; with none it may `lack` a quote altogether.

    `otherwise` says that what earns it is right, and not what the reference says.
    """

    word: str
    reason: str
    evidence: tuple[Evidence, ...] = ()
    made_up: tuple[str, ...] = ()
    lacks: bool = False
    otherwise: bool = False

    @property
    def holds(self) -> bool:
        """Whether all that it rests on stands in the answer."""
        return not self.made_up and not self.lacks


@dataclass(frozen=True, slots=True)
class Settled:
    """What counts. `agreement` is from 0 to 1.

    `tied` is how often each verdict was given, the one that counts first, where others were given as often, else
    empty. `flaw` says what is wrong with all the votes for it, if anything is; `otherwise` is what most of them say.
    """

    word: str
    reason: str
    evidence: tuple[Evidence, ...]
    agreement: float
    tied: tuple[tuple[str, int], ...] = ()
    flaw: str = ""
    otherwise: bool = False


def settle(votes: Sequence[Vote], words: Sequence[str], asked: int) -> Settled:
    """The verdict that most votes give; in a tie the one that earns least. `words` go from least to most.

    The agreement is the share of the samples asked for it that gave this verdict and rest on the answer alone: a sample
    that failed agrees with nobody, and neither does one whose quotes are not in the answer.
    """
    counts = Counter(vote.word for vote in votes)
    most = max(counts.values())
    leading = [word for word in words if counts[word] == most]
    return _settled(votes, leading[0], asked, tuple((word, counts[word]) for word in leading if len(leading) > 1))


def settle_level(votes: Sequence[Vote], words: Sequence[str], asked: int) -> Settled:
    """The level in the middle of the votes, the lower one of two; agreement as in `settle`."""
    places = sorted(words.index(vote.word) for vote in votes)
    return _settled(votes, words[places[(len(places) - 1) // 2]], asked, ())


def _settled(votes: Sequence[Vote], word: str, asked: int, tied: tuple[tuple[str, int], ...]) -> Settled:
    winning = [vote for vote in votes if vote.word == word]
    sound = [vote for vote in winning if vote.holds]
    evidence = once(piece for vote in winning for piece in vote.evidence)
    flaw = "" if sound else "a quote that is not in the answer" if winning[0].made_up else "no quote"
    otherwise = 2 * sum(vote.otherwise for vote in winning) > len(winning)
    return Settled(word, (sound or winning)[0].reason, evidence, len(sound) / asked, tied, flaw, otherwise)


def in_doubt(votes: Iterable[Vote]) -> bool:
    """Whether a verdict needs further votes: the leading one is not two ahead of the next.

    Votes that rest on made-up quotes do not count here.
    """
    counts = Counter(vote.word for vote in votes if vote.holds).most_common(2)
    lead, second = ([count for _, count in counts] + [0, 0])[:2]
    return lead - second < _AHEAD


def once(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The pieces of evidence, each once, without those that lie within another one."""
    pieces = list(dict.fromkeys(evidence))
    return tuple(
        piece
        for piece in pieces
        if not any(other != piece and other.start <= piece.start and piece.end <= other.end for other in pieces)
    )
