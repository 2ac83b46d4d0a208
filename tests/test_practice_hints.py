"""Hints tell what is lacking and not what it is: checked over every shipped rubric, by a check of its own."""

from __future__ import annotations

import re

import pytest
import Stemmer
from conftest import ROOT

from dlgrade.grading import offline
from dlgrade.grading.words import STOPWORDS
from dlgrade.models import Criterion, Evidence, Finding, Grade, Misconception, Rubric, Verdict
from dlgrade.practice.feedback import Feedback, feedback
from dlgrade.practice.hints import aspect, gives_away, hint
from dlgrade.rubrics import load_rubric

RUBRICS = [load_rubric(path) for path in sorted((ROOT / "rubrics").glob("*.yaml"))]
DROPOUT = load_rubric(ROOT / "rubrics" / "dropout.yaml")
_STEM = Stemmer.Stemmer("english").stemWord


def content(text: str) -> list[str]:
    """The stems of the words that say something, found otherwise than the package does."""
    found = re.findall(r"[a-z0-9]+", re.sub(r"['’]s\b", "", text.casefold()))
    return [_STEM(word) for word in found if word not in STOPWORDS]


def runs(text: str) -> set[tuple[str, ...]]:
    words = content(text)
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


def shown(told: Feedback) -> list[str]:
    """Everything that a person reads which is not their own words."""
    own = [item.hint for item in told.lacking] + [item.about for item in told.wrong]
    return [*own, *told.remarks, told.reason or ""]


def answers(rubric: Rubric, n: int) -> list[str]:
    half = " ".join(criterion.expects for criterion in rubric.criteria[::2])
    return ["", "I would say that it learns from data.", half, RUBRICS[(n + 1) % len(RUBRICS)].reference]


@pytest.mark.parametrize(("n", "rubric"), [*enumerate(RUBRICS)], ids=[rubric.name for rubric in RUBRICS])
def test_no_feedback_has_four_words_of_the_reference_in_a_row(n: int, rubric: Rubric) -> None:
    secret = runs(rubric.reference).union(*(runs(criterion.expects) for criterion in rubric.criteria))
    for answer in answers(rubric, n):
        grade = offline.grade(answer, rubric)
        used = {*content(answer), *content(rubric.question)}
        for text in shown(feedback(grade, rubric, answer)):
            told = [run for run in runs(text) if run in secret and not used.issuperset(run)]
            assert told == [], text


@pytest.mark.parametrize("rubric", RUBRICS, ids=[rubric.name for rubric in RUBRICS])
def test_the_check_sees_what_would_give_it_away(rubric: Rubric) -> None:
    sources = (rubric.reference, *(criterion.expects for criterion in rubric.criteria))
    for criterion in rubric.criteria:
        if len(content(criterion.expects)) >= 6:
            assert gives_away(f"Think of this: {criterion.expects}", sources, "", "")
    assert not gives_away("Think of what happens at inference.", sources, "", "")
    assert not gives_away(rubric.reference, sources, rubric.question, rubric.reference)


def test_a_hint_says_what_a_criterion_is_about_and_leaves_gaps_for_what_was_not_used() -> None:
    criterion = next(criterion for criterion in DROPOUT.criteria if criterion.id == "off-at-inference")
    told = hint(criterion, DROPOUT, DROPOUT.question, "During training, units are dropped.")
    assert told == "what happens at inference: “Dropout is … in training …; at … it is … and … units are ….”"
    for word in ("off", "only", "switched", "all", "active"):
        assert word not in re.findall(r"\w+", told)


def test_numbers_and_formulas_are_gaps() -> None:
    criterion = Criterion(
        id="x", points=1.0, expects="The scale is 1/(1-p) (about 42 %), so that the mean stays $\\mu$."
    )
    rubric = DROPOUT.model_copy(update={"criteria": (criterion,)})
    told = hint(criterion, rubric, "", "The scale and the mean stays")
    assert told == "“The scale is …, so that the mean stays ….”"


def test_every_criterion_gets_a_hint_that_says_something_or_says_that_it_does_not() -> None:
    told = [hint(c, rubric, rubric.question, "") for rubric in RUBRICS for c in rubric.criteria]
    assert all(told)
    assert sum(one == "a point that you have not made" for one in told) < len(told) / 4


@pytest.mark.parametrize(
    ("id_", "about"),
    [("off-at-inference", "what happens at inference"), ("limits-and-variants", "where it falls short"), ("relu", "")],
)
def test_an_id_tells_an_aspect_and_nothing_else(id_: str, about: str) -> None:
    assert aspect(id_) == about


# ── all of the feedback ──────────────────────────────────────────────────────────────────────


def test_what_was_right_and_wrong_is_shown_in_the_persons_own_words() -> None:
    answer = "It sets units to zero at random. Dropout stays on at inference."
    told = feedback(offline.grade(answer, DROPOUT), DROPOUT, answer)
    assert [(item.number, [piece.quote for piece in item.quotes]) for item in told.right] == [
        (1, ["It sets units to zero at random."])
    ]
    assert [(item.cost, [piece.quote for piece in item.quotes]) for item in told.wrong] == [
        (2.0, ["Dropout stays on at inference."])
    ]
    assert [item.number for item in told.lacking] == [2, 3, 4, 5]
    whole = told.model_dump_json()
    for criterion in DROPOUT.criteria:
        assert criterion.id not in whole
    for mistake in DROPOUT.misconceptions:
        assert mistake.claims not in whole


def test_what_a_model_says_of_a_criterion_is_not_told() -> None:
    """Its reasons and its flags name what is asked for."""
    grade = offline.grade("Nothing.", DROPOUT)
    first = grade.verdicts[0].model_copy(update={"why": "It lacks that units are zeroed."})
    said = {"verdicts": (first, *grade.verdicts[1:]), "flags": ("needs review: random-masking rests on no quote",)}
    told = feedback(grade.model_copy(update=said), DROPOUT, "Nothing.")
    assert "zeroed" not in told.model_dump_json()
    assert told.remarks == ()
    assert [item.doubtful for item in told.lacking] == [True, False, False, False, False]


def test_a_misconception_without_a_quote_is_told_with_gaps() -> None:
    mistake = Misconception(id="m", costs=1.0, claims="The units are removed for good, as pruning removes them.")
    rubric = DROPOUT.model_copy(update={"misconceptions": (mistake,)})
    grade = offline.grade("The units are removed.", rubric)
    found = grade.model_copy(update={"misconceptions": (Finding(id="m", found=True, cost=1.0),)})
    assert (
        feedback(found, rubric, "The units are removed.").wrong[0].about
        == "The units are removed for …, as … removes them."
    )


def test_half_a_criterion_shows_the_quote_and_asks_for_the_rest() -> None:
    answer = "Units are dropped."
    grade = offline.grade(answer, DROPOUT)
    half = Verdict(
        criterion="random-masking",
        verdict="partial",
        points=1.25,
        max_points=2.5,
        evidence=(Evidence(quote=answer, start=0, end=len(answer)),),
    )
    told = feedback(_with(grade, half), DROPOUT, answer)
    assert (told.lacking[0].verdict, told.lacking[0].more, told.lacking[0].quotes[0].quote) == ("partial", 1.25, answer)
    assert DROPOUT.criteria[0].partial is not None
    assert "at random" not in told.lacking[0].hint


def _with(grade: Grade, verdict: Verdict) -> Grade:
    others = tuple(other for other in grade.verdicts if other.criterion != verdict.criterion)
    return grade.model_copy(update={"verdicts": (verdict, *others)})
