"""Corrections of a grader's leniency, as commands make and take them: each is for one grader."""

from __future__ import annotations

from pathlib import Path

from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.grading.leniency import Correction, load
from dlgrade.grading.offline import METHOD


def grader_of(session: Session) -> str:
    """Whose scores they are: the model and the prompt that it is given, or the offline method."""
    if session.settings.offline:
        return f"offline ({METHOD})"
    judging = session.judging
    way = "".join(f", {name} {value}" for name, value in judging.told.items())
    return f"{'+'.join(judging.models)} (grade@{session.prompts.fingerprint('grade')}{way})"


def correction_for(session: Session, path: Path) -> Correction:
    """The correction of a file, if it was made for who grades now.

    Raises:
        InputError: it cannot be read, is none, or is for another grader.
    """
    correction, grader = load(path), grader_of(session)
    if correction.grader != grader:
        raise InputError(
            f"{path}: made for {correction.grader}, and {grader} grades now",
            hint="Each grader is lenient in its own way: make another with dlgrade calibrate LABELS --save FILE",
        )
    return correction
