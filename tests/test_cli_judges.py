"""Several samples, several models, graded examples: what is asked, what counts, and what is never asked twice."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Ran, Run
from loopback import Body, Loopback, Scripted
from terminal import Terminal

from dlgrade.models import Grade

RUBRIC = """\
question: What is a flumph?
topic: monsters
reference: It floats, feeds on thoughts, glows, is good, and smells.
criteria:
  - {id: floats, points: 2, expects: It floats.}
  - {id: feeds, points: 2, expects: It feeds on thoughts., partial: It feeds.}
  - {id: glows, points: 2, expects: It glows.}
  - {id: good, points: 2, expects: It is good.}
misconceptions:
  - {id: evil, costs: 1, claims: It is evil.}
  - {id: swims, costs: 1, claims: It swims.}
"""
ANSWER = "It floats and feeds on thoughts and glows and is good."
QUOTES = {"c1": "floats", "c2": "feeds", "c3": "glows", "c4": "good", "m1": "It floats", "m2": "It floats"}
IN_ORDER = ("c1", "c2", "c3", "c4", "m1", "m2")
GRADE = ("grade", "flumph", "--text", ANSWER)

Say = Callable[[Body], Mapping[str, str]]


@pytest.fixture(autouse=True)
def rubric(run: Run) -> None:
    Path("rubrics").mkdir()
    Path("rubrics/flumph.yaml").write_text(RUBRIC)


def keys(body: Body) -> list[str]:
    """What a call asks for, in its order."""
    return list(body["response_format"]["json_schema"]["schema"]["required"])


def verdicts(body: Body, said: Mapping[str, str]) -> str:
    """A reply that says this of some items; other criteria are met, other misconceptions absent."""

    def judged(key: str) -> dict[str, Any]:
        word = said.get(key, "met" if key[0] == "c" else "absent")
        quotes = [] if word in {"missed", "absent"} else ["never said"] if word == "made up" else [QUOTES[key]]
        verdict = {"found": word == "found"} if key[0] == "m" else {"verdict": "met" if word == "made up" else word}
        return {"quotes": quotes, "reason": f"{key} is {word}.", **verdict}

    return json.dumps({key: judged(key) for key in keys(body)})


class Judges(Loopback):
    """A server whose models say what `say` makes of the call."""

    def __init__(self, say: Say = lambda _: {}) -> None:
        super().__init__(lambda body: verdicts(body, say(body)))


def in_turn(*sayings: Mapping[str, str]) -> Say:
    """A saying for each order that is asked for, as orders come first."""
    orders: dict[tuple[str, ...], Mapping[str, str]] = {}

    def say(body: Body) -> Mapping[str, str]:
        order = tuple(keys(body))
        if order not in orders:
            orders[order] = sayings[len(orders)]
        return orders[order]

    return say


def at(server: Loopback) -> tuple[str, ...]:
    return ("--model", "made-up", "--base-url", server.url)


def graded(ran: Ran) -> Grade:
    assert ran.out, ran.err
    return Grade.model_validate_json(ran.out)


def words(grade: Grade) -> dict[str, str]:
    return {verdict.criterion: verdict.verdict for verdict in grade.verdicts}


# ── samples ──────────────────────────────────────────────────────────────────────────────────


def test_each_sample_asks_in_an_order_of_its_own_and_the_first_in_the_rubrics(run: Run) -> None:
    with Judges() as server:
        run(*GRADE, "--samples", "5", *at(server), "--concurrency", "1")
        orders = [keys(body) for body in server.bodies]
        told = [re.search(r"in this order: (.*)\.", body["messages"][1]["content"]) for body in server.bodies]
    assert len({tuple(order) for order in orders}) == len(orders) == 5
    assert {tuple(sorted(order[:4])) for order in orders} == {IN_ORDER[:4]}
    assert {tuple(sorted(order[4:])) for order in orders} == {IN_ORDER[4:]}
    by_order = {tuple(order): match and match[1] for order, match in zip(orders, told, strict=True)}
    assert by_order.pop(IN_ORDER) is None
    assert all(line == ", ".join(order) for order, line in by_order.items())


def test_the_prefix_is_the_same_for_every_answer_sample_and_selection(run: Run) -> None:
    """A provider's prompt cache then reads question, reference and rubric once, whatever is asked of them."""
    with Judges(lambda _: {"c2": "partial"}) as server:
        for answer in ("One.", "Another one, and a longer one."):
            for more in ((), ("--samples", "3"), ("--per-criterion",)):
                run("grade", "flumph", "--text", answer, *more, *at(server))
        systems = {body["messages"][0]["content"] for body in server.bodies}
        lasts = [body["messages"][-1]["content"] for body in server.bodies]
    assert len(systems) == 1
    prefix = systems.pop()
    assert "It glows." in prefix
    assert "Another" not in prefix
    fences = [re.search(r"<(answer-[0-9a-f]{8})>\n(.*)\n</\1>\Z", last, re.DOTALL) for last in lasts]
    assert {fence[2] for fence in fences if fence} == {"One.", "Another one, and a longer one."}


def test_most_samples_win_with_their_quotes_and_their_agreement_is_the_confidence(run: Run) -> None:
    sayings = ({"c1": "missed", "m1": "found"}, {"c1": "missed"}, {"m1": "found", "c2": "partial"})
    with Judges(in_turn(*sayings)) as server:
        grade = graded(run(*GRADE, "--samples", "3", "--json", *at(server)))
    assert words(grade) == {"floats": "missed", "feeds": "met", "glows": "met", "good": "met"}
    assert [finding.found for finding in grade.misconceptions] == [True, False]
    assert grade.confidence == round((2 / 3 + 2 / 3 + 1 + 1 + 2 / 3 + 1) / 6, 2)
    assert (grade.score, grade.grader.samples, grade.flags) == (5, 3, ())
    assert grade.verdicts[1].evidence[0].quote == "feeds"
    assert len(grade.verdicts[1].evidence) == 1
    assert grade.usage is not None
    assert grade.usage.total_tokens > 0


def test_a_tie_goes_to_the_verdict_that_earns_less_and_is_flagged(run: Run) -> None:
    with Judges(in_turn({"c1": "missed", "c2": "partial", "m1": "found"}, {})) as server:
        grade = graded(run(*GRADE, "--samples", "2", "--json", *at(server)))
    assert words(grade) == {"floats": "missed", "feeds": "partial", "glows": "met", "good": "met"}
    assert grade.misconceptions[0].found
    assert grade.flags == (
        "needs review: floats is a tie, judges disagree: 1 missed, 1 met",
        "needs review: feeds is a tie, judges disagree: 1 partial, 1 met",
        "needs review: evil is a tie, judges disagree: 1 found, 1 absent",
    )


def test_a_second_run_asks_nothing_and_more_samples_ask_only_for_those(run: Run) -> None:
    with Judges() as server:
        first = graded(run(*GRADE, "--json", *at(server)))
        assert len(server.bodies) == 1
        three = graded(run(*GRADE, "--samples", "3", "--json", *at(server)))
        assert len(server.bodies) == 3
        again = graded(run(*GRADE, "--samples", "3", "--json", *at(server)))
        assert len(server.bodies) == 3
        run(*GRADE, "--samples", "5", *at(server))
        assert len(server.bodies) == 5
    assert again.model_copy(update={"usage": three.usage}) == three
    assert first.grader.prompt == three.grader.prompt
    assert (first.grader.samples, three.grader.samples) == (1, 3)


def test_quotes_that_are_made_up_are_asked_for_again_and_lower_the_confidence(run: Run) -> None:
    with Judges(in_turn({"c1": "made up"}, {}, {})) as server:
        grade = graded(run(*GRADE, "--samples", "3", "--json", *at(server)))
        assert len(server.bodies) == 4
    # two of the three rest on words of the answer: the verdict stands, with less confidence
    assert (words(grade)["floats"], grade.flags) == ("met", ())
    assert grade.confidence == round((2 / 3 + 5) / 6, 2)


def test_what_rests_on_words_of_the_question_alone_is_flagged(run: Run) -> None:
    echo = "What is a flumph? A flumph."

    def quoting(quote: str) -> Callable[[Body], str]:
        return lambda body: verdicts(body, {**nothing_said(body), "c1": "met"}).replace("floats", quote)

    with Judges() as server:
        server.reply = quoting("What is a flumph?")
        assert run("grade", "flumph", "--text", echo, *at(server), "--json").code == 0
        grade = graded(run("grade", "flumph", "--text", echo, *at(server), "--json"))
        server.reply = quoting("A flumph")
        short = graded(run("grade", "flumph", "--text", f"{echo} Yes.", *at(server), "--json"))
    assert grade.flags == ("needs review: floats rests on words of the question",)
    assert (short.score, short.flags) == (2, ())


# ── failing samples ──────────────────────────────────────────────────────────────────────────


def test_one_whole_sample_is_enough_and_it_is_said_how_many_failed(run: Run) -> None:
    with Judges() as server:
        good = server.reply
        server.reply = lambda body: good(body) if tuple(keys(body)) == IN_ORDER else refused()
        grade = graded(run(*GRADE, "--samples", "3", "--json", *at(server)))
        asked = len(server.bodies)
        server.reply = good
        whole = graded(run(*GRADE, "--samples", "3", "--json", *at(server)))
        assert len(server.bodies) == asked + 2
    assert (grade.status, grade.score, grade.flags) == ("graded", 8, ("2 of 3 samples failed: refused 2 times",))
    assert (grade.confidence, grade.grader.samples) == (0.33, 1)
    assert (whole.flags, whole.confidence, whole.grader.samples) == ((), 1, 3)


def refused() -> Scripted:
    message = {"role": "assistant", "content": None, "refusal": "I would rather not."}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return Scripted(body={"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})


def test_if_all_samples_fail_there_is_no_grade_but_the_reason(run: Run) -> None:
    with Judges() as server:
        server.reply = lambda _: refused()
        ran = run(*GRADE, "--samples", "3", "--json", *at(server))
    grade = graded(ran)
    assert (ran.code, grade.status, grade.score, grade.verdicts) == (1, "ungraded", None, ())
    assert grade.error is not None
    assert grade.error["kind"] == "refused"
    assert grade.error["message"].startswith("all 3 samples failed; the first: ")
    assert "I would rather not." in grade.error["message"]
    assert grade.usage is not None
    assert grade.usage.total_tokens == 6


def test_an_endpoint_that_cannot_be_used_ends_it_whatever_came_before(run: Run) -> None:
    with Judges() as server:
        good = server.reply
        server.reply = lambda body: good(body) if tuple(keys(body)) == IN_ORDER else Scripted(status=401, body={})
        ran = run(*GRADE, "--samples", "3", *at(server))
        assert ran.code == 3
        before = len(server.bodies)
        server.reply = good
        assert run(*GRADE, "--samples", "3", *at(server)).code == 0
        assert len(server.bodies) <= before + 3


def test_equal_answers_have_one_grade_whatever_the_model_says_the_second_time(run: Run) -> None:
    spelled = (ANSWER, ANSWER.upper(), f"  {ANSWER}\n", ANSWER.replace(" ", "  "), ANSWER)
    rows = [{"id": str(n), "question": "flumph", "answer": answer} for n, answer in enumerate(spelled)]
    Path("class.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", "--samples", "3", "--concurrency", "1")
    calls = iter(range(99))

    def whim(body: Body) -> Mapping[str, str]:
        n = next(calls)
        return {f"c{n % 4 + 1}": "missed", "c2": "made up" if n % 3 == 1 else "met"}

    with Judges(whim) as server:
        assert run(*command, *at(server)).code == 0
        asked = len(server.bodies)
        alone = graded(run("grade", "flumph", "--text", f" {ANSWER.lower()} ", "--samples", "3", "--json", *at(server)))
        assert len(server.bodies) == asked <= 6
    grades = [Grade.model_validate_json(line) for line in Path("grades.jsonl").read_text().splitlines()]
    assert len({(str(words(grade)), grade.score, grade.confidence, grade.flags) for grade in [*grades, alone]}) == 1
    for grade, row in zip(grades, rows, strict=True):
        for piece in (piece for verdict in grade.verdicts for piece in verdict.evidence):
            assert row["answer"][piece.start : piece.end] == piece.quote


def test_a_sample_that_failed_is_not_asked_for_again_for_an_equal_answer_of_the_same_run(run: Run) -> None:
    rows = [{"id": str(n), "question": "flumph", "answer": answer} for n, answer in enumerate((ANSWER, ANSWER.upper()))]
    Path("class.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", "--samples", "2", "--concurrency", "1")
    with Judges() as server:
        good, refusals = server.reply, iter([refused()])
        server.reply = lambda body: good(body) if tuple(keys(body)) == IN_ORDER else next(refusals, None) or good(body)
        ran = run(*command, *at(server), "--json")
        grades = [Grade.model_validate_json(line) for line in Path("grades.jsonl").read_text().splitlines()]
        assert len(server.bodies) == json.loads(ran.out)["requests"] == 2
        assert {(grade.flags, grade.confidence) for grade in grades} == {(("1 of 2 samples failed: refused",), 0.5)}
        assert run(*command, *at(server)).code == 0
        assert len(server.bodies) == 3
    assert {Grade.model_validate_json(line).flags for line in Path("grades.jsonl").read_text().splitlines()} == {()}


def test_ctrl_c_ends_the_grading_of_one_answer_at_once_and_keeps_the_samples_that_came(run: Run) -> None:
    with Judges() as server:
        good = server.reply
        server.reply = lambda body: good(body) if tuple(keys(body)) == IN_ORDER else Scripted(content="{}", delay=20)
        terminal = Terminal.running(*GRADE, "--samples", "3", "--concurrency", "3", *at(server))
        while len(server.bodies) < 3:
            terminal.until("never said", 0.1)
        terminal.until("never said", 1)  # the first reply is on its way
        pressed = time.monotonic()
        terminal.process.send_signal(signal.SIGINT)
        code, screen = terminal.end()
        assert (code, "Traceback" in screen, time.monotonic() - pressed < 10) == (130, False, True)
        server.reply = good
        assert graded(run(*GRADE, "--samples", "3", "--json", *at(server))).grader.samples == 3
        assert len(server.bodies) == 5


# ── several models ───────────────────────────────────────────────────────────────────────────


def test_models_that_disagree_are_named_and_flagged(run: Run) -> None:
    with Judges(lambda body: {"c1": "missed"} if body["model"] == "strict" else {}) as server:
        judges = ("--judge", "strict", "--judge", "mild", "--base-url", server.url)
        grade = graded(run(*GRADE, *judges, "--json"))
        assert sorted(body["model"] for body in server.bodies) == ["mild", "strict"]
        three = graded(run(*GRADE, *judges, "--judge", "milder", "--json"))
        assert len(server.bodies) == 3
        shown = run(*GRADE, *judges, "--samples", "2").out
    assert (grade.grader.model, grade.grader.samples) == ("strict+mild", 2)
    assert (words(grade)["floats"], grade.confidence) == ("missed", round((1 / 2 + 5) / 6, 2))
    assert grade.flags == ("needs review: floats is a tie, judges disagree: 1 missed, 1 met",)
    assert (words(three)["floats"], three.flags, three.grader.model) == ("met", (), "strict+mild+milder")
    assert "Graded by strict+mild, 4 samples, confidence 0.92, rubric flumph" in shown


def test_a_replay_says_which_judges_it_was_recorded_with(run: Run) -> None:
    with Judges() as server:
        run(*GRADE, "--judge", "one", "--judge", "two", "--base-url", server.url, "--record", "run.jsonl")
    replayed = run(*GRADE, "--replay", "run.jsonl", "--json")
    assert graded(replayed).grader.model == "one+two"
    assert "with one, two: nothing is sent" in replayed.err


def test_judges_and_samples_stand_in_the_settings_file(run: Run) -> None:
    with Judges() as server:
        Path("dlgrade.toml").write_text(f'judges = ["a", "b"]\nsamples = 2\nbase_url = "{server.url}"\n')
        grade = graded(run(*GRADE, "--json"))
        assert (grade.grader.model, grade.grader.samples, len(server.bodies)) == ("a+b", 4, 4)
        alone = graded(run(*GRADE, "--model", "a", "--samples", "1", "--json"))
        assert (alone.grader.model, alone.grader.samples, len(server.bodies)) == ("a", 1, 4)
        assert graded(run(*GRADE, "--model", "offline", "--json")).grader.model == "offline"


# ── in doubt, and piece by piece ─────────────────────────────────────────────────────────────


def test_adaptive_asks_further_only_for_what_is_in_doubt_until_it_is_settled(run: Run) -> None:
    doubtful = {"c3": "missed", "m2": "found"}

    def say(body: Body) -> Mapping[str, str]:
        order = tuple(keys(body))
        if len(order) == 6:
            return {} if order == IN_ORDER else doubtful
        # c3 is found wanting twice more, and is settled at three to one; m2 stays in doubt
        return {"c3": "missed", "m2": "found" if len(order) == 2 else "absent"}

    with Judges(say) as server:
        grade = graded(run(*GRADE, "--adaptive", "--samples", "5", "--json", *at(server)))
        asked = [sorted(keys(body)) for body in server.bodies]
        samples = len(server.bodies)
        assert run(*GRADE, "--adaptive", "--samples", "5", *at(server)).code == 0
        assert len(server.bodies) == samples
    assert asked[2:] == [["c3", "m2"], ["c3", "m2"]]
    assert all("no others" in body["messages"][1]["content"] for body in server.bodies[2:])
    assert {body["messages"][0]["content"] for body in server.bodies} == {server.bodies[0]["messages"][0]["content"]}
    assert (words(grade)["glows"], grade.misconceptions[1].found, grade.grader.samples) == ("missed", True, 4)
    assert grade.confidence == round((4 + 3 / 4 + 3 / 4) / 6, 2)


def test_adaptive_spends_no_more_than_the_samples_that_were_given(run: Run) -> None:
    flip = iter(range(99))
    with Judges(lambda _: {"c1": "missed"} if next(flip) % 2 else {}) as server:
        run(*GRADE, "--adaptive", "--samples", "4", "--concurrency", "1", *at(server))
        assert [len(keys(body)) for body in server.bodies] == [6, 6, 1, 1]


def test_per_criterion_asks_for_each_thing_on_its_own(run: Run) -> None:
    with Judges(lambda _: {"c2": "partial", "m1": "found"}) as server:
        grade = graded(run(*GRADE, "--per-criterion", "--json", *at(server)))
        assert sorted(key for body in server.bodies for key in keys(body)) == list(IN_ORDER)
        assert len(server.bodies) == 6
        assert len({body["messages"][0]["content"] for body in server.bodies}) == 1
        run(*GRADE, "--per-criterion", "--samples", "2", *at(server))
        assert len(server.bodies) == 12
    assert (grade.score, grade.grader.samples, grade.confidence) == (6, 1, 1)


def test_per_criterion_a_criterion_that_nobody_judged_leaves_no_grade(run: Run) -> None:
    with Judges() as server:
        good = server.reply
        server.reply = lambda body: refused() if keys(body) == ["c2"] else good(body)
        grade = graded(run(*GRADE, "--per-criterion", "--json", *at(server)))
    assert (grade.status, grade.score) == ("ungraded", None)
    assert grade.error is not None
    assert grade.error["message"].startswith("no verdict on feeds: ")


# ── graded examples ──────────────────────────────────────────────────────────────────────────

CLASS = [
    {"id": "ann", "question": "flumph", "answer": "It hovers. Nothing else."},
    {"id": "bob", "question": "flumph", "answer": "It feeds, I think."},
    {"id": "cy", "question": "flumph", "answer": ANSWER},
]


def a_class_with_verdicts(run: Run, server: Loopback) -> None:
    Path("class.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CLASS))
    assert run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", *at(server)).code == 0
    by = ("--by", "R. Roe", "--why", "To hover is\nto float.")
    assert run("grades", "override", "grades.jsonl", "ann", "floats", "met", *by).code == 0
    assert (
        run("grades", "override", "grades.jsonl", "bob", "evil", "absent", "--by", "R. Roe", "--why", "No.").code == 0
    )


def nothing_said(_: Body) -> Mapping[str, str]:
    return dict.fromkeys(("c1", "c2", "c3", "c4"), "missed")


def test_peoples_verdicts_are_examples_in_the_prefix_but_never_of_the_answer_itself(run: Run) -> None:
    with Judges(nothing_said) as server:
        a_class_with_verdicts(run, server)
        before = len(server.bodies)
        command = ("grade", "--answers", "class.jsonl", "--out", "new.jsonl", "--examples", "grades.jsonl")
        assert run(*command, *at(server)).code == 0
        asked = {CLASS[n]["id"]: body for body in server.bodies[before:] for n in range(3) if last(body, n)}
        assert run(*command, *at(server)).code == 0
        assert len(server.bodies) == before + 3
    systems = {id_: body["messages"][0]["content"] for id_, body in asked.items()}
    assert re.search(
        r"<(answer-\w{8})>\nIt hovers\. Nothing else\.\n</\1>\nc1: met\. To hover is to float\.", systems["cy"]
    )
    assert "\nm1: absent. No." in systems["cy"]
    assert "R. Roe" not in str(asked)
    assert "It hovers" not in systems["ann"]
    assert "It feeds, I think." in systems["ann"]
    assert "It feeds, I think." not in systems["bob"]
    old, new = (
        Grade.model_validate_json(Path(name).read_text().splitlines()[2]) for name in ("grades.jsonl", "new.jsonl")
    )
    assert old.grader.prompt != new.grader.prompt


def last(body: Body, n: int) -> bool:
    return f"\n{CLASS[n]['answer']}\n" in body["messages"][-1]["content"]


def test_examples_for_one_answer_need_the_answers_they_are_of(run: Run) -> None:
    with Judges(nothing_said) as server:
        a_class_with_verdicts(run, server)
        command = ("grade", "flumph", "--text", "It swims.", "--examples", "grades.jsonl", *at(server))
        ran = run(*command)
        assert (ran.code, "--example-answers FILE" in ran.err) == (2, True)
        assert run(*command, "--example-answers", "class.jsonl").code == 0
        assert "It hovers" in server.bodies[-1]["messages"][0]["content"]
        Path("other.jsonl").write_text(json.dumps({**CLASS[0], "id": "dan"}))
        ran = run(*command, "--example-answers", "other.jsonl")
    assert "grades.jsonl:1: no answer with the id 'ann' in other.jsonl" in ran.err


def test_a_template_of_the_users_that_shows_no_examples_says_so(run: Run) -> None:
    with Judges(nothing_said) as server:
        a_class_with_verdicts(run, server)
        Path("prompts").mkdir()
        Path("prompts/grade.j2").write_text("{% block user %}{{ rubric.question }} {{ answer }}{% endblock %}")
        ran = run(
            *("grade", "flumph", "--text", "It swims.", "--examples", "grades.jsonl"),
            *("--example-answers", "class.jsonl", *at(server)),
        )
    assert (ran.code, "the template grade.j2 shows no examples" in ran.err) == (2, True)


# ── together with everything else ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "mode", [(), ("--per-criterion",), ("--adaptive",), ("--adaptive", "--per-criterion")], ids=" ".join
)
def test_a_class_is_graded_resumed_and_replayed_in_every_mode(run: Run, mode: tuple[str, ...]) -> None:
    Path("class.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CLASS))
    command = ("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", "--samples", "3", *mode)
    with Judges(lambda body: {"c1": "missed"} if keys(body)[0] == "c2" else {"c2": "made up"}) as server:
        first = run(*command, *at(server), "--record", "run.jsonl", "--json")
        grades = Path("grades.jsonl").read_text()
        asked = len(server.bodies)
        assert json.loads(first.out)["requests"] == asked
        again = json.loads(run(*command, *at(server), "--json").out)
        assert (again["requests"], again["cached"] >= 9, len(server.bodies)) == (0, True, asked)
        strip = [Grade.model_validate_json(line) for line in Path("grades.jsonl").read_text().splitlines()]
        assert {grade.usage.total_tokens for grade in strip if grade.usage} == {0}
    replayed = run(*command, "--replay", "run.jsonl", "--json")
    assert Path("grades.jsonl").read_text() == grades
    assert json.loads(replayed.out)["requests"] == asked


def test_a_limit_of_money_counts_every_sample(run: Run) -> None:
    Path("dlgrade.toml").write_text('[prices."made-up"]\ninput = 1000\noutput = 1000\n')
    with Judges() as server:
        ran = run(*GRADE, "--samples", "3", "--max-cost", "9", "--concurrency", "1", *at(server))
        assert ran.code == 1
        assert 1 <= len(server.bodies) < 3
    assert "--max-cost" in ran.err


def test_regrade_asks_as_grade_does(run: Run) -> None:
    Path("class.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CLASS))
    with Judges(nothing_said) as server:
        run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", *at(server))
        Path("rubrics/flumph.yaml").write_text(RUBRIC.replace("It glows.", "It shines."))
        again = ("regrade", "grades.jsonl", "--ask", "--answers", "class.jsonl", "--samples", "2")
        assert run(*again, *at(server)).code == 0
        assert len(server.bodies) == 3 + 6
        assert run("regrade", "grades.jsonl", "--samples", "2").code == 2
    grades = [Grade.model_validate_json(line) for line in Path("grades.jsonl").read_text().splitlines()]
    assert {grade.grader.samples for grade in grades} == {2}


def test_calibrate_sets_verdicts_beside_a_judgement_of_the_whole(run: Run) -> None:
    pytest.importorskip("numpy")
    score = {"ann": 2, "bob": 1, "cy": 8}
    level = {"hovers": "little", "think": "nothing", "glows": "most"}
    rows = [{**row, "score": score[row["id"]], "max_score": 8} for row in CLASS]
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def reply(body: Body) -> str:
        answer = body["messages"][-1]["content"]
        if keys(body) == ["answer"]:
            part, word = next((part, word) for part, word in level.items() if part in answer)
            quotes = [] if word == "nothing" else [part]
            return json.dumps({"answer": {"quotes": quotes, "reason": "So.", "level": word}})
        return verdicts(body, {} if "glows" in answer else nothing_said(body))

    with Loopback(reply) as server:
        command = ("calibrate", "labels.jsonl", "--whole", *at(server))
        found = json.loads(run(*command, "--json").out)
        assert len(server.bodies) == 6
        wholes = [body for body in server.bodies if keys(body) == ["answer"]]
        assert len({body["messages"][0]["content"] for body in wholes}) == 1
        assert "It feeds on thoughts." not in wholes[0]["messages"][0]["content"]
        shown = run(*command)
        assert len(server.bodies) == 6
    beside = found["whole"]
    # of people's 2, 1 and 8 of 8 the criteria make 0, 0, 8 and the levels 2, 0, 6
    assert (beside["n"], beside["ungraded"]) == (3, 0)
    assert beside["criteria"]["mae"] == pytest.approx(3 / 24)
    assert beside["whole"]["mae"] == pytest.approx(3 / 24)
    assert beside["difference"]["bias"] == pytest.approx(0)
    assert "Verdicts on criteria beside a judgement of the whole answer, on 3 answers with both" in shown.out
    ran = run("calibrate", "labels.jsonl", "--whole")
    assert (ran.code, "--whole asks a model" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--samples", "3"), "--samples is for the verdicts of models, and none is named"),
        (("--per-criterion",), "--per-criterion is for the verdicts of models"),
        (("--judge", "a", "--model", "b"), "--model and --judge both say who grades"),
        (("--judge", "a", "--judge", "a"), "--judge: a is named twice; to ask one model several times: --samples N"),
        (("--judge", "offline"), "--judge: names models that are asked"),
        (("--model", "m", "--samples", "0"), "--samples"),
        (("--model", "m", "--adaptive"), "give --samples 3 or more"),
        (("--model", "m", "--example-answers", "x.csv"), "--example-answers goes with --examples FILE"),
        (("--model", "m", "--examples", "gone.jsonl", "--example-answers", "x.csv"), "gone.jsonl: cannot be read"),
    ],
)
def test_what_does_not_go_together_says_so(run: Run, options: tuple[str, ...], said: str) -> None:
    ran = run(*GRADE, *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_correction_is_for_the_samples_it_was_learned_with(run: Run) -> None:
    pytest.importorskip("numpy")
    rows = [
        {**CLASS[2], "id": str(n), "answer": f"{ANSWER} Number {n}.", "score": 4, "max_score": 8} for n in range(30)
    ]
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Judges() as server:
        run("calibrate", "labels.jsonl", "--samples", "2", "--save", "mild.json", *at(server))
        command = (*GRADE, "--calibration", "mild.json", *at(server))
        assert run(*command, "--samples", "2").code == 0
        ran = run(*command)
    assert (ran.code, "samples 2), and made-up (grade@" in ran.err) == (2, True)
