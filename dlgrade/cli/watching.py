"""What a person sees while a run is under way, and at its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlgrade.cli import show
from dlgrade.llm.counted import Counted
from dlgrade.llm.prices import money
from dlgrade.models import Progressed

if TYPE_CHECKING:
    from dlgrade.classes import Graded  # the graders, which fill has no need of


@dataclass
class Watch:
    """Tells a person how far a run is; with no `client`, nothing is asked that could cost."""

    bar: show.Bar
    client: Counted | None = None
    told: bool = False

    def see(self, run: Progressed) -> None:
        """Draw it; say once what Ctrl-C does."""
        if run.interrupted and run.running and not self.told:
            self.told = True
            show.remark(f"Stopping: {run.running} requests in flight finish; Ctrl-C ends them at once.")
        self.bar.at(run.done, lambda: self._said(run))

    def _said(self, run: Progressed) -> str:
        if self.client is None:
            return f"{run.failed} failed"
        cost = self.client.cost
        spent = f", {money(cost)}" if cost else ""
        return f"{run.failed} failed, {self.client.cached} from cache, {self.client.usage.total_tokens:,} tokens{spent}"


def what_it_took(client: Counted, seconds: float) -> str:
    """The run on one line: requests, tokens, money, time."""
    parts = [show.counted(client.requests - client.cached, "request"), f"{client.cached:,} from cache"]
    if client.retries:
        parts.append(show.counted(client.retries, "retry", "retries"))
    parts.append(f"{client.usage.total_tokens:,} tokens")
    parts.append("cost not known" if client.cost is None else money(client.cost))
    return ", ".join([*parts, f"{seconds:.1f} s"])


def by_why(what: str, kinds: Counter[str]) -> list[str]:
    """How many answers have no grade, and why, where there are such."""
    named = ", ".join(f"{number:,} {kind.replace('_', ' ')}" for kind, number in kinds.most_common())
    return [f"{kinds.total():,} {what} ({named})"] if kinds else []


def name_failures(done: Graded, rest: str) -> None:
    """Name the first answers without a grade, with the reason; of further ones say the `rest`."""
    for failure in done.named:
        show.remark(f"  {failure.kind}: {failure.id}: {failure.message.splitlines()[0]}")
    if done.without > len(done.named):
        show.remark(f"  … and {done.without - len(done.named):,} more; {rest}")
