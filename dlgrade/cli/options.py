"""The options that several commands share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Banks = Annotated[list[Path], typer.Argument(help="Banks, or folders of them.", metavar="PATH", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Model = Annotated[
    str | None, typer.Option(help="The model to ask, or `offline` for none at all.", metavar="NAME", show_default=False)
]
BaseUrl = Annotated[
    str | None,
    typer.Option(help="An OpenAI-compatible endpoint, as http://localhost:8080/v1.", metavar="URL", show_default=False),
]
Concurrency = Annotated[int | None, typer.Option(help="Requests at once, at most.", metavar="N", show_default=False)]
