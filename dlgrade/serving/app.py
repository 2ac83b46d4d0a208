"""The pages: which address shows what, and what a form does. Each changes something by POST alone, and then leads on.

/                          what comes next, what was begun, filters     /progress     how it goes
/next                      on to the next question
/question/Q                a question and room to answer                POST: grade it, not known, put aside
/question/Q/draft          POST: what was written so far                /question/Q/drop   POST: throw it away
/grading/J                 an answer that is being graded
/attempt/A                 what was said of an answer; ?reference=1 with the reference
/attempt/A/override        POST: a person's verdict
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import wait
from functools import cached_property
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dlgrade.errors import DlgradeError, InputError, OutputError
from dlgrade.export.hypertext import without_controls
from dlgrade.pages import joined, templates
from dlgrade.pages.progress import view
from dlgrade.practice.phrases import WHY
from dlgrade.practice.progress import progress
from dlgrade.practice.records import Card
from dlgrade.practice.session import Outcome
from dlgrade.serving import showing
from dlgrade.serving.desk import Desk, Job, slug
from dlgrade.serving.forms import Selection, sent, since
from dlgrade.serving.guard import Guard, Place

_SHORT = 1.0  # seconds that a page waits for a grade, before it says that it is being worked on
_STYLES = ("look.css", "prose.css", "said.css", "progress.css", "serve.css")
_EMPTY = "Nothing is written. Write an answer, or say that you do not know."
_WRITTEN = "Something is written: have it graded, or empty the field to say that you do not know."

Answer = Callable[[Request, dict[str, str]], Response]


def application(desk: Desk, place: Place, *, grader: str, person: str) -> Guard:
    """The pages over a desk, for whoever may ask at that place.

    `grader` says who grades; `person` is the name that a verdict of theirs has if they give no other.
    """
    return Guard(Pages(desk, grader, person).app, place)


class Pages:
    """One method for each address."""

    def __init__(self, desk: Desk, grader: str, person: str) -> None:
        self._desk, self._grader, self._person = desk, grader, person
        files = {
            "look.css": ("text/css", joined(_STYLES)),
            "serve.js": ("text/javascript", joined(["serve.js"])),
            "icon.svg": ("image/svg+xml", joined(["icon.svg"])),
        }
        self._files = {name: (kind, text.encode()) for name, (kind, text) in files.items()}
        self._versions = {
            name: f"/static/{name}?v={hashlib.sha256(data).hexdigest()[:12]}" for name, (_, data) in self._files.items()
        }

    @cached_property
    def app(self) -> Starlette:
        """The addresses, without the guard."""
        return Starlette(
            routes=[
                Route("/", self.start),
                Route("/next", self.next),
                Route("/progress", self.progress),
                Route("/question/{question}", self.question),
                Route("/question/{question}", _posted(self.answer), methods=["POST"]),
                Route("/question/{question}/draft", _posted(self.draft), methods=["POST"]),
                Route("/question/{question}/drop", _posted(self.drop), methods=["POST"]),
                Route("/grading/{job}", self.grading),
                Route("/grading/{job}/state", self.state),
                Route("/attempt/{attempt}", self.attempt),
                Route("/attempt/{attempt}/override", self.override),
                Route("/attempt/{attempt}/override", _posted(self.judge), methods=["POST"]),
                Route("/static/{name}", self.static),
                Route("/favicon.ico", self.icon),
            ],
            exception_handlers={HTTPException: self._refused, DlgradeError: self._wrong, Exception: self._broken},
        )

    # ── pages ────────────────────────────────────────────────────────────────────────────────

    def start(self, request: Request) -> Response:
        """What comes next."""
        return self._page("serve/start", request, title="Practice", **showing.start(self._desk, _selection(request)))

    def next(self, request: Request) -> Response:
        """On to the next question, or back to the first page where there is none."""
        selection = _selection(request)
        picks = self._desk.ahead(selection)
        return _to(selection.at(f"/question/{slug(picks[0].card)}" if picks else "/"))

    def progress(self, request: Request) -> Response:
        """How it goes."""
        found = progress(self._desk.history, self._desk.practice.today)
        return self._page("progress", request, layout="serve/layout.html.j2", **view(found))

    def question(self, request: Request) -> Response:
        """A question and room to answer it, with what was written there before."""
        card, again, failed = self._card(request), request.query_params.get("again", ""), None
        now = self._desk.clock()
        then = request.query_params.get("since")
        job = self._desk.job(request.query_params.get("failed", ""))
        if job is not None and job.card.key == card.key and job.done.done() and job.done.exception() is not None:
            failed, then, again = _reason(job), job.begun.isoformat(), job.again
        draft = self._desk.draft(card, None if then is None else since(then, now))
        written = "" if draft is None else draft.text
        if again and draft is None:
            written = self._outcome(again).attempt.answer
        begun = (now if draft is None else draft.begun).isoformat()
        return self._ask(request, card, written, since=begun, again=again, failed=failed)

    def grading(self, request: Request) -> Response:
        """That an answer is being graded; then what was said of it."""
        job = self._job(request)
        if job.done.done():
            return _to(_after(job, _selection(request)))
        return self._page("serve/grading", request, title="Being graded", job=job, asked=showing.asked(job.card))

    def state(self, request: Request) -> Response:
        """The same for a script: where to go on, once there is something."""
        job = self._job(request)
        return JSONResponse({"to": _after(job, _selection(request)) if job.done.done() else None})

    def attempt(self, request: Request) -> Response:
        """What was said of an answer."""
        outcome = self._outcome(request.path_params["attempt"])
        solution = None
        if request.query_params.get("reference"):
            solution = showing.solved(self._desk.practice.solution(outcome.attempt.id))
        card = self._desk.practice.card(outcome.attempt)
        shown = showing.result(self._desk.practice, outcome)
        left = len(self._desk.ahead(_selection(request)))
        asked = showing.asked(card)
        return self._page(
            "serve/result", request, title="Your answer", asked=asked, solution=solution, left=left, **shown
        )

    def override(self, request: Request) -> Response:
        """What of a grade a person may judge otherwise."""
        return self._choices(request, {})

    # ── what forms do ────────────────────────────────────────────────────────────────────────

    def answer(self, request: Request, form: dict[str, str]) -> Response:
        """Grade an answer, or put the question aside."""
        card, selection, desk = self._card(request), Selection.of(form), self._desk
        begun, answer, does = since(form.get("since", ""), desk.clock()), form.get("answer", "").strip(), form.get("do")
        if does == "aside":
            desk.save(card, begun, answer)
            desk.practice.put_aside(card)
            return _to(selection.at("/next"))
        wrong = _WRITTEN if does == "unknown" and answer else _EMPTY if does != "unknown" and not answer else None
        if wrong is not None:
            again = form.get("again", "")
            return self._ask(request, card, answer, since=begun.isoformat(), again=again, failed=wrong, status=422)
        job = desk.submit(card, begun, answer, form.get("again", ""))
        wait([job.done], timeout=_SHORT)
        return _to(_after(job, selection) if job.done.done() else selection.at(f"/grading/{job.id}"))

    def draft(self, request: Request, form: dict[str, str]) -> Response:
        """Keep what was written so far."""
        begun = since(form.get("since", ""), self._desk.clock())
        self._desk.save(self._card(request), begun, form.get("answer", ""))
        return Response(status_code=204)

    def drop(self, request: Request, form: dict[str, str]) -> Response:
        """Throw a draft away."""
        self._desk.drop(self._card(request), since(form.get("since", ""), self._desk.clock()))
        return _to(Selection.of(form).at("/"))

    def judge(self, request: Request, form: dict[str, str]) -> Response:
        """Put a person's verdict in the grader's place."""
        id_ = self._outcome(request.path_params["attempt"]).attempt.id
        chosen = showing.judged(self._desk.practice.solution(id_), form.get("verdict", ""))
        if chosen is None:
            return self._choices(request, form, "Choose a verdict.")
        by, why = form.get("by", "").strip() or self._person, form.get("why", "")
        try:
            self._desk.practice.override(id_, *chosen, by=by, why=why)
        except OutputError:
            raise
        except InputError as error:
            return self._choices(request, form, str(error))
        return _to(Selection.of(form).at(f"/attempt/{id_}"))

    # ── files ────────────────────────────────────────────────────────────────────────────────

    def static(self, request: Request) -> Response:
        """One of the files that pages use: those that are named here, and no path."""
        found = self._files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        kind, data = found
        # The address has the content's hash in it.
        return Response(data, media_type=kind, headers={"Cache-Control": "private, max-age=31536000, immutable"})

    def icon(self, _: Request) -> Response:
        """What browsers ask for unasked."""
        return _to(self._versions["icon.svg"])

    # ── parts of these ───────────────────────────────────────────────────────────────────────

    def _page(self, name: str, request: Request, *, status: int = 200, **context: Any) -> HTMLResponse:
        selection = Selection.of({**request.query_params, **getattr(request.state, "form", {})})
        given = {"here": request.url.path, "files": self._versions, "selection": selection, "grader": self._grader}
        made = templates().get_template(f"{name}.html.j2").render(given, **context)
        return HTMLResponse(without_controls(made).encode("utf-8", "replace"), status)

    def _ask(self, request: Request, card: Card, written: str, *, status: int = 200, **context: Any) -> Response:
        asked = showing.asked(card, WHY[self._desk.why(card)])
        return self._page(
            "serve/question", request, status=status, title=asked.plain, asked=asked, written=written, **context
        )

    def _choices(self, request: Request, form: dict[str, str], failed: str | None = None) -> Response:
        outcome = self._outcome(request.path_params["attempt"])
        practice = self._desk.practice
        return self._page(
            "serve/override",
            request,
            status=200 if failed is None else 422,
            title="Your verdict",
            asked=showing.asked(practice.card(outcome.attempt)),
            attempt=outcome.attempt,
            choices=showing.choices(practice.solution(outcome.attempt.id)),
            form=form,
            person=self._person,
            failed=failed,
        )

    def _card(self, request: Request) -> Card:
        card = self._desk.card(request.path_params["question"])
        if card is None:
            raise HTTPException(404, "There is no such question in the banks that are practised.")
        return card

    def _job(self, request: Request) -> Job:
        job = self._desk.job(request.path_params["job"])
        if job is None:
            raise HTTPException(
                404, "That answer was handed in to another server. If it was graded, it is in the history."
            )
        return job

    def _outcome(self, attempt: str) -> Outcome:
        try:
            return self._desk.practice.outcome(attempt)
        except OutputError:
            raise
        except InputError as error:
            raise HTTPException(404, f"{error}.") from None

    # ── what goes wrong ──────────────────────────────────────────────────────────────────────

    def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
        return self._failed(request, error.status_code, error.detail)

    def _wrong(self, request: Request, error: Exception) -> Response:
        return self._failed(request, 500 if isinstance(error, OutputError) else 400, str(error))

    def _broken(self, request: Request, _: Exception) -> Response:
        """A mistake of ours: the terminal has where, the page does not."""
        return self._failed(request, 500, "Something went wrong in dlgrade; the terminal that it runs in says what.")

    def _failed(self, request: Request, status: int, words: str) -> Response:
        title = HTTPStatus(status).phrase
        return self._page("serve/failed", request, status=status, title=title, words=words)


def _posted(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Reads the form, then answers in a thread: the pages go on while a file is written or a grade is waited for."""

    async def answered(request: Request) -> Response:
        form = await sent(request)
        request.state.form = form
        return await run_in_threadpool(answer, request, form)

    return answered


def _selection(request: Request) -> Selection:
    return Selection.of(request.query_params)


def _to(address: str) -> Response:
    return RedirectResponse(address, 303)


def _after(job: Job, selection: Selection) -> str:
    """Where it goes on once an answer was graded, or could not be."""
    if job.done.exception() is None:
        return selection.at(f"/attempt/{job.done.result().attempt.id}")
    return selection.at(f"/question/{slug(job.card)}", failed=job.id)


def _reason(job: Job) -> str:
    """Why an answer could not be graded."""
    error = job.done.exception()
    told = str(error) if isinstance(error, DlgradeError) else "dlgrade was interrupted, or something went wrong in it"
    return f"{told}\nYour answer is kept."
