"""Typeform: the responses of forms, by its API. Each form is an object.

- Pages begin with the latest response; the next one has those before the last token.
- After a response that was deleted meanwhile, a page is empty or refused, as after the last response. So the read goes
  back to earlier responses, until one is found that still exists and has none after it.
- A response is known by its token. It comes again in the overlap, and counts once.
- Each type of response is read by itself: with several types, `since` would be that of only one of them.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta

from pipelines.base.errors import PullError
from pipelines.config.credentials import read_credentials
from pipelines.config.pull_typeform import TypeformSettings
from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.answers import Answer, Outcome, by_status, vendor_words
from pipelines.connectors.connector import Page, PulledObject, Say
from pipelines.connectors.pages import Checkpoint, Record
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.web import Web

_LIMIT: Mapping[str, float] = {"requests": 2, "per_seconds": 1}  # the vendor's
_FORMS = 200  # the largest page of forms
_KEPT = 20  # responses to which a read can go back
_BEGINNING: Sequence[str] = ("",)  # a read begins without a token
_UNKNOWN = frozenset({400, 404, 410, 422})  # possible answers to a token that does not exist


class _RefusedError(PullError):
    """The server refuses a request with this status."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.status = status


def connect(settings: PullSettings, warn: Say) -> "Typeform":
    """The connector.

    Raises:
        ConfigError: The environment variable with the token is missing.
    """
    assert settings.typeform is not None
    web = settings.web
    if not {"requests", "per_seconds"} & web.model_fields_set:
        web = web.model_copy(update=dict(_LIMIT))
    return Typeform(settings.typeform, web, warn)


class Typeform:
    """Reads the forms of one account.

    Args:
        settings: What is pulled.
        web: How requests are sent.
        warn: Receives what the user should know.
    """

    def __init__(self, settings: TypeformSettings, web: WebSettings, warn: Say) -> None:
        self._settings = settings
        self._warn = warn
        self._variable = f"{settings.environment_prefix}_TOKEN"
        (self._token,) = read_credentials([self._variable], "Typeform")
        self._headers = {"Authorization": f"Bearer {self._token}"}
        self._web = Web(web, classify=_classify, warn=warn)

    def objects(self) -> Sequence[PulledObject]:
        """The forms of the settings, or all.

        Raises:
            PullError: The token is not accepted.
        """
        of = self._settings
        same = f"{of.url} {' '.join(of.types)} {of.page_size}"
        return [
            PulledObject(form, f"responses_{form}", full_read_days=of.full_read_days, settings=same)
            for form in of.forms or self._forms()
        ]

    def server_time(self) -> datetime:
        """The time in the header Date.

        Raises:
            PullError: The token is not accepted, or the server cannot be reached.
        """
        self._items("forms", {"page_size": "1"})
        return self._web.required_time("pull.typeform.url")

    def until(self, one: PulledObject, now: datetime) -> str:
        """The server's time."""
        return time_text(now)

    def pages(self, one: PulledObject, since: str | None, until: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The responses of a form that were submitted after `since`, the latest first.

        Raises:
            PullError: The form does not exist, or may not be read.
        """
        types, done = self._settings.types, checkpoint or {}
        for kind in types[types.index(done["type"]) if done else 0 :]:
            start = done.get("recent", _BEGINNING) if done.get("type") == kind else _BEGINNING
            try:
                for records, recent in self._read(one.name, kind, since, start):
                    own = [{**record, "form_id": one.name} for record in records]
                    yield Page(own, {"type": kind, "recent": list(recent)})
            except PullError as problem:
                if problem.is_temporary or kind == types[0]:
                    raise
                self._warn(f"{one.name}: {kind} responses cannot be read: {problem.message}. Correct `types`")

    def is_empty(self, one: PulledObject) -> bool:
        """Whether the form has no response of any time."""
        path = f"forms/{one.name}/responses"
        return not any(self._items(path, {"page_size": "1", "response_type": kind}) for kind in self._settings.types)

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _forms(self) -> Iterator[str]:
        number, known = 1, set[str]()
        while items := self._items("forms", {"page": str(number), "page_size": str(_FORMS)}):
            new = [str(item["id"]) for item in items if item["id"] not in known]
            yield from new
            known.update(new)
            if len(items) < _FORMS:
                return
            number += 1

    def _read(
        self, form: str, kind: str, since: str | None, recent: Sequence[str]
    ) -> Iterator[tuple[Sequence[Record], Sequence[str]]]:
        """Pages, each with the tokens from which the read continues. A page may have no responses."""
        query = {"page_size": str(self._settings.page_size), "response_type": kind}
        if since:
            start = time_of(since) - timedelta(minutes=self._settings.overlap_minutes)
            query["since"] = start.strftime("%Y-%m-%dT%H:%M:%S")
        place = _Place(recent)
        while not place.is_end:
            if not place.recent:
                yield [], _BEGINNING  # the next pull begins there
                raise PullError(
                    f"the responses of the form {form} after which the next page begins do not exist any more",
                    hint="pull again: the form is read from the beginning",
                    is_temporary=True,
                )
            for _ in range(3):  # a server may repeat a page
                items = self._after(form, query, place.recent[-1])
                if not all(isinstance(item.get("token"), str) and item["token"] for item in items):
                    raise PullError(f"a response of the form {form} has no token", hint="check `pull.typeform.url`")
                tokens = [str(item["token"]) for item in items]
                if not place.is_repeated(tokens):
                    break
            else:
                raise PullError(
                    f"the server repeats a page of the form {form}", hint="pull again later", is_temporary=True
                )
            new = place.move(tokens)
            yield [item for item in items if item["token"] in new], place.recent

    def _after(self, form: str, query: Mapping[str, str], token: str) -> Sequence[Record]:
        """The page after a response; nothing if the server refuses its token."""
        try:
            return self._items(f"forms/{form}/responses", {**query, **({"before": token} if token else {})})
        except _RefusedError as problem:
            if token and problem.status in _UNKNOWN:
                return []
            raise

    def _items(self, path: str, query: Mapping[str, str]) -> Sequence[Record]:
        answer = self._web.request("GET", f"{self._settings.url}/{path}", params=query, headers=self._headers)
        if answer.status != 200:
            words = vendor_words(_words(answer), [self._token])
            raise _RefusedError(
                answer.status, f"{answer.url} answered {answer.status}: {words}", _hint(answer.status, self._variable)
            )
        found = answer.json()
        items = found.get("items") if isinstance(found, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise PullError(f"{answer.url} did not answer with `items`", hint="check the address `pull.typeform.url`")
        return items


class _Place:
    """Where the read of a form is.

    Args:
        recent: The tokens of the last responses, in the order of the pages. The empty text is the beginning.

    Attributes:
        recent: The next page is that after the last of them. Without any, the place is lost.
        is_end: Whether the last response was reached.
    """

    def __init__(self, recent: Sequence[str]) -> None:
        self.recent = list(recent)
        self.is_end = False
        self._seen = set(recent)
        self._left: set[str] = set()  # seen, and after the present place because the read went back
        self._without_next: set[str] = set()
        self._step = 1

    def is_repeated(self, tokens: Sequence[str]) -> bool:
        """Whether a page has responses that are before this place."""
        return any(token in self._seen and token not in self._left for token in tokens)

    def move(self, tokens: Sequence[str]) -> Set[str]:
        """Go on after the responses of a page, or back if it has none. Gives those that were not seen before."""
        if not tokens:
            self.is_end = self.recent[-1] == ""
            self._without_next.add(self.recent[-1])
            kept = max(len(self.recent) - self._step, 1 if len(self.recent) > 1 else 0)
            self._left.update(self.recent[kept:])
            del self.recent[kept:]
            self._step *= 2
            return set()
        new = set(tokens) - self._seen
        self._seen |= new
        self._left -= set(tokens)
        self.recent = [*self.recent, *tokens][-_KEPT:]
        self._step = 1
        self.is_end = tokens[-1] in self._without_next  # it exists, so it was the last one when it was asked for
        return new


def _classify(answer: Answer) -> Outcome:
    verdict = by_status(answer)
    if answer.status == 204 or (answer.status == 200 and not answer.body.strip()):
        return Outcome.AGAIN  # a page without responses is not an empty answer
    return Outcome.USE if verdict is Outcome.RENEW else verdict  # a personal token cannot be renewed


def _words(answer: Answer) -> str:
    """An error as the vendor words it."""
    try:
        found = answer.json()
    except PullError:
        return "no JSON"
    said = found if isinstance(found, dict) else {}
    return f"{said.get('code', '')} {said.get('description', '')}"


def _hint(status: int, variable: str) -> str:
    if status in (401, 403):
        return (
            f"check {variable}: the token needs the scopes forms:read and responses:read; it may also have been revoked"
        )
    if status == 404:
        return "check the IDs under `forms`, and whether the account is in another data centre (`url`)"
    return "check the settings of `pull.typeform`"
