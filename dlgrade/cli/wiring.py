"""Settings, client, cache and services put together: the one place that knows them all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlgrade import library
from dlgrade.banks.gathering import Banks, read_banks
from dlgrade.banks.locking import locked
from dlgrade.cli import show
from dlgrade.errors import BadKey, InputError, SettingsError
from dlgrade.rubrics import Rubrics
from dlgrade.settings import OPENAI, SET_UP_A_MODEL, Settings, load_settings

if TYPE_CHECKING:  # imported where they are made, for start-up time: most commands ask no model
    from dlgrade.batching import Batching
    from dlgrade.cli.options import Tape
    from dlgrade.cli.spread import Judges
    from dlgrade.grading.asking import Judging
    from dlgrade.grading.judge import Judge
    from dlgrade.llm.batch import BatchClient
    from dlgrade.llm.counted import Counted
    from dlgrade.llm.diagnosis import Asker
    from dlgrade.llm.prices import Prices
    from dlgrade.llm.replay import Replayer
    from dlgrade.llm.request import Client, Reply, Request
    from dlgrade.llm.spend import Budget
    from dlgrade.llm.store import Store
    from dlgrade.lookup import Lookup
    from dlgrade.models import Grade, Rubric
    from dlgrade.practice.history import History
    from dlgrade.practice.session import Grading
    from dlgrade.prompts import Prompts
    from dlgrade.refreshing import Refresh

CACHE_FILE = "replies.sqlite3"
BATCHES = "batches"


@dataclass(frozen=True)
class Session:
    """What one command works with; each part is made when it is first asked for."""

    settings: Settings
    record: Tape | None = None
    replay: Tape | None = None
    replayer: Replayer | None = None
    judges: Judges | None = None

    @classmethod
    def open(
        cls,
        *,
        models: Sequence[str] | None = None,
        record: Tape | None = None,
        replay: Tape | None = None,
        judges: Judges | None = None,
        **flags: Any,
    ) -> Session:
        """Read the settings; flags that are None were not given. The first of `models` is the one to ask.

        With `judges`, models are asked for grades, several if the settings name several. A replay takes from the
        recording what neither flags nor environment nor file say, and reads no key.

        Raises:
            InputError: `record` and `replay` both, or judges that do not fit each other or the settings.
            OutputError: `record` names a file that is something else.
            SettingsError: a setting is wrong, and where it stands.
            TapeError: `replay` names a file that is no recording.
        """
        if record is not None and replay is not None:
            raise InputError("--record and --replay do not go together: choose one")
        if models:
            flags |= {"model": models[0], "fallbacks": tuple(models[1:])}
        if judges is not None:
            flags |= judges.flags(flags.get("model"))
        # What records and replays is imported here for start-up time: few runs do either, and it takes an event loop.
        if record is not None:
            from dlgrade.llm.tape import check_recordable  # noqa: PLC0415

            check_recordable(record.path)
            record.opened = True
        if replay is None:
            return cls(_to_grade(load_settings(flags), judges), record, judges=judges)
        from dlgrade.llm.replay import Replayer  # noqa: PLC0415 - for start-up time: few runs have a recording

        replayer = Replayer(replay.path, on_remark=lambda said: show.remark(f"dlgrade: {said}"))
        replay.opened = True
        environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
        settings = load_settings(flags, environment=environment, below=replayer.header.settings)
        return cls(_to_grade(settings, judges), replay=replay, replayer=replayer, judges=judges)

    @cached_property
    def rubrics(self) -> Rubrics:
        """The rubrics, the user's over the shipped ones."""
        return Rubrics(library.folders("rubrics", self.settings))

    @cached_property
    def prompts(self) -> Prompts:
        """The templates, the user's over the shipped ones."""
        # Imported here for start-up time: whoever asks no model does without.
        from dlgrade.prompts import Prompts  # noqa: PLC0415

        return Prompts(library.folders("prompts", self.settings))

    @property
    def refresh(self) -> Refresh:
        """Tells stale machine-written answers from those that would be written now as well."""
        from dlgrade.refreshing import Refresh  # noqa: PLC0415 - for start-up time: most runs renew nothing

        return Refresh(self.settings, self.prompts, self.rubrics)

    @cached_property
    def lookup(self) -> Lookup:
        """Finds questions in the banks, the user's over the shipped ones."""
        # Imported here for start-up time: most commands take banks, not single questions.
        from dlgrade.lookup import Lookup  # noqa: PLC0415

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

    def banks(self, paths: Sequence[Path]) -> Banks:
        """The banks that were named, or else those of the library, the user's over the shipped ones.

        Raises:
            BankError: as `read` does.
        """
        return self.read(paths or self.lookup.documents)

    def lock(self, documents: Iterable[Path]) -> AbstractContextManager[None]:
        """Hold documents for this run alone; while another dlgrade has one, wait and say so."""
        return locked(documents, on_wait=lambda path: show.remark(f"dlgrade: waiting for another dlgrade on {path}"))

    def say_if_offline(self) -> None:
        """One line on stderr when nobody chose to be offline."""
        if self.settings.model is not None:
            return
        why = "a key is set but no model is named" if self.settings.api_key else "no model is set up"
        show.remark(f"dlgrade: {why}: offline, with shipped references and the offline grader.")

    # ── grading ──────────────────────────────────────────────────────────────────────────────

    @cached_property
    def judging(self) -> Judging:
        """How verdicts are asked for.

        Raises:
            InputError: the examples cannot be read, or their answers not be found.
        """
        # Imported here for start-up time: most commands grade nothing, or offline.
        from dlgrade.cli.spread import Judges  # noqa: PLC0415
        from dlgrade.grading.asking import Judging  # noqa: PLC0415
        from dlgrade.grading.examples import read_examples  # noqa: PLC0415

        given, examples = self.judges or Judges(), None
        if given.examples is not None:
            if given.example_answers is None:
                raise InputError("--examples: say where the answers of those grades are: --example-answers FILE")
            examples = read_examples(given.examples, given.example_answers)
        samples = 1 if self.judges is None else self.settings.samples
        return Judging(self.models, samples, given.adaptive, given.per_criterion, examples)

    def judge(self, client: Client) -> Judge:
        """Who asks that client for verdicts."""
        from dlgrade.grading.judge import Judge  # noqa: PLC0415 - for start-up time, as above

        return Judge(client, self.prompts, self.settings, self.judging)

    def whole_judge(self, client: Client) -> Judge:
        """Who asks that client to judge answers as a whole."""
        from dlgrade.grading.whole import WholeJudge  # noqa: PLC0415 - for start-up time, as above

        return WholeJudge(client, self.prompts, self.settings, self.judging)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are asked: those that grade, else one after the other as the quota of those before ends."""
        return self.settings.judges if self._judged else self.settings.models

    @property
    def _judged(self) -> bool:
        return self.judges is not None and bool(self.settings.judges)

    # ── models ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def prices(self) -> Prices:
        """What models cost, the user's own prices over those that are known."""
        # Imported here for start-up time, as above.
        from dlgrade.llm.prices import Prices  # noqa: PLC0415

        return Prices(self.settings.prices)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The stored replies.

        Raises:
            OutputError: the cache cannot be written.
        """
        # Imported here for start-up time: SQLite, and what is stored.
        from dlgrade.llm.store import Store  # noqa: PLC0415

        with Store.open(self.cache_file, on_remark=show.remark, limit=self.settings.cache_limit) as store:
            yield store

    @contextmanager
    def client(self) -> Iterator[Counted]:
        """A client that counts: a cached one, or one that answers from a recording.

        The SDK is imported when a request is in neither.

        Raises:
            OutputError: the cache cannot be written, or the recording.
            SettingsError: there is a limit of money, and a model without a price.
        """
        # Imported here for start-up time, as above.
        from dlgrade.llm.cache import Cached  # noqa: PLC0415
        from dlgrade.llm.counted import Counted  # noqa: PLC0415
        from dlgrade.llm.prices import require_price  # noqa: PLC0415

        if self.replay is not None and self.replayer is not None:
            self.replay.used = True
            header = self.replayer.header
            recorded = f"recorded {header.recorded} with {', '.join(header.judges or (header.model,))}"
            show.remark(f"dlgrade: replaying {self.replay.path}, {recorded}: nothing is sent, nothing costs")
            yield Counted(self.replayer, self.prices)
            return
        require_price(self.settings, self.models, self.prices)
        with self.store() as store, self._recorded(Cached(store, lambda: self._make(store))) as client:
            yield Counted(client, self.prices)

    @contextmanager
    def _recorded(self, client: Client) -> Iterator[Client]:
        """The client, with what passes written down if that is to be done."""
        if self.record is None:
            yield client
            return
        # for start-up time, as in `open`
        from dlgrade.llm.secrets import secrets_of  # noqa: PLC0415
        from dlgrade.llm.tape import Header, Recorder  # noqa: PLC0415

        self.record.used = True
        with Recorder(
            client,
            self.record.path,
            Header.of(self.settings),
            secrets=secrets_of(self._key, self.settings.base_url),
            on_remark=lambda said: show.remark(f"dlgrade: {said}"),
        ) as recorder:
            yield recorder

    def stored(self, requests: Sequence[Request]) -> Mapping[str, Reply]:
        """The replies that are in the cache, by the request's key; it is not made for this where there is none.

        Raises:
            OutputError: the cache cannot be read.
        """
        if self.replayer is not None or not self.cache_file.exists():
            return {}
        # Imported here for start-up time, as above.
        from dlgrade.llm.store import stored  # noqa: PLC0415

        with self.store() as store:
            return stored(store, requests)

    def _make(self, store: Store) -> Client:
        # Imported here for start-up time: the SDK takes half a second, and a cached run never needs it.
        from dlgrade.llm.client import OpenAIClient  # noqa: PLC0415
        from dlgrade.llm.request import without_credentials  # noqa: PLC0415

        settings = self.settings
        if settings.api_key is None and settings.base_url == OPENAI:
            raise BadKey(f"no key for {OPENAI}: OPENAI_API_KEY is not set", hint=SET_UP_A_MODEL)
        names = ", ".join(self.settings.judges if self._judged else (str(settings.model),))
        show.remark(f"dlgrade: asking {names} at {without_credentials(settings.base_url)}")
        return OpenAIClient(
            self._key,
            timeout=settings.timeout,
            ceiling=settings.requests_at_once,
            rpm=settings.rpm,
            tpm=settings.tpm,
            memory=store,
            budget=self._budget,
            on_remark=show.remark,
        )

    @cached_property
    def _budget(self) -> Budget | None:
        """What the command may cost; one for all of its clients, as a sitting has one for each answer."""
        # Imported here for start-up time, as above.
        from dlgrade.llm.spend import Budget  # noqa: PLC0415

        return None if self.settings.max_cost is None else Budget(self.settings.max_cost, self.prices)

    def asker(self) -> Asker:
        """A client for a diagnosis: it asks what it is told, finds nothing in a cache and remembers nothing."""
        # Imported here for start-up time, as above.
        from dlgrade.llm.client import OpenAIClient  # noqa: PLC0415

        return OpenAIClient(self._key, timeout=self.settings.timeout)

    @property
    def cache_file(self) -> Path:
        """Where replies are kept, and how models want to be asked."""
        return self.settings.cache_folder / CACHE_FILE

    # ── practice ─────────────────────────────────────────────────────────────────────────────

    def history(self) -> History:
        """What was answered before.

        Raises:
            OutputError: it cannot be read or written.
        """
        # Imported here for start-up time: few commands look at it.
        from dlgrade.practice.history import History  # noqa: PLC0415

        return History.open(self.settings.data_folder, on_remark=lambda said: show.remark(f"dlgrade: {said}"))

    @contextmanager
    def grading(self) -> Iterator[Grading]:
        """Grades answers one after the other, by the models that are set up, else without one.

        One client does for all of them: a recording, and a limit of money, are of the whole.
        """
        # Imported here for start-up time: offline there is no event loop, with a model no offline grader.
        if self.settings.offline:
            from dlgrade.grading import offline  # noqa: PLC0415

            yield offline.grade
            return
        from dlgrade.api import judged_grade  # noqa: PLC0415

        with ExitStack() as opened:
            clients: list[Counted] = []

            def grade(answer: str, rubric: Rubric, *, id: str, question: str) -> Grade:
                if not clients:
                    clients.append(opened.enter_context(self.client()))
                return judged_grade(answer, rubric, clients[0], self.judge(clients[0]), id=id, question=question)

            yield grade

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
        from dlgrade.llm.dialect import remembered  # noqa: PLC0415

        folder = Folder(self.settings.cache_folder / BATCHES, on_wait=lambda words: show.remark(f"dlgrade: {words}"))
        with self.store() as store:
            yield Batching(
                folder,
                store,
                self._batch_client,
                address=self._address,
                key=self._key,
                say=show.remark,
                dialect=lambda request: remembered(store, request.endpoint, request.model),
            )

    @property
    def _key(self) -> str | None:
        return self.settings.api_key.get_secret_value() if self.settings.api_key else None

    def _batch_client(self) -> BatchClient:
        # Imported here for start-up time, as above.
        from dlgrade.llm.batch_calls import BatchCalls  # noqa: PLC0415
        from dlgrade.llm.client import OpenAIClient  # noqa: PLC0415

        return BatchCalls(OpenAIClient(self._key, timeout=self.settings.timeout, on_remark=show.remark))

    def _address(self, endpoint: str) -> str:
        """The URL of a batch's endpoint, with the credentials that the settings have for it.

        Raises:
            SettingsError: the key is not known to be meant for it.
            BadKey: it needs one.
        """
        # Imported here for start-up time, as above.
        from dlgrade.llm.request import without_credentials  # noqa: PLC0415

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


def _to_grade(settings: Settings, judges: Judges | None) -> Settings:
    """The settings of a command that grades: judges take the place of the model.

    Raises:
        InputError: options for models where none is named, or too few samples to spend.
    """
    if judges is None:
        return settings
    if settings.judges:
        settings = settings.model_copy(update={"model": settings.judges[0], "fallbacks": ()})
    if settings.offline and judges.given:
        raise InputError(f"{judges.given[0]} is for the verdicts of models, and none is named", hint=SET_UP_A_MODEL)
    if judges.adaptive:
        from dlgrade.grading.asking import AT_FIRST  # noqa: PLC0415 - for start-up time, as above

        if settings.samples <= AT_FIRST:
            least = f"give --samples {AT_FIRST + 1} or more"
            raise InputError(f"--adaptive begins with {AT_FIRST} samples and spends more where needed: {least}")
    return settings
