"""A sitting at the terminal: question, answer, feedback, keys; over and over until nothing is left or it is enough."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass, field

from dlgrade.cli import practice_show as page
from dlgrade.cli import show
from dlgrade.cli.keys import key, line
from dlgrade.cli.writing import HOW, written
from dlgrade.errors import InputError
from dlgrade.practice.drafts import Draft, Drafts
from dlgrade.practice.session import Outcome, Practice, Turn

_AFTER = "[r]eference  [t]ry again  [n]ext  [o]verride  [q]uit: "
_BLANK = "Nothing is written.  [w]rite  [d]o not know  [s]kip  [q]uit: "
_LEFT = "[g]o on with it  [d]rop it  [l]ater: "


class Quit(Exception):
    """The person has had enough."""


@dataclass
class Sitting:
    """Plays a practice at the terminal, or down a pipe. `editor` says where answers are written."""

    practice: Practice
    drafts: Drafts
    editor: bool
    outcomes: list[Outcome] = field(default_factory=list)
    skipped: int = 0

    def play(self, *, offer: bool) -> None:
        """Ask until the person quits or nothing is left; with `offer`, first what was left unfinished.

        Raises:
            RunStopped: the endpoint cannot be used; what was written is kept.
            OutputError: the history cannot be written.
        """
        try:
            for draft in self.drafts.left() if offer else ():
                self._offer(draft)
            while (turn := self.practice.next()) is not None:
                self._one(turn)
        except Quit:
            return

    def _offer(self, draft: Draft) -> None:
        words = " ".join(draft.text.split())
        begun = f"{draft.begun:%Y-%m-%d %H:%M}"
        question = f"{draft.card.id}  {draft.card.text.partition(chr(10))[0]}"
        show.text("\n" + page.wrapped(f"An answer was begun on {begun} and not finished: {question}"))
        show.text(page.wrapped(words if len(words) < 400 else f"{words[:400]} …", "  "))
        choice = key(_LEFT, "gdlq")
        show.text(choice)
        if choice == "g":
            self._one(self.practice.turn(draft.card, "kept"), draft)
        elif choice == "d":
            draft.drop()
        else:
            draft.keep()
        if choice == "q":
            raise Quit

    def _one(self, turn: Turn, draft: Draft | None = None) -> None:
        """One question, until the person goes on to the next."""
        show.text(page.asked(turn, len(self.outcomes) + self.skipped + 1))
        outcome = self._answered(turn, draft)
        if outcome is None:
            self.skipped += 1
            return
        self.outcomes.append(outcome)
        if self.practice.plan.mode == "interview":
            return
        while True:
            show.text(f"{page.said(outcome, self.practice.today)}\n")
            again = self._after(turn, outcome)
            if again is None:
                return
            turn, outcome = again

    def _answered(self, turn: Turn, draft: Draft | None = None) -> Outcome | None:
        """An answer, graded and kept; None if the question is put aside."""
        draft = draft or self.drafts.begin(turn.card, self.practice.clock())
        try:
            answer = self._given(turn, draft)
            if answer is None:
                draft.drop()
                return None
            outcome = self.practice.submit(turn, answer)
        except BaseException:
            draft.keep()
            if draft.written:
                show.remark("\nWhat you wrote is kept: the next `dlgrade practice` offers it.")
            else:
                draft.drop()
            raise
        draft.drop()
        return outcome

    def _given(self, turn: Turn, draft: Draft) -> str | None:
        if not self.editor:
            show.text(HOW)
        while True:
            answer = written(draft, turn, self.practice.clock, editor=self.editor)
            if answer is None:
                raise Quit
            if answer:
                return answer
            choice = key(_BLANK, "wdsq")
            show.text(choice)
            if choice == "q":
                raise Quit
            if choice != "w":
                return "" if choice == "d" else None

    def _after(self, turn: Turn, outcome: Outcome) -> tuple[Turn, Outcome] | None:
        """What the person does about an answer: None to go on, else what is to be shown of it next."""
        while True:
            choice = key(_AFTER, "rtnoq")
            show.text(choice)
            if choice == "q":
                raise Quit
            if choice == "n":
                return None
            if choice == "r":
                show.text(f"{page.solved(self.practice.solution(outcome.attempt.id))}\n")
            if choice == "o" and (changed := self._overridden(outcome)) is not None:
                self.outcomes[-1] = changed if self.outcomes[-1].attempt.id == outcome.attempt.id else self.outcomes[-1]
                return turn, changed
            if choice == "t":
                again = self.practice.again(turn, outcome)
                draft = self.drafts.begin(turn.card, self.practice.clock())
                if self.editor:
                    draft.write(outcome.attempt.answer)
                show.text("")
                if (better := self._answered(again, draft)) is not None:
                    return again, better

    def _overridden(self, outcome: Outcome) -> Outcome | None:
        """A person's verdict; None where they leave it, or it cannot be."""
        attempt = outcome.attempt
        solution = self.practice.solution(attempt.id)
        show.text("\nTo judge, you see what is asked for. An empty line leaves all as it is.\n")
        show.text("\n".join(page.point(item) for item in solution.points))
        claims = {f"{len(solution.points) + n}": claim.id for n, claim in enumerate(solution.wrong, start=1)}
        for number, claim in zip(claims, solution.wrong, strict=True):
            show.text(f"  ! {number:>2} found    {claim.id}\n{page.wrapped(claim.claims, ' ' * 7)}")
        number = _asked("Which number: ")
        item = next((point for point in solution.points if f"{point.number}" == number), None)
        if item is None and number not in claims:
            return None
        words = ("found", "absent") if item is None else item.words
        verdict = _asked(f"The verdict, {' or '.join(words)}: ")
        why = _asked("Why: ") if verdict else ""
        by = (_asked(f"Your name [{user()}]: ") or user()) if why else ""
        if not why:
            return None
        try:
            named = claims[number] if item is None else item.number
            return self.practice.override(attempt.id, named, verdict, by=by, why=why)
        except InputError as error:
            show.remark(f"dlgrade: {error}")
            return None


def _asked(prompt: str) -> str:
    said = (line(prompt) or "").strip()
    if not sys.stdin.isatty():
        show.text(said)  # at a terminal it stands there already
    return said


def user() -> str:
    """The person, as the system names them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # nobody of that number is known to the system
        return "me"
