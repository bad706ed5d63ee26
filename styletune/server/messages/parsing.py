"""JSON text to a checked message, or a sentence that says what is wrong with it."""

from typing import Annotated, Any, TypeVar, get_args

import pydantic_core
from pydantic import Field, TypeAdapter, ValidationError

from styletune.errors import MessageError
from styletune.server.messages.answers import Error
from styletune.server.messages.incoming import Ack, Incoming
from styletune.server.role import VIEW_ONLY, VIEW_ONLY_TEXT

_T = TypeVar("_T")
_INCOMING: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="type")])
_ACK: TypeAdapter[Ack] = TypeAdapter(Ack)


def parse(text: str | bytes) -> Incoming:
    """Check one message from /ws.

    Raises:
        MessageError: code `bad_json` (also NaN and Infinity, which JSON lacks), `bad_type` or
            `bad_message`.
    """
    return _validate(_INCOMING, _json(text))


def parse_ack(text: str | bytes) -> Ack:
    """Check one message from /frames; see `parse`."""
    return _validate(_ACK, _json(text))


def refuse_viewer(text: str | bytes) -> Error | None:
    """The answer to a message that a viewer may not send; None: it may, or is no message."""
    try:
        message = parse(text)
    except MessageError:  # whoever obeys messages says so, and does nothing
        return None
    if message.for_viewers:
        return None
    return Error(code=VIEW_ONLY, message=VIEW_ONLY_TEXT, seq=message.seq)


def seq_of(text: str | bytes) -> int | None:
    """The `seq` of a message that `parse` refused, if it can be made out."""
    try:
        seq = _json(text).get("seq")
    except (MessageError, AttributeError):
        return None
    return seq if type(seq) is int and abs(seq) <= 2**53 else None


def _json(text: str | bytes) -> Any:
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise MessageError(
            f"a message must be JSON; received {_short(text)} ({str(error)[:80]})", code="bad_json"
        ) from None


def _validate(adapter: TypeAdapter[_T], data: Any) -> _T:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
    if fault["type"] == "union_tag_invalid":
        raise MessageError(
            f"unknown message type {_short(fault['ctx']['tag'])}; "
            f"known are {fault['ctx']['expected_tags']}",
            code="bad_type",
        )
    if fault["type"] in ("union_tag_not_found", "model_type", "model_attributes_type"):
        raise MessageError(
            f"a message must be a JSON object with a `type`; received {_short(data)}",
            code="bad_message",
        )
    # The first part of the location is the tag of the union.
    key = ".".join(str(part) for part in fault["loc"][-2:] if part not in _TAGS)[:80]
    what = fault["msg"][0].lower() + fault["msg"][1:]
    received = "" if fault["type"] == "missing" else f"; received {_short(fault['input'])}"
    raise MessageError(f"`{key}`: {what}{received}", code="bad_message")


_TAGS = tuple(get_args(model.model_fields["type"].annotation)[0] for model in get_args(Incoming))


def _short(value: object, limit: int = 60) -> str:
    """`repr` cut to `limit` characters: a hostile value must not flood a message."""
    try:
        text = repr(value[: 2 * limit] if isinstance(value, str | bytes | list) else value)
    except (ValueError, RecursionError):  # an integer of more digits than Python prints
        return "a value too large to show"
    return text if len(text) <= limit else text[:limit] + "…"
