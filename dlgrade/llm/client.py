"""Request -> Reply, over the network: the one file that imports openai and tenacity.

Importing it takes half a second, so whoever needs it imports it where the client is made. What the servers' replies
mean is in `wire`, what is done about each in `trouble`, how a request is put in `dialect`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import httpx2
from openai import (
    APIConnectionError,
    APIStatusError,
    AsyncOpenAI,
    AsyncStream,
    DefaultAioHttpClient,
    DefaultAsyncHttpxClient,
    Timeout,
)
from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from dlgrade.errors import BadKey, DlgradeError, RunStopped, ServerFailed, Unreachable
from dlgrade.llm import transport, wire
from dlgrade.llm.dialect import Body, Dialect, Dialects, Memory, body, most_tokens
from dlgrade.llm.outage import Health
from dlgrade.llm.pace import Alarm, Pace, Ticket
from dlgrade.llm.request import Halted, Reply, Request, without_credentials
from dlgrade.llm.secrets import basic, begun, cleaned, hide_from_logs, scrubbed, secrets_of, without
from dlgrade.llm.spend import Budget, Hold, may_be_billed, prompt_bytes
from dlgrade.llm.streams import Stream
from dlgrade.llm.tries import Tries
from dlgrade.llm.trouble import ACTIONS, Condition, Trouble, error_for, wait_before_retry

TIMEOUT = 120.0
"""Seconds for one try, from the first byte sent to the last one read."""
LISTING_TIMEOUT = 10.0
"""Seconds for the list of models, which no model has to write."""

Sdk = AsyncOpenAI
"""What a call of one's own is made with (`OpenAIClient.response`)."""

# The SDK takes no empty key, and a server of one's own needs none.
_NO_KEY = "none"
_PATH = "/chat/completions"
_REPLIED = frozenset({Condition.LENGTH, Condition.UNREADABLE, Condition.REFUSED})
"""Troubles that a model replied with: the server had room for the request."""
# the SDK wraps nothing while a response is read, nor what its transport does not know
_NO_RESPONSE: tuple[type[Exception], ...] = (TimeoutError, APIConnectionError, *transport.ERRORS)

T = TypeVar("T")


class OpenAIClient:
    """A `Client` for any OpenAI-compatible endpoint.

    It belongs to one event loop. At most `ceiling` requests are in flight to a model; `rpm` and `tpm` are its limits
    a minute, where the user knows them. `budget` guards what is spent, `memory` keeps how models want to be asked.
    `on_remark` is told, in a sentence, what a user would otherwise wonder about: waits, parameters left out.
    `http_client`, `sleep`, `clock` and `chance` stand for the network, the time and the dice.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        ceiling: int = 16,
        rpm: int | None = None,
        tpm: int | None = None,
        budget: Budget | None = None,
        memory: Memory | None = None,
        on_remark: Callable[[str], None] = lambda _: None,
        http_client: httpx2.AsyncClient | None = None,
        sleep: Callable[[float], Coroutine[Any, Any, None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._key = (api_key or "").strip() or None
        self._timeout = timeout
        self._ceiling, self._rpm, self._tpm = ceiling, rpm, tpm
        self._budget = budget
        self._dialects = Dialects(memory)
        self._remark = on_remark
        self._http_client = http_client
        self._alarm = Alarm()
        self.sleep = sleep or self._alarm.sleep
        self._clock = clock
        self._chance = chance
        self._secrets = secrets_of(self._key)
        self._endpoints: dict[str, AsyncOpenAI] = {}
        self._paces: dict[tuple[str, str], Pace] = {}
        self._healths: dict[tuple[str, str], Health] = {}
        self._said: set[str] = set()

    async def complete(self, request: Request) -> Reply:
        """Return the validated reply; its usage is the sum of what all tries were billed.

        Raises:
            RunStopped: the endpoint cannot be used, or the budget is spent.
            ItemError: this one request failed; its `usage` is what its tries were billed.
            Halted: the run is ending; nothing more is sent.
        """
        tries = Tries(request)
        try:
            outcome: Reply | Trouble = await AsyncRetrying(
                retry=retry_if_result(lambda outcome: isinstance(outcome, Trouble)),
                stop=lambda _: tries.wait is None,
                wait=lambda _: tries.wait or 0.0,
                sleep=self.sleep,
                retry_error_callback=_last_outcome,
            )(self._try, tries)
        except (RunStopped, Halted) as ended:
            ended.usage, ended.unsure = tries.usage, tries.unsure
            raise
        if isinstance(outcome, Trouble):
            raise self._failed(request, outcome, tries)
        self._remark_on_truncation(request, outcome)
        return outcome.model_copy(update={"usage": tries.usage, "tries": tries.sent})

    def halt(self) -> None:
        """Send nothing more: what is in flight comes to its end, whoever waits for his turn gives up."""
        self._alarm.halt()

    async def listing(self, endpoint: str) -> tuple[wire.Listed, ...] | Trouble:
        """The models that the endpoint offers, asked once; or why it lists none.

        Raises:
            EndpointError: the URL or the key is one that nothing can be sent with.
        """
        response = await self.response(
            endpoint,
            lambda sdk: sdk.get("/models", cast_to=httpx2.Response),
            timeout=min(self._timeout, LISTING_TIMEOUT),
        )
        return self._told(response if isinstance(response, Trouble) else wire.read_models(*self.parts(response)))

    async def once(self, tries: Tries, dialect: Dialect) -> Reply | Trouble:
        """One call, put in this dialect; what it brings is only told. For whoever wants to see what `complete` mends.

        Raises:
            EndpointError: the URL or the key is one that nothing can be sent with.
        """
        request = tries.request
        return self._told(await self._call(request, body(request, dialect, limit=tries.limit, more=tries.more)))

    def dialect(self, endpoint: str, model: str) -> Dialect:
        """How the model wants to be asked, as far as it is known by now, from earlier runs too."""
        return self._dialects.of(endpoint, model)

    async def aclose(self) -> None:
        """Close the connections."""
        endpoints = list(self._endpoints.values())
        self._endpoints.clear()
        for sdk in endpoints:
            await sdk.close()

    # ── one try ──────────────────────────────────────────────────────────────────────────────

    async def _try(self, tries: Tries) -> Reply | Trouble:
        """One call, and the decision what comes after it, left in `tries.wait`."""
        request = tries.request
        pace = self._pace(request)
        ticket = await pace.enter(
            most_tokens(body(request, Dialect(), limit=tries.limit, more=tries.more)) if self._tpm else 0,
            again=tries.sent > 0,
        )
        tries.began = ticket.sent if tries.began is None else tries.began
        outcome: Reply | Trouble | None = None
        try:
            # as late as can be: somebody may have learned something meanwhile
            dialect = self.dialect(request.endpoint, request.model)
            sent = body(request, dialect, limit=tries.limit, more=tries.more)
            outcome = await self._paid(request, sent, tries.limit, ticket)
        finally:
            # of tasks that are cancelled too: others wait for the place
            _leave(pace, ticket, outcome)
        tries.count(outcome)
        if isinstance(outcome, Reply) or outcome.condition in _REPLIED:
            self._health(request).reply()
        if isinstance(outcome, Trouble):
            tries.wait = self._next(tries, dialect, outcome, pace, ticket)
            if outcome.condition is Condition.QUOTA:
                # of those that wait for their turn too, each would be told the same
                pace.end(self.error(outcome, request.endpoint, request.model))
        return outcome

    async def _paid(self, request: Request, sent: Body, limit: int, ticket: Ticket) -> Reply | Trouble:
        """One call within the budget: the dearest that it can become is put aside until its bill is there."""
        if self._budget is None:
            return await self._call(request, sent)
        hold = await self._budget.hold(request.model, request.endpoint, prompt_bytes(sent), limit)
        outcome: Reply | Trouble | None = None
        if self._alarm.halted:
            hold.settle(None, billed=False)
            raise Halted
        ticket.sent = self._clock()  # the wait for money is no latency
        try:
            outcome = await self._call(request, sent)
        finally:
            _settle(hold, outcome)
        return outcome

    async def _call(self, request: Request, sent: Body) -> Reply | Trouble:
        if request.hear is None:
            return self._read(request, sent, await self._posted(request.endpoint, sent))
        stream = Stream(request.hear, hide=lambda text: begun(text, self._secrets))
        outcome = self._read(request, sent, await self._streamed(request.endpoint, sent, stream))
        if isinstance(outcome, Trouble) and stream.heard and request.unhear is not None:
            request.unhear(self.scrubbed(outcome.words))
        return outcome

    def _read(self, request: Request, sent: Body, response: httpx2.Response | Trouble) -> Reply | Trouble:
        """What the response to a call means."""
        if isinstance(response, Trouble):
            return response
        if any(name.startswith(b"x-ratelimit") for name, _ in response.headers.raw):
            self._pace(request).told(response.headers, most_tokens(sent))
        outcome = wire.read(*self.parts(response), model=request.model, shape=request.shape)
        if isinstance(outcome, Trouble):
            return outcome.model_copy(update={"status": response.status_code})
        text, model = (without(said, self._secrets) for said in (outcome.text, outcome.model))
        if (text, model) != (outcome.text, outcome.model):
            outcome = outcome.model_copy(update={"text": text, "model": model})
        return outcome

    async def _posted(self, endpoint: str, sent: Body) -> httpx2.Response | Trouble:
        response = await self.response(endpoint, lambda sdk: sdk.post(_PATH, cast_to=httpx2.Response, body=sent))
        if isinstance(response, Trouble) or not Stream.looks_like(response.content):
            return response
        # some gateways always send a stream; it was read whole
        return await transport.joined(response, Stream(lambda _: None))

    async def _streamed(self, endpoint: str, sent: Body, stream: Stream) -> httpx2.Response | Trouble:
        """The response as it would have come in one; `stream` tells its words as they come."""

        async def send(sdk: AsyncOpenAI) -> httpx2.Response:
            response = await sdk.post(
                _PATH, cast_to=httpx2.Response, body=sent, stream=True, stream_cls=AsyncStream[Any]
            )
            return await transport.joined(cast("httpx2.Response", response), stream)

        return await self.response(endpoint, send)

    async def response(
        self,
        endpoint: str,
        send: Callable[[AsyncOpenAI], Awaitable[httpx2.Response]],
        *,
        timeout: float | None = None,
    ) -> httpx2.Response | Trouble:
        """The bare response, whatever its status. The SDK's own parsing breaks on several real bodies, and costs as
        much as all the rest. `timeout` is in seconds, for all of it.
        """
        timeout = timeout or self._timeout
        try:
            async with asyncio.timeout(timeout):
                return await send(self._endpoint(endpoint))
        except APIStatusError as error:
            return error.response
        except _NO_RESPONSE as error:
            return transport.trouble(error, timeout)

    def parts(self, response: httpx2.Response) -> tuple[int, Mapping[str, str], bytes]:
        """What `wire` reads of a response, without the secrets."""
        return response.status_code, response.headers, cleaned(response.content, self._secrets)

    def _endpoint(self, endpoint: str) -> AsyncOpenAI:
        if endpoint not in self._endpoints:
            self._endpoints[endpoint] = self._sdk(endpoint)
        return self._endpoints[endpoint]

    def _sdk(self, endpoint: str) -> AsyncOpenAI:
        try:
            urlsplit(endpoint).port  # noqa: B018 - reading it is what checks it
        except ValueError as error:
            raise Unreachable(f"{without_credentials(endpoint)} is no URL: {error}", hint="Check --base-url.") from None
        if self._key is not None and not (self._key.isascii() and self._key.isprintable()):
            raise BadKey("The key holds characters that no key has", hint="Check OPENAI_API_KEY: was it copied whole?")
        self._secrets = secrets_of(self._key, *self._endpoints, endpoint, *transport.proxies())
        hide_from_logs(self._secrets)
        authorization = basic(endpoint)
        return AsyncOpenAI(
            api_key=self._key or _NO_KEY,
            # the transport takes no user and password in a URL, and its log would show them
            base_url=without_credentials(endpoint),
            default_headers={"Authorization": authorization} if authorization else None,
            max_retries=0,  # its own would multiply with ours, and it retries an exhausted quota
            timeout=Timeout(self._timeout, connect=transport.CONNECT_TIMEOUT),
            http_client=self._http_client or _http_client(),
        )

    def _health(self, request: Request) -> Health:
        where = (request.endpoint, request.model)
        if where not in self._healths:
            self._healths[where] = Health(without_credentials(request.endpoint), self._clock, self._say)
        return self._healths[where]

    def _pace(self, request: Request) -> Pace:
        where = (request.endpoint, request.model)
        if where not in self._paces:
            self._paces[where] = Pace(
                self._ceiling, rpm=self._rpm, tpm=self._tpm, clock=self._clock, sleep=self.sleep, alarm=self._alarm
            )
        return self._paces[where]

    # ── what comes after it ──────────────────────────────────────────────────────────────────

    def _next(self, tries: Tries, used: Dialect, trouble: Trouble, pace: Pace, ticket: Ticket) -> float | None:
        """Seconds until the next try, None if this was the last."""
        if self._learned(tries.request, used, trouble):
            return 0.0
        tries.failures[trouble.condition] += 1
        wait = self.wait_after(trouble, tries.failures[trouble.condition])
        if wait is None:
            wait = self._health(tries.request).until_return(trouble, hold_back=pace.hold_back)
        if ACTIONS[trouble.condition].crowded:
            self._make_room(trouble, wait, pace, ticket)
        return wait if wait is not None and tries.prepare(trouble) else None

    def _failed(self, request: Request, trouble: Trouble, tries: Tries) -> DlgradeError:
        """The error of a request that has used up its tries: its own, or the server's, which stops the run."""
        health = self._health(request)
        trouble = health.weighed(trouble)
        error = self.error(trouble, request.endpoint, request.model, tries)
        if isinstance(error, ServerFailed):
            error = health.lost(error, trouble, tries.began, hold_back=self._pace(request).hold_back)
        if isinstance(error, RunStopped):
            error.usage, error.unsure = tries.usage, tries.unsure
        return error

    def _make_room(self, trouble: Trouble, wait: float | None, pace: Pace, ticket: Ticket) -> None:
        """Fewer requests at once from here on, and none for a while: another one would only lengthen the wait."""
        action = ACTIONS[trouble.condition]
        seconds = wait or trouble.wait or action.first
        paused = pace.paused
        if pace.refused(ticket, seconds, pause=action.pause or trouble.wait is not None) and not paused:
            self._say(f"The rate is limited: everything waits {seconds:.0f} s")

    def _learned(self, request: Request, used: Dialect, trouble: Trouble) -> bool:
        """Whether the complaint leads to another way to put the request, which is then remembered."""
        changed = used.after(trouble, request)
        if changed is not None and self._dialects.learn(request, changed, used):
            self._say(f"{request.model} is asked in another way from here on: {trouble.words}")
        return changed is not None

    def _remark_on_truncation(self, request: Request, reply: Reply) -> None:
        if reply.usage and wire.looks_truncated(reply.usage, sum(len(m.content) for m in request.messages)):
            self._say(
                f"{request.model} seems to have read only a part of its prompt, which some servers cut in silence: "
                "give it a larger context"
            )

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._remark(scrubbed(sentence, self._secrets))

    def scrubbed(self, words: str) -> str:
        """The words without the key."""
        return scrubbed(words, self._secrets)

    def wait_after(self, trouble: Trouble, failures: int) -> float | None:
        """Seconds until the next try after that many troubles of a kind, None if there is none."""
        return wait_before_retry(trouble, failures, self._chance())

    def _told(self, outcome: T) -> T:
        """What a try brought, as it may be told."""
        if isinstance(outcome, Trouble):
            return outcome.model_copy(update={"words": self.scrubbed(outcome.words)})
        return outcome

    def error(self, trouble: Trouble, endpoint: str, model: str, tries: Tries | None = None) -> DlgradeError:
        """The error that a trouble is in the end."""
        return error_for(
            trouble,
            url=without_credentials(endpoint),
            model=model,
            secrets=self._secrets,
            usage=tries.billed if tries else None,
            tries=tries.sent if tries else 1,
        )


def _last_outcome(state: RetryCallState) -> object:
    return None if state.outcome is None else state.outcome.result()


def _leave(pace: Pace, ticket: Ticket, outcome: Reply | Trouble | None) -> None:
    accepted = isinstance(outcome, Reply) or (outcome is not None and outcome.condition in _REPLIED)
    usage = None if outcome is None else outcome.usage
    pace.leave(ticket, accepted=accepted, tokens=usage.total_tokens if usage else None)


def _settle(hold: Hold, outcome: Reply | Trouble | None) -> None:
    """Put the bill in the place of what was put aside. Without a bill the dearest stands, if anything may be billed."""
    billed = may_be_billed(outcome, outcome.status) if isinstance(outcome, Trouble) else True
    hold.settle(outcome.usage if outcome else None, billed=billed)


def _http_client() -> httpx2.AsyncClient:
    """A client for HTTP that goes where it was sent, and nowhere else with the key.

    Raises:
        Unreachable: the environment names a proxy that cannot be used.
    """
    options: dict[str, Any] = {
        "follow_redirects": False,
        "event_hooks": {"response": [transport.bounded]},
        "headers": {"accept-encoding": transport.ENCODINGS},
    }
    try:
        if not transport.socks_proxy():
            # aiohttp takes half the time of httpx for a request; where it is missing, httpx does.
            with contextlib.suppress(RuntimeError):
                return transport.roomier(DefaultAioHttpClient(**options))
        return DefaultAsyncHttpxClient(**options)
    except OSError as error:
        raise Unreachable(
            f"The certificates cannot be read: {error.strerror or error}", hint="Check SSL_CERT_FILE and SSL_CERT_DIR."
        ) from None
    except (ValueError, ImportError, httpx2.InvalidURL):
        # what they say quotes the proxy, and its password stands in it
        raise Unreachable(
            "A proxy that the environment names cannot be used", hint="Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
        ) from None
