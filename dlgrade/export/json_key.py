"""An answer key as JSON.

{"banks": ["general"], "questions": [{"id": "general:1", "text": …, "reference": …, "source": "shipped", …}],
 "missing": ["general:4"]}
"""

from __future__ import annotations

import json

from dlgrade.export.key import Entry, Key
from dlgrade.models import Rubric


def write(key: Key) -> bytes:
    """The key as one JSON document; a question without a reference has `reference` null."""
    document = {
        "banks": list(key.banks),
        "questions": [row(entry) for entry in key.entries],
        "missing": [question.id for question in key.missing],
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def row(entry: Entry) -> dict[str, object]:
    """One question as JSON; `scheme`, its rubric's content, stands there where rubrics were asked for."""
    question = entry.question
    found: dict[str, object] = {
        "id": question.id,
        "bank": question.bank,
        "position": question.position,
        "number": question.number,
        "text": question.text,
        "category": question.category,
        "difficulty": entry.difficulty,
        "topic": entry.topic,
        "reference": entry.reference,
        "source": entry.source,
        "rubric": entry.rubric,
        "also": list(entry.also),
    }
    return found | ({"scheme": _scheme(entry.scheme)} if entry.scheme else {})


def _scheme(rubric: Rubric) -> dict[str, object]:
    fields = {"id", "points", "expects", "partial"}
    return {
        "max_score": rubric.max_score,
        "criteria": [criterion.model_dump(include=fields) for criterion in rubric.criteria],
        "misconceptions": [m.model_dump(include={"id", "costs", "claims"}) for m in rubric.misconceptions],
    }
