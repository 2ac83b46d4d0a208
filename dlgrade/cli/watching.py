"""What a person sees while a run is under way."""

from __future__ import annotations

from dataclasses import dataclass

from dlgrade.cli import show
from dlgrade.llm.counted import Counted
from dlgrade.llm.prices import money
from dlgrade.models import Progressed


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
