"""Settings, client, cache and services put together: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlgrade import library
from dlgrade.banks.gathering import Banks, read_banks
from dlgrade.banks.locking import locked
from dlgrade.cli import show
from dlgrade.errors import BadKey, SettingsError
from dlgrade.llm.cache import Cached, Store
from dlgrade.llm.request import Client, without_credentials
from dlgrade.lookup import Lookup
from dlgrade.prompts import Prompts
from dlgrade.refreshing import Refresh
from dlgrade.rubrics import Rubrics
from dlgrade.settings import OPENAI, SET_UP_A_MODEL, Settings, load_settings

if TYPE_CHECKING:
    from dlgrade.batching import Batching  # an event loop that most commands do not need
    from dlgrade.llm.client import OpenAIClient

CACHE_FILE = "replies.sqlite3"
BATCHES = "batches"


@dataclass(frozen=True)
class Session:
    """What one command works with; each part is made when it is first asked for."""

    settings: Settings

    @classmethod
    def open(cls, **flags: Any) -> Session:
        """Read the settings; flags that are None were not given."""
        return cls(load_settings(flags))

    @cached_property
    def rubrics(self) -> Rubrics:
        """The rubrics, the user's over the shipped ones."""
        return Rubrics(library.folders("rubrics", self.settings))

    @cached_property
    def prompts(self) -> Prompts:
        """The templates, the user's over the shipped ones."""
        return Prompts(library.folders("prompts", self.settings))

    @property
    def refresh(self) -> Refresh:
        """Tells stale machine-written answers from those that would be written now as well."""
        return Refresh(self.settings, self.prompts, self.rubrics)

    @cached_property
    def lookup(self) -> Lookup:
        """Finds questions in the banks, the user's over the shipped ones."""
        return Lookup(library.folders("questions", self.settings), self.rubrics, self.settings.choices)

    def read(self, paths: Iterable[Path], *, leave_out: Path | None = None) -> Banks:
        """Read banks, questions repaired by the rubrics' wording; what is passed over is said on stderr.

        Raises:
            BankError: a document that was named is no bank, or there is none.
        """
        read = read_banks(paths, choices=self.settings.choices, leave_out=leave_out)
        for error in read.passed_over:
            show.remark(f"passed over: {error.message.partition(';')[0]}")
        for unreadable in read.unreadable:
            show.remark(f"dlgrade: {unreadable.message}")
        return read

    def lock(self, documents: Iterable[Path]) -> AbstractContextManager[None]:
        """Hold documents for this run alone; while another dlgrade has one, wait and say so."""
        return locked(documents, on_wait=lambda path: show.remark(f"dlgrade: waiting for another dlgrade on {path}"))

    def say_if_offline(self) -> None:
        """One line on stderr when nobody chose to be offline."""
        if self.settings.model is not None:
            return
        why = "a key is set but no model is named" if self.settings.api_key else "no model is set up"
        show.remark(f"dlgrade: {why}: offline, with shipped references and the offline grader.")

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A cached client; the SDK is imported when a request is not in the cache.

        Raises:
            OutputError: the cache cannot be written.
        """
        with Store.open(self.settings.cache / CACHE_FILE, on_remark=show.remark) as store:
            yield Cached(store, self._make)

    def _make(self) -> Client:
        # Imported here for start-up time: the SDK takes half a second, and a cached run never needs it.
        from dlgrade.llm.client import OpenAIClient  # noqa: PLC0415

        settings = self.settings
        if settings.api_key is None and settings.base_url == OPENAI:
            raise BadKey(f"no key for {OPENAI}: OPENAI_API_KEY is not set", hint=SET_UP_A_MODEL)
        show.remark(f"dlgrade: asking {settings.model} at {without_credentials(settings.base_url)}")
        key = settings.api_key.get_secret_value() if settings.api_key else None
        return OpenAIClient(key, timeout=settings.timeout, on_remark=show.remark)

    # ── batches ──────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def batches(self) -> Iterator[Batching]:
        """The batches of the cache folder.

        Raises:
            OutputError: the cache cannot be written.
        """
        # Imported here for start-up time: all other commands do without.
        from dlgrade.batching import Batching  # noqa: PLC0415
        from dlgrade.llm.batch_files import Folder  # noqa: PLC0415

        folder = Folder(self.settings.cache / BATCHES, on_wait=lambda words: show.remark(f"dlgrade: {words}"))
        with Store.open(self.settings.cache / CACHE_FILE, on_remark=show.remark) as store:
            yield Batching(folder, store, self._batch_client, address=self._address, key=self._key, say=show.remark)

    @property
    def _key(self) -> str | None:
        return self.settings.api_key.get_secret_value() if self.settings.api_key else None

    def _batch_client(self) -> OpenAIClient:
        # Imported here for start-up time, as above.
        from dlgrade.llm.client import OpenAIClient  # noqa: PLC0415

        return OpenAIClient(self._key, timeout=self.settings.timeout, on_remark=show.remark)

    def _address(self, endpoint: str) -> str:
        """The URL of a batch's endpoint, with the credentials that the settings have for it.

        Raises:
            SettingsError: the key is not known to be meant for it.
            BadKey: it needs one.
        """
        settings = self.settings
        if endpoint == OPENAI and settings.api_key is None:
            raise BadKey(f"no key for {OPENAI}: OPENAI_API_KEY is not set", hint=SET_UP_A_MODEL)
        if endpoint == without_credentials(settings.base_url):
            return settings.base_url
        if settings.api_key and not settings.model_copy(update={"base_url": endpoint}).trusted:
            raise SettingsError(
                f"a batch at {endpoint} is not asked after: your OPENAI_API_KEY may be another endpoint's",
                hint=f"If it is meant for that one: --base-url {endpoint}",
            )
        return endpoint
