"""A server that speaks the Partner Center REST protocol: asked one question at a time, and waited for."""

import datetime
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
from django.utils import timezone
from django.utils.translation import gettext as _
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

LONGEST_ANSWER = 64 << 20
LONGEST_QUOTE = 300
# A token is renewed this long before it ends, so that it does not end on the way.
RENEWED_BEFORE = 60.0
TOKEN_SECONDS = 3600.0
# Neither of these gets better by being asked again: not implemented, HTTP version not supported.
LASTING = {501, 505}
PROGRAM = "pull_portfolio"


class SourceFailed(Exception):
    """The server cannot be read, in words for whoever runs the command."""


class Unanswered(SourceFailed):
    """A question that was asked as often as is polite got no usable answer."""


class Malformed(SourceFailed):
    """An answer is not what the protocol says."""


class Refused(SourceFailed):
    """The server answered that it will not do this; `status` is HTTP's, `code` the protocol's."""

    def __init__(self, words: str, *, status: int, code: Any = None) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


class _Passing(Exception):
    """What may be over when the question is asked again, after so many seconds where the server said how many."""

    def __init__(self, words: str, *, seconds: float | None = None) -> None:
        super().__init__(words)
        self.seconds = seconds


@dataclass(frozen=True)
class Account:
    """Where to ask, and as whom. `base_url` comes without `/v1`; all addresses without a slash at their end."""

    base_url: str
    authority: str
    tenant: str
    client_id: str
    client_secret: str = field(repr=False)
    resource: str = ""


@dataclass(frozen=True)
class Patience:
    """How often to ask, and how long to wait; `sleep` and `clock` are the passing of time itself."""

    attempts: int = 8
    # Until the server answered for the first time: then it is more likely that there is none at that address.
    first_attempts: int = 3
    longest_pause: float = 60.0
    # The longest wait that a server may ask for before it is given up for today.
    longest_wait: float = 3600.0
    # For each piece of an answer, and for the whole of it.
    timeout: float = 30.0
    whole_timeout: float = 300.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    content: Any


class Source:
    """Asks with a token that it gets and renews by itself; `waiting` is told what is waited for.

    Raises `Refused`, `Malformed`, `Unanswered` and other `SourceFailed`.
    """

    def __init__(
        self, account: Account, *, patience: Patience, waiting: Callable[[str], object] = lambda words: None
    ) -> None:
        self.account = account
        self.patience = patience
        self.waiting = waiting
        self.client = httpx.Client(
            timeout=patience.timeout,
            headers={
                "Accept": "application/json",
                "X-Locale": "en-US",
                "MS-CorrelationId": str(uuid.uuid4()),
                "MS-PartnerCenter-Application": PROGRAM,
            },
        )
        self._token = ""
        self._token_ends = 0.0
        self._has_answered = False
        self._pause = wait_exponential_jitter(initial=1, max=patience.longest_pause)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()

    def get(self, path: str, query: Mapping[str, str] | None = None, *, continuation: str = "") -> dict[str, Any]:
        """The object that stands at this path after `/v1`."""
        url = f"{self.account.base_url}/v1{path}"
        headers = {"MS-ContinuationToken": continuation} if continuation else {}
        answer = self._ask("GET", url, params=query, headers={**headers, **self._authorization()})
        if answer.status == 401:
            self._token = ""
            answer = self._ask("GET", url, params=query, headers={**headers, **self._authorization()})
        if answer.status != 200:
            raise _refused("GET", url, answer)
        if not isinstance(answer.content, dict):
            raise Malformed(_("%s answers with no object.") % f"GET {url}")
        return answer.content

    def _authorization(self) -> dict[str, str]:
        if not self._token or self.patience.clock() >= self._token_ends:
            self._renew_token()
        return {"Authorization": f"Bearer {self._token}"}

    def _renew_token(self) -> None:
        """Get a token; what goes wrong with that is never taken for an answer to the question at hand."""
        try:
            self._token, seconds = self._new_token()
        except SourceFailed as failed:
            raise SourceFailed(str(failed)) from failed
        self._token_ends = self.patience.clock() + seconds - min(RENEWED_BEFORE, seconds / 2)

    def _new_token(self) -> tuple[str, float]:
        account = self.account
        url = f"{account.authority}/{account.tenant}/oauth2/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": account.client_id,
            "client_secret": account.client_secret,
            "resource": account.resource or account.base_url,
        }
        answer = self._ask("POST", url, data=form)
        content = answer.content if isinstance(answer.content, dict) else {}
        if answer.status in {400, 401}:
            reason = _quoted(
                ": ".join(str(content[name]) for name in ("error", "error_description") if name in content)
            )
            raise Refused(_("The server refused the credentials. %s") % reason, status=answer.status)
        if answer.status != 200:
            raise _refused("POST", url, answer)
        token = content.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise Malformed(_("%s answers without an access token.") % f"POST {url}")
        return token, _seconds(content.get("expires_in"))

    def _ask(self, method: str, url: str, **content: Any) -> _Answer:
        """Ask until there is an answer that will stay the same."""
        retrying = Retrying(
            retry=retry_if_exception_type(_Passing),
            stop=self._has_asked_enough,
            wait=self._seconds_until_next,
            before_sleep=self._tell,
            sleep=self.patience.sleep,
            reraise=True,
        )
        try:
            return retrying(self._ask_once, method, url, **content)
        except _Passing as passing:
            raise Unanswered(f"{method} {url}: {passing}") from passing

    def _has_asked_enough(self, state: RetryCallState) -> bool:
        most = self.patience.attempts if self._has_answered else self.patience.first_attempts
        return state.attempt_number >= most

    def _seconds_until_next(self, state: RetryCallState) -> float:
        seconds = _passing(state).seconds
        return self._pause(state) if seconds is None else seconds

    def _tell(self, state: RetryCallState) -> None:
        seconds = state.upcoming_sleep
        self.waiting(_("%(reason)s; asking again in %(seconds)d s") % {"reason": _passing(state), "seconds": seconds})

    def _ask_once(self, method: str, url: str, **content: Any) -> _Answer:
        headers = {"MS-RequestId": str(uuid.uuid4()), **content.pop("headers", {})}
        try:
            with self.client.stream(method, url, headers=headers, **content) as response:
                body = self._body(response)
        except httpx.RequestError as error:
            raise _Passing(_quoted(f"{type(error).__name__}: {error}")) from error
        except httpx.InvalidURL as error:
            raise SourceFailed(f"{url}: {error}") from error
        self._has_answered = True
        self._refuse_passing(response, url)
        return _Answer(response.status_code, response.headers, self._content(response, body, f"{method} {url}"))

    def _body(self, response: httpx.Response) -> bytes:
        ends = self.patience.clock() + self.patience.whole_timeout
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > LONGEST_ANSWER:
                raise SourceFailed(_("%s answers with more than 64 MiB.") % response.request.url)
            if self.patience.clock() > ends:
                raise httpx.ReadTimeout(_("the answer does not come to its end"))
        return bytes(body)

    def _refuse_passing(self, response: httpx.Response, url: str) -> None:
        status = response.status_code
        if status not in {408, 429} and (status < 500 or status in LASTING):
            return
        seconds = _asked_wait(response)
        if seconds is not None and seconds > self.patience.longest_wait:
            raise SourceFailed(
                _("%(url)s answers %(status)d and asks to be left alone for %(seconds)d seconds.")
                % {"url": url, "status": status, "seconds": seconds}
            )
        raise _Passing(_("the server answers %d") % status, seconds=seconds)

    def _content(self, response: httpx.Response, body: bytes, question: str) -> Any:
        try:
            return json.loads(body, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            if response.status_code != 200:
                return None
            if body.lstrip()[:1] == b"<":
                words = _("%s answers with a web page instead of JSON. Is the base URL right?") % question
                raise SourceFailed(words) from error
            # Cut off on the way, as a rule.
            raise _Passing(_("the answer is not JSON: %s") % _quoted(str(error))) from error


def _passing(state: RetryCallState) -> _Passing:
    error = state.outcome and state.outcome.exception()
    assert isinstance(error, _Passing)
    return error


def _no_number(name: str) -> None:
    raise ValueError(name)


def _asked_wait(response: httpx.Response) -> float | None:
    """The seconds of `Retry-After`, which may be a number or a moment; `None` where it says nothing legible."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, (moment - timezone.now()).total_seconds())


def _seconds(value: Any) -> float:
    """The life of a token, a number or a number in a string."""
    text = str(value)
    return float(text[:9]) if text.isascii() and text.isdecimal() and int(text[:9]) else TOKEN_SECONDS


def _refused(method: str, url: str, answer: _Answer) -> SourceFailed:
    """What an answer without the thing asked for means to whoever runs the command."""
    question, status = f"{method} {url}", answer.status
    if 300 <= status < 400:
        target = _quoted(answer.headers.get("Location", ""))
        words = _("%(question)s leads elsewhere, to %(target)s. Give the base URL of the server itself.")
        return SourceFailed(words % {"question": question, "target": target})
    content = answer.content if isinstance(answer.content, dict) else {}
    values = {"question": question, "status": status, "description": _quoted(str(content.get("description", "")))}
    if not content and status == 404:
        return SourceFailed(_("%s answers 404, not as the protocol does. Is the base URL right?") % question)
    if status == 401:
        words = _("%(question)s: the server does not accept the token that it gave. %(description)s")
    elif status == 403:
        words = _("%(question)s: the API client has no right to this; give it the role it needs. %(description)s")
    else:
        words = _("%(question)s answers %(status)d. %(description)s")
    return Refused((words % values).strip(), status=status, code=content.get("code"))


def _quoted(text: str) -> str:
    """The server's words as a terminal may show them: printable, on one line, and not at any length."""
    legible = "".join(letter if letter.isprintable() else "�" for letter in text)
    return legible if len(legible) <= LONGEST_QUOTE else f"{legible[: LONGEST_QUOTE - 1]}…"
