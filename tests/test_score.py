"""The score follows from the verdicts by arithmetic, and from nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlgrade.errors import Refused, ServerFailed
from dlgrade.grading.score import feedback, graded, not_graded, percent, points, total
from dlgrade.models import Criterion, Finding, Grader, Misconception, Rubric, Verdict, VerdictWord

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
