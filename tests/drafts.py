"""What strong and weak models reply when they are asked for a rubric."""

from __future__ import annotations

import copy
import json
from typing import Any

KALMAN = "What does a Kalman filter do?"
REFERENCE = (
    "A Kalman filter estimates the hidden state of a linear system from noisy measurements: it keeps a mean and a "
    'covariance: "how sure it is".\n\n'
    "- First it predicts the next state with the model of the motion.\n"
    "- Then it corrects that guess by the measurement, weighted by the gain $K$: # the surer the sensor, the more.\n\n"
    "With Gaussian noise the estimate has the least mean squared error: no other estimator does better."
)
STRONG: dict[str, Any] = {
    "question": KALMAN,
    "topic": "State Estimation",
    "difficulty": "intermediate",
    "reference": REFERENCE,
    "criteria": [
        {
            "id": "hidden-state",
            "points": 3,
            "expects": "It estimates a hidden state from noisy measurements: what is seen is not what is.",
            "partial": "Says that it smooths a signal, without saying what it estimates.",
            "cues": [["hidden state | latent state | unobserved state", "nois* | measurement | sensor | observation"]],
            "partial_cues": [["smooth* | filter*", "signal | data"]],
        },
        {
            "id": "predict",
            "points": 2.5,
            "expects": "It predicts the next state by a model of the motion.",
            "partial": None,
            "cues": [["predict* | forecast* | propagat*", "model | dynamics | motion"]],
            "partial_cues": [],
        },
        {
            "id": "correct",
            "points": 3,
            "expects": "It corrects the prediction by the measurement, weighted by how sure each of them is.",
            "partial": None,
            "cues": [["correct* | updat* | adjust*", "gain | weigh* | trust", "unless never | # of"]],
            "partial_cues": [],
        },
        {
            "id": "optimal",
            "points": 1.5,
            "expects": "With Gaussian noise no estimator has a smaller mean squared error.",
            "partial": None,
            "cues": [["optimal | least | minimum | smallest", "squared error | mse | variance"]],
            "partial_cues": [],
        },
    ],
    "misconceptions": [
        {
            "id": "needs-all-data",
            "costs": 2,
            "claims": "It needs all measurements at once.",
            "cues": [["all measurements | whole batch", "at once | together", "unless not"]],
        },
        {
            "id": "any-noise",
            "costs": 1,
            "claims": "It is optimal for any system and any noise.",
            "cues": [["any noise | every system | any system", "optimal | best", "unless not | only"]],
        },
    ],
}


def reply(**changed: Any) -> str:
    """The strong reply with some fields changed; None takes a field away."""
    whole = {**copy.deepcopy(STRONG), **changed}
    return json.dumps({name: value for name, value in whole.items() if value is not None})


def criteria(n: int | None = None, **changed: Any) -> list[dict[str, Any]]:
    """The strong criteria, the one at `n` with some fields changed."""
    found: list[dict[str, Any]] = copy.deepcopy(STRONG["criteria"])
    if n is not None:
        found[n] |= changed
    return found
