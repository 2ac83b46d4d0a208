"""What `bench_model_layer.py` measures of dlgrade where documents do not count: questions asked, replies cached.

The same as `dlgrade fill` between reading a bank and filling it, with the questions of a file, one a line.

    DLGRADE_CACHE=/tmp/cache python benchmarks/ask_alone.py QUESTIONS URL [AT_ONCE]
"""

from __future__ import annotations

import sys
from pathlib import Path

from dlgrade.banks.same import same
from dlgrade.cli.wiring import Session
from dlgrade.models import Question
from dlgrade.references import asked_answers


def main() -> None:
    lines = Path(sys.argv[1]).read_text("utf-8").splitlines()
    at_once = int(sys.argv[3]) if len(sys.argv) > 3 else 64
    session = Session.open(model="m", base_url=sys.argv[2], concurrency=at_once)
    questions = [Question(bank="asked", position=n, raw=line, text=line, line=n) for n, line in enumerate(lines, 1)]
    with session.client() as client:
        answers = asked_answers(same(questions), client, session.prompts, session.settings)
    print(len(answers.texts))


if __name__ == "__main__":
    main()
