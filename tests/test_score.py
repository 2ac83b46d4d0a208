"""The score follows from the verdicts by arithmetic, and from nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dlgrade.errors import Refused, ServerFailed
from dlgrade.grading.derivation import Derivation, derive, percent, points, total
from dlgrade.grading.score import feedback, graded, not_graded
from dlgrade.models import Criterion, Finding, Grader, Group, Misconception, Rubric, Verdict, VerdictWord

WORDS: list[VerdictWord] = ["met", "partial", "missed"]
halves = st.integers(min_value=1, max_value=20).map(lambda n: n / 2)


@st.composite
def graded_rubrics(draw: st.DrawFn) -> tuple[Rubric, tuple[Verdict, ...], tuple[Finding, ...]]:
    criteria = tuple(
        Criterion(id=f"c{i}", points=p, expects=f"Says {i}.") for i, p in enumerate(draw(st.lists(halves, min_size=1)))
    )
    misconceptions = tuple(
        Misconception(id=f"m{i}", costs=c, claims=f"Claims {i}.") for i, c in enumerate(draw(st.lists(halves)))
    )
    rubric = Rubric(
        name="r", question="Q?", topic="t", reference="R.", criteria=criteria, misconceptions=misconceptions
    )
    verdicts = tuple(verdict(c, draw(st.sampled_from(WORDS))) for c in criteria)
    findings = tuple(Finding(id=m.id, found=draw(st.booleans()), cost=m.costs) for m in misconceptions)
    return rubric, verdicts, findings


def verdict(criterion: Criterion, word: VerdictWord) -> Verdict:
    return Verdict(criterion=criterion.id, verdict=word, points=points(criterion, word), max_points=criterion.points)


@given(graded_rubrics())
def test_the_score_stays_between_nothing_and_the_maximum(
    case: tuple[Rubric, tuple[Verdict, ...], tuple[Finding, ...]],
) -> None:
    rubric, verdicts, findings = case
    score = total(rubric, verdicts, findings)
    assert score is not None
    assert 0 <= score <= rubric.max_score


@given(graded_rubrics())
def test_a_better_verdict_never_lowers_and_a_misconception_never_raises_the_score(
    case: tuple[Rubric, tuple[Verdict, ...], tuple[Finding, ...]],
) -> None:
    rubric, verdicts, findings = case
    before = total(rubric, verdicts, findings)
    better = (verdict(rubric.criteria[0], "met"), *verdicts[1:])
    worse = tuple(finding.model_copy(update={"found": True}) for finding in findings)
    after, lowered = total(rubric, better, findings), total(rubric, verdicts, worse)
    assert before is not None
    assert after is not None
    assert lowered is not None
    assert lowered <= before <= after


@given(graded_rubrics())
def test_all_met_and_nothing_wrong_is_full_marks_and_all_missed_none(
    case: tuple[Rubric, tuple[Verdict, ...], tuple[Finding, ...]],
) -> None:
    rubric, _, _ = case
    full = tuple(verdict(c, "met") for c in rubric.criteria)
    none = tuple(verdict(c, "missed") for c in rubric.criteria)
    assert percent(total(rubric, full, ()), rubric.max_score) == 100
    assert total(rubric, none, ()) == 0


RUBRIC = Rubric(
    name="r",
    question="Q?",
    topic="t",
    reference="R.",
    criteria=(Criterion(id="a", points=3, expects="Says a."), Criterion(id="b", points=2, expects="Says b.")),
    misconceptions=(Misconception(id="m", costs=1, claims="Claims m."),),
)
GRADER = Grader(model="offline", prompt="test")


def test_half_marks_and_costs_add_up() -> None:
    verdicts = (verdict(RUBRIC.criteria[0], "partial"), verdict(RUBRIC.criteria[1], "met"))
    assert total(RUBRIC, verdicts, [Finding(id="m", found=True, cost=1)]) == 2.5


def test_one_ungraded_criterion_leaves_the_answer_ungraded_not_zero() -> None:
    verdicts = (verdict(RUBRIC.criteria[0], "met"), verdict(RUBRIC.criteria[1], "ungraded"))
    grade = graded(
        RUBRIC, id="x", question="Q?", verdicts=verdicts, findings=(), grader=GRADER, confidence=0.5, flags=()
    )
    assert (grade.status, grade.score, grade.percent) == ("ungraded", None, None)


def test_what_could_not_be_graded_has_a_reason_and_no_score() -> None:
    refused = not_graded(RUBRIC, Refused("the model declined"), id="x", question="Q?", grader=GRADER)
    assert (refused.status, refused.score) == ("ungraded", None)
    assert refused.error == {"kind": "refused", "message": "the model declined"}
    failed = not_graded(RUBRIC, ServerFailed("500"), id="x", question="Q?", grader=GRADER)
    assert (failed.status, failed.score) == ("failed", None)


def test_feedback_says_right_then_half_then_missing_then_wrong() -> None:
    verdicts = (verdict(RUBRIC.criteria[0], "missed"), verdict(RUBRIC.criteria[1], "met"))
    said = feedback(RUBRIC, verdicts, [Finding(id="m", found=True, cost=1)])
    assert said.splitlines() == ["Right: Says b.", "Missing: Says a.", "Wrong: Claims m."]


# ── needs and groups ─────────────────────────────────────────────────────────────────────────


def tied(*groups: Group, needs: dict[str, tuple[str, ...]] | None = None) -> Rubric:
    """Criteria a, b, c and d of 4, 3, 2 and 1 points, and a misconception m that costs 1."""
    criteria = tuple(
        Criterion(id=i, points=p, expects=f"Says {i}.", partial="Half.", needs=(needs or {}).get(i, ()))
        for i, p in zip("abcd", (4, 3, 2, 1), strict=True)
    )
    return Rubric.model_validate(RUBRIC.model_dump() | {"criteria": criteria, "groups": groups})


def derived(rubric: Rubric, words: str, found: bool = False) -> Derivation:
    """`words` says of each criterion: + met, ~ partial, - missed."""
    said: dict[str, VerdictWord] = {"+": "met", "~": "partial", "-": "missed"}
    verdicts = [verdict(c, said[w]) for c, w in zip(rubric.criteria, words, strict=True)]
    return derive(rubric, verdicts, [Finding(id="m", found=found, cost=1)])


ONE_OF = Group(only_one_of=("a", "b"))
CAP = Group(at_most=4, of=("b", "c", "d"))
BOTH = Group(at_most=5, of=("b", "d", "a", "c"))


@pytest.mark.parametrize(
    ("rubric", "words", "found", "score", "most"),
    [
        (tied(ONE_OF), "++++", False, 7, 7),
        (tied(ONE_OF), "~+--", False, 3, 7),  # half of a is less than all of b
        (tied(ONE_OF), "-+--", False, 3, 7),
        (tied(CAP), "-+++", False, 4, 8),
        (tied(CAP), "-++-", False, 4, 8),
        (tied(CAP), "--++", False, 3, 8),
        (tied(BOTH, ONE_OF), "++++", False, 5, 5),
        (tied(BOTH, ONE_OF), "-++-", False, 5, 5),
        (tied(BOTH, ONE_OF), "-+-+", False, 4, 5),
        (tied(needs={"b": ("a",)}), "-+--", False, 0, 10),
        (tied(needs={"b": ("a",)}), "~+--", False, 5, 10),
        (tied(needs={"b": ("a",), "c": ("b",)}), "-++-", False, 0, 10),  # c wants b, which does not count itself
        (tied(Group(at_most=5, if_missed="d")), "+++-", False, 5, 10),
        (tied(Group(at_most=5, if_missed="d")), "++++", False, 10, 10),
        (tied(Group(at_most=5, if_missed="b"), needs={"b": ("d",)}), "+++-", False, 5, 10),
        (tied(Group(at_most=5, if_found="m")), "++++", True, 5, 10),
        (tied(Group(at_most=0, if_found="m")), "++++", True, 0, 10),
        (tied(Group(at_most=5, if_found="m")), "++++", False, 10, 10),
        (tied(Group(at_most=5, if_found="m")), "+---", True, 3, 10),  # what is below the limit pays the costs
    ],
)
def test_needs_groups_and_limits_are_settled_here(
    rubric: Rubric, words: str, found: bool, score: float, most: float
) -> None:
    derivation = derived(rubric, words, found)
    assert (derivation.score, derivation.max_score) == (score, most)


def test_the_points_of_a_verdict_are_its_own_and_the_derivation_says_what_counts() -> None:
    rubric = tied(BOTH, ONE_OF, needs={"d": ("a",)})
    verdicts = tuple(verdict(c, "met") for c in rubric.criteria)
    grade = graded(rubric, id="x", question="Q?", verdicts=verdicts, findings=(), grader=GRADER, confidence=1, flags=())
    assert [v.points for v in grade.verdicts] == [4, 3, 2, 1]
    assert derive(rubric, verdicts, ()).points == {"a": 4, "b": 0, "c": 0, "d": 1}
    assert grade.score == 5


def test_a_grader_may_give_any_share_and_it_is_kept_when_the_criterion_is_worth_more() -> None:
    some = verdict(RUBRIC.criteria[0], "partial").model_copy(update={"points": 0.6})
    verdicts = (some, verdict(RUBRIC.criteria[1], "missed"))
    assert derive(RUBRIC, verdicts, ()).lines()[0] == "   +0.6     0.6  a: partial, 0.6 of 3"
    double = RUBRIC.model_copy(update={"criteria": (RUBRIC.criteria[0].model_copy(update={"points": 6}),)})
    assert derive(double, verdicts, ()).score == 1.2


def test_each_line_of_a_derivation_says_what_was_added_or_taken_and_why() -> None:
    rubric = tied(ONE_OF, Group(at_most=1, if_found="m"), needs={"d": ("c",)})
    assert derived(rubric, "~+-+", True).lines() == [
        "     +2       2  a: partial, half of 4",
        "     +3       5  b: met, 3",
        "      0       5  c: missed, none of 2",
        "     +1       6  d: met, 1",
        "     -1       5  d needs c, which is missed",
        "     -2       3  a: only one of a, b counts, the one that earns most",
        "     -1       2  misconception m: Claims m.",
        "     -1       1  at most 1 where m is found",
        "= 1 of 7 (14.3 %)",
    ]
    assert derived(RUBRIC, "--", True).lines()[-2:] == ["     +1       0  never below 0", "= 0 of 5 (0 %)"]


def test_what_a_full_group_would_not_pay_for_is_not_missing() -> None:
    rubric = tied(ONE_OF)
    verdicts = tuple(verdict(c, "met" if c.id == "a" else "missed") for c in rubric.criteria)
    assert feedback(rubric, verdicts, []).splitlines() == ["Right: Says a.", "Missing: Says c.", "Missing: Says d."]


@st.composite
def tied_rubrics(draw: st.DrawFn) -> Rubric:
    """A rubric with any needs and groups that fit together."""
    names = [f"c{i}" for i in range(draw(st.integers(min_value=2, max_value=7)))]
    parts = [draw(st.sampled_from([None, 0, 1])) for _ in names]
    capped = [draw(st.sampled_from([None, 0, 1])) for _ in names]
    criteria = tuple(
        Criterion(
            id=name,
            points=draw(halves),
            expects=f"Says {name}.",
            needs=tuple(draw(st.sets(st.sampled_from(names[:n])))) if n else (),
        )
        for n, name in enumerate(names)
    )
    groups: list[dict[str, Any]] = [
        {"only_one_of": [name for name, part in zip(names, parts, strict=True) if part == wanted]} for wanted in (0, 1)
    ]
    for wanted in (0, 1):
        held = [name for name, cap in zip(names, capped, strict=True) if cap == wanted]
        groups.append({"at_most": draw(halves), "of": held})
    groups.append({"at_most": draw(halves), "if_missed": draw(st.sampled_from(names))})
    found = Rubric(name="r", question="Q?", topic="t", reference="R.", criteria=criteria)
    for group in groups:
        try:
            found = Rubric.model_validate(found.model_dump() | {"groups": (*found.groups, group)})
        except ValidationError:
            continue  # too few criteria, or a limit that nothing reaches
    return found


@given(tied_rubrics(), st.data())
def test_with_any_needs_and_groups_a_better_verdict_never_lowers_the_score(rubric: Rubric, data: st.DataObject) -> None:
    worst, best = (tuple(verdict(c, word) for c in rubric.criteria) for word in ("missed", "met"))
    verdicts = tuple(verdict(c, data.draw(st.sampled_from(WORDS))) for c in rubric.criteria)
    n = data.draw(st.integers(min_value=0, max_value=len(verdicts) - 1))
    better = (*verdicts[:n], best[n], *verdicts[n + 1 :])
    scores = [derive(rubric, some, ()).score for some in (worst, verdicts, better, best)]
    assert None not in scores
    assert scores == sorted(scores, key=float)  # type: ignore[arg-type]
    assert (scores[0], scores[-1]) == (0, rubric.max_score)


@given(tied_rubrics(), st.data())
def test_the_steps_of_a_derivation_add_up(rubric: Rubric, data: st.DataObject) -> None:
    verdicts = tuple(verdict(c, data.draw(st.sampled_from(WORDS))) for c in rubric.criteria)
    derivation = derive(rubric, verdicts, ())
    assert sum(step.change for step in derivation.steps) == pytest.approx(derivation.score)
    limits = sum(step.change for step in derivation.steps if step.why.startswith("at most"))
    assert sum(derivation.points.values()) + limits == pytest.approx(derivation.score)
