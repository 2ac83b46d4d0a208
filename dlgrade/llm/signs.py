"""How it is told what an error of a server is about: by its status, its codes and its words, as one table."""

from __future__ import annotations

from dataclasses import dataclass

from dlgrade.llm.trouble import Condition


@dataclass(frozen=True)
class Sign:
    """How a condition is told: by status, and by a code or a phrase in the words. An empty field asks for nothing."""

    condition: Condition
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()

    def fits(self, status: int, codes: frozenset[str], words: str) -> bool:
        """Whether an error is of this kind; `codes` and `words` are in small letters."""
        if self.statuses and status not in self.statuses:
            return False
        if not (self.codes or self.phrases):
            return True
        return bool(self.codes & codes) or any(phrase in words for phrase in self.phrases)


def _sign(condition: Condition, *statuses: int, codes: str = "", phrases: tuple[str, ...] = ()) -> Sign:
    return Sign(condition, frozenset(statuses), frozenset(codes.split()), phrases)


REDIRECTIONS = frozenset({301, 302, 303, 307, 308})

SIGNS = (
    _sign(
        Condition.QUOTA,
        codes="insufficient_quota insufficient_credits billing_hard_limit_reached billing_not_active budget_exceeded"
        " exceeded_current_quota_error arrearage",  # Moonshot's, Alibaba's
        phrases=(
            *("insufficient_quota", "insufficient balance", "insufficient credits", "credit balance is too low"),
            "not have any credits",  # xAI, as 403
            *("budget has been exceeded", "exceededbudget", "exceededtokenbudget"),  # LiteLLM, as 400 or 429
            *("balance is insufficient", "out of call volume quota"),  # SiliconFlow, as 403; Azure's gateway, as 403
            *("used all available credits", "reached your specified api usage limits"),  # xAI; Anthropic, as 400
            *("used up your daily free allocation", "key limit exceeded"),  # Cloudflare; OpenRouter, as 403
            *("reaching the monthly spending limit", "余额不足"),  # Fireworks, as 412; Zhipu, as 429
        ),
    ),
    # what is used up for today; the first is a quota's name with Gemini, which names a wait of seconds all the same
    _sign(Condition.QUOTA, 429, phrases=("perdayper", "free-models-per-day", "tokens per day, please wait")),
    _sign(Condition.QUOTA, 402),
    _sign(
        Condition.TOO_LONG,
        codes="context_length_exceeded too_many_prompt_tokens exceed_context_size_error string_above_max_length",
        phrases=(
            "maximum context length",
            "exceeds the available context",
            "exceeded max context",
            "exceeds the context window",
            "contextwindowexceeded",
            "too_many_prompt_tokens",
            "prompt is too long",
            "max_tokens is too large",
            "`max_tokens` must be less than or equal to",
        ),
    ),
    _sign(
        Condition.TOO_LONG,
        *(400, 422, 500),
        phrases=(
            *("exceed context limit", "maximum allowed number of output tokens"),  # Anthropic
            *("maximum prompt length", "reduce the length of the messages"),  # xAI; Groq and Cerebras
            *("longer than the model's context length", "input is too long"),  # SGLang, Together; Bedrock
            *("`max_new_tokens` must be <=", "`inputs` must have less than"),  # Hugging Face
            *("too many tokens:", "valid range of max_tokens is"),  # Cohere; DeepSeek
            "exceeds the maximum number of tokens allowed",  # Gemini
            *("exceeded model token limit", "context window exceeds limit"),  # Moonshot, MiniMax
            *("when context the overflows", "greater than the context length"),  # LM Studio
            "input length exceeds the context length",  # Ollama
        ),
    ),
    # more than the account may send in a minute: that this request never fits says nothing of the others
    _sign(Condition.TOO_LONG, 429, phrases=("request too large",)),
    _sign(Condition.TOO_LONG, 413),
    _sign(
        Condition.REFUSED,
        codes="content_filter content_policy_violation data_inspection_failed",  # the last is Alibaba's
        phrases=("content management policy", "input was flagged"),
    ),
    _sign(
        Condition.BAD_KEY,
        codes="invalid_api_key authentication_error auth_error no_db_connection",  # the last is LiteLLM's, as 400
        phrases=(
            *("incorrect api key", "invalid api key", "api key not valid", "api key expired"),
            *("user location is not supported", "organization has been disabled"),  # Gemini, Anthropic, as 400
        ),
    ),
    _sign(Condition.BAD_KEY, 401, 403),
    # the model's fault, which another try may mend: Groq checks the reply itself
    _sign(Condition.UNREADABLE, 400, codes="json_validate_failed tool_use_failed"),
    _sign(
        Condition.NO_FORMAT,
        *(400, 404, 422, 500, 501),
        phrases=(
            *("response_format", "response format", "json_schema", "json_object", "structured output", "grammar"),
            *("the specified schema produces", "json mode is not enabled"),  # Gemini: too many states; Gemma
        ),
    ),
    _sign(
        Condition.UNSUPPORTED,
        *(400, 404, 422, 500),
        codes="unsupported_parameter unsupported_value unknown_parameter",
        phrases=(
            "unsupported parameter",
            "unsupported value",
            "unsupportedparamserror",
            "unrecognized request argument",
            "extra inputs are not permitted",
            "system role not supported",
        ),
    ),
    _sign(
        Condition.UNKNOWN_MODEL,
        400,
        # the later ones are Groq's, Hugging Face's, Together's
        codes="model_not_found invalid_model model_decommissioned model_not_supported model_not_available",
        phrases=(
            *("invalid model name", "not a valid model", "model not found", "unknown model", "model does not exist"),
            *("model not exist", "does not exist or you do not have access"),
            "with on-demand throughput isn",  # Bedrock
        ),
    ),
    # this is a server, but the API is elsewhere
    _sign(Condition.UNKNOWN_MODEL, 404, 405, 410),
    # Go's servers, nginx: the URL should begin with https
    _sign(
        Condition.NOT_A_REPLY, 400, phrases=("http request to an https server", "http request was sent to https port")
    ),
    _sign(Condition.UNKNOWN_MODEL, phrases=("unexpected endpoint or method",)),  # LM Studio, as 200
    _sign(Condition.MOVED, *REDIRECTIONS),
    # a proxy, or the network's own page, wants to know who it is: the endpoint was not asked
    _sign(Condition.UNREACHABLE, 407, 511),
    # the same sentence about the quota stands for an empty account and, with a time to wait, for a busy minute
    _sign(Condition.RATE_LIMIT, 429, phrases=("try again in", "retry in", "retry after", "retry shortly")),
    _sign(Condition.QUOTA, 429, phrases=("exceeded your current quota",)),
    _sign(Condition.RATE_LIMIT, 429),
    _sign(Condition.RATE_LIMIT, codes="rate_limit_exceeded rate_limit_error too_many_requests"),
    _sign(Condition.LOADING, 503, phrases=("loading model", "model is loading", "is currently loading")),
    _sign(Condition.BUSY, 408, 409),
    _sign(Condition.BUSY, 421, 425),  # sent to a machine that does not serve this host, or too early: both may be again
    _sign(Condition.SERVER, 400, phrases=("model has crashed", "model was unloaded", "model unloaded")),  # LM Studio
    _sign(Condition.OVERLOADED, 498, 503, 529),  # the first is Groq's
    _sign(Condition.OVERLOADED, codes="overloaded_error"),  # Anthropic's, inside a 200 too
    _sign(Condition.SERVER, *range(500, 1000)),
)
"""The first that fits counts. Phrases are in lower case."""

# A refused request that names a part of itself, and one of these, is worth another try without that part.
UNTAKEN = _sign(
    Condition.UNSUPPORTED,
    *(400, 422),
    phrases=(
        *("not support", "not permitted", "not allowed", "not enabled", "is deprecated", "is allowed for this model"),
        *("unsupported", "unrecognized", "unexpected", "unknown"),
    ),
)
