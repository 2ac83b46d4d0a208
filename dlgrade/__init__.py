"""Fill, grade and export banks of deep-learning interview questions.

    import dlgrade
    bank = dlgrade.read_bank("questions/general.md")
    filled = dlgrade.fill(bank, {"general:2": "A dropout layer …"})      # filled.source is the new document
    rubric = dlgrade.load_rubric("rubrics/dropout.yaml")
    grade = dlgrade.grade("Units are dropped at random.", rubric)        # by the offline grader

Names are loaded when they are used: `import dlgrade` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlgrade.api import export as export
    from dlgrade.banks.filling import Filled as Filled
    from dlgrade.banks.filling import fill as fill
    from dlgrade.banks.reading import read_bank as read_bank
    from dlgrade.errors import DlgradeError as DlgradeError
    from dlgrade.grading.offline import grade as grade
    from dlgrade.models import Bank as Bank
    from dlgrade.models import Criterion as Criterion
    from dlgrade.models import Failure as Failure
    from dlgrade.models import Grade as Grade
    from dlgrade.models import Misconception as Misconception
    from dlgrade.models import Question as Question
    from dlgrade.models import Rubric as Rubric
    from dlgrade.models import Usage as Usage
    from dlgrade.models import Verdict as Verdict
    from dlgrade.rubrics import load_rubric as load_rubric

__version__ = "0.1.0"

_WHERE = {
    "export": "dlgrade.api",
    "Filled": "dlgrade.banks.filling",
    "fill": "dlgrade.banks.filling",
    "read_bank": "dlgrade.banks.reading",
    "DlgradeError": "dlgrade.errors",
    "grade": "dlgrade.grading.offline",
    **dict.fromkeys(
        ("Bank", "Criterion", "Failure", "Grade", "Misconception", "Question", "Rubric", "Usage", "Verdict"),
        "dlgrade.models",
    ),
    "load_rubric": "dlgrade.rubrics",
}
__all__ = [*_WHERE, "__version__"]  # noqa: PLE0604 - the table is the list of names


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'dlgrade' has no attribute {name!r}")
