"""Records -> what the templates of the pages are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dlgrade.export.hypertext import line, text
from dlgrade.grading.highlights import Mark, Quote, Tone, pieces
from dlgrade.models import Evidence
from dlgrade.practice.choice import Pick
from dlgrade.practice.feedback import Feedback, Lacking, Right
from dlgrade.practice.phrases import WHY, comes_back, points
from dlgrade.practice.records import Card, Standing
from dlgrade.practice.session import Outcome, Practice, Solution
from dlgrade.serving.desk import Desk, Job, slug
from dlgrade.serving.forms import Selection

LISTED = 50
"""Questions that the first page lists as what comes next, at most."""

_BELOW = 3  # the level of headings in a reference: below the page's title, and its own


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on a page."""

    slug: str
    id: str
    wording: Markup
    linked: Markup
    material: Markup
    about: tuple[str, ...]
    plain: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is said of an answer: what its quotes are marked with, and what it is worth."""

    label: str
    tone: Tone
    worth: str
    aside: str
    says: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a person may judge otherwise, with the verdicts that can be: the value of each, and its word."""

    label: str
    tone: str
    now: str
    expects: Markup
    words: tuple[tuple[str, str], ...]


def asked(card: Card, why: str = "") -> Asked:
    """A question, and what it is."""
    wording, _, material = card.text.partition("\n\n")
    about = (card.id, card.topic, *card.difficulties[:1], *([why] if why else []))
    return Asked(
        slug=slug(card),
        id=card.id,
        wording=line(wording),
        linked=line(wording, links=False),
        material=text(material, below=2),
        about=about,
        plain=" ".join(wording.split()),
    )


# ── the first page ───────────────────────────────────────────────────────────────────────────


def start(desk: Desk, selection: Selection) -> dict[str, Any]:
    """What `start.html.j2` is given."""
    picks = desk.ahead(selection)
    cards = desk.cards(selection)
    whole = desk.banks.whole
    return {
        "counts": {why: sum(pick.why == why for pick in picks) for why in ("due", "weak", "new")},
        "ahead": [_picked(pick) for pick in picks[:LISTED]],
        "more": max(0, len(picks) - LISTED),
        "begun": [(asked(draft.card), _short(draft.text), draft.begun) for draft in desk.begun()],
        "handed_in": [_handed_in(job, desk.practice) for job in desk.jobs()[:LISTED]],
        "every": _every(cards, desk.history.standings()),
        "filters": [
            ("bank", sorted(desk.banks.each)),
            ("topic", whole.topics),
            ("category", _words(card.categories for card in whole.cards)),
            ("difficulty", _words(card.difficulties for card in whole.cards)),
        ],
    }


def _picked(pick: Pick) -> tuple[Asked, Card, str]:
    return asked(pick.card), pick.card, WHY[pick.why].partition(":")[0]


def _handed_in(job: Job, practice: Practice) -> tuple[str, dict[str, str], str, Card]:
    """An answer as the address of what is known of it, in short, and its question."""
    if not job.done.done():
        return f"/grading/{job.id}", {}, "being graded", job.card
    if job.done.exception() is not None:
        return f"/question/{slug(job.card)}", {"failed": job.id}, "could not be graded", job.card
    id_ = job.done.result().attempt.id
    percent = practice.outcome(id_).feedback.percent  # by now: a person may have overridden a verdict
    return f"/attempt/{id_}", {}, "not graded" if percent is None else f"{percent:.0f} %", job.card


def _every(cards: Sequence[Card], standings: Iterable[Standing]) -> list[tuple[str, str, str, str]]:
    """Each question as its address, its words in short, its id, and how it stands."""
    known = {one.question: one for one in standings}
    return [(slug(card), _short(card.text), card.id, _standing(known.get(card.key))) for card in cards]


def _standing(standing: Standing | None) -> str:
    if standing is None or standing.percent is None:
        return ""
    return f"{standing.percent:.0f} %, back {standing.due}"


def _words(found: Iterable[Iterable[str]]) -> list[str]:
    """The words, each once, case aside, as the selection takes them."""
    known: dict[str, str] = {}
    for word in (word for words in found for word in words):
        known.setdefault(word.casefold(), word)
    return [known[folded] for folded in sorted(known)]


def _short(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= 160 else f"{flat[:160]} …"


# ── an answer ────────────────────────────────────────────────────────────────────────────────


def result(practice: Practice, outcome: Outcome) -> dict[str, Any]:
    """What `result.html.j2` is given: the answer with its quotes marked, and what is said of it."""
    told = outcome.feedback
    right = [Item(str(one.number), "met", points(one.points), _aside(one), "") for one in told.right]
    lacking = {word: [_lacking(one) for one in told.lacking if one.verdict == word] for word in ("partial", "missed")}
    wrong = [
        Item(f"M{n}", "wrong", f"costs {points(one.cost)}", "", one.about) for n, one in enumerate(told.wrong, start=1)
    ]
    parts = (("Right", right), ("In part", lacking["partial"]), ("Missing", lacking["missed"]), ("Wrong", wrong))
    return {
        "told": told,
        "attempt": outcome.attempt,
        "pieces": pieces(outcome.attempt.answer, list(_quotes(told))),
        "heads": [(head, items) for head, items in parts if items],
        "due": comes_back(outcome, practice.today),
    }


def _quotes(told: Feedback) -> Iterable[Quote]:
    def marked(label: str, tone: Tone, name: str, found: Iterable[Evidence]) -> Iterable[Quote]:
        return (Quote(Mark(label, tone, name), one.start, one.end) for one in found)

    for right in told.right:
        yield from marked(str(right.number), "met", f"criterion {right.number}: met", right.quotes)
    for lacking in told.lacking:
        name = f"criterion {lacking.number}: {lacking.verdict}"
        yield from marked(str(lacking.number), lacking.verdict, name, lacking.quotes)
    for n, wrong in enumerate(told.wrong, start=1):
        yield from marked(f"M{n}", "wrong", "wrong", wrong.quotes)


def _lacking(item: Lacking) -> Item:
    worth = f"{points(item.more)} more" if item.verdict == "partial" else points(item.more)
    return Item(str(item.number), item.verdict, worth, _aside(item), item.hint)


def _aside(item: Right | Lacking) -> str:
    return f"says {item.by}" if item.by else "in doubt" if item.doubtful else ""


def solved(solution: Solution) -> dict[str, Any]:
    """The reference and the criteria, for whoever wants to see them."""
    return {
        "reference": text(solution.reference, below=_BELOW),
        "criteria": [
            (str(point.number), point.verdict, f"{point.points:g} of {point.max_points:g}", line(point.expects))
            for point in solution.points
        ],
        "claims": [(f"M{n}", line(claim.claims)) for n, claim in enumerate(solution.wrong, start=1)],
    }


def choices(solution: Solution) -> list[Choice]:
    """What of a grade a person may judge otherwise."""
    found = [
        Choice(
            label=str(point.number),
            tone=point.verdict,
            now=f"{point.verdict}, {point.points:g} of {point.max_points:g}",
            expects=line(point.expects),
            words=tuple((f"{point.number} {word}", word) for word in point.words if word != point.verdict),
        )
        for point in solution.points
    ]
    return found + [
        Choice(
            label=f"M{n}",
            tone="wrong",
            now=f"found, costs {points(claim.cost)}",
            expects=line(claim.claims),
            words=((f"M{n} absent", "absent"),),
        )
        for n, claim in enumerate(solution.wrong, start=1)
    ]


def judged(solution: Solution, chosen: str) -> tuple[int | str, str] | None:
    """The item and the verdict that a choice's value stands for; None where it is none of them."""
    known = {value for choice in choices(solution) for value, _ in choice.words}
    if chosen not in known:
        return None
    label, _, word = chosen.partition(" ")
    if label.startswith("M"):
        return solution.wrong[int(label[1:]) - 1].id, word
    return int(label), word
