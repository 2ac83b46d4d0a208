"""An answer key as JSON.

{"banks": ["general"], "questions": [{"id": "general:1", "text": …, "reference": …, "source": "shipped", …}],
 "missing": ["general:4"]}
"""

from __future__ import annotations

import json

from dlgrade.export.key import Entry, Key


def write(key: Key) -> str:
    """The key as one JSON document; a question without a reference has `reference` null."""
    document = {
        "banks": list(key.banks),
        "questions": [_row(entry) for entry in key.entries],
        "missing": [question.id for question in key.missing],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _row(entry: Entry) -> dict[str, object]:
    question = entry.question
    return {
        "id": question.id,
        "bank": question.bank,
        "position": question.position,
        "number": question.number,
        "text": question.text,
        "category": question.category,
        "difficulty": question.difficulty,
        "reference": entry.reference,
        "source": entry.source,
        "rubric": entry.rubric,
    }
