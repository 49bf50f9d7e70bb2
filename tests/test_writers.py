"""Every writer asks for fields in its vendor's wire format; whatever comes back is these fields or one clear error."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.errors import AnswerUnusable, OutcomeUnknown, ProviderBusy, ProviderError, ProviderRefused
from core.providers import Answer, TextRequest, TextResult, Writer, open_writers
from core.settings import Settings
from tests.test_provider_answers import ODD, WAYS
from tests.vendor_answers import CHAT, KEY, REQUEST_ID, RETRY_AFTER
from tests.vendor_words import COST, TEXT_TROUBLES, TOKENS_IN, TOKENS_OUT, WORDS_REFUSAL, WRITERS, good, saying
from tests.vendors import Vendors

ANSWERS_PER_WRITER = 2000
TEXT: dict[str, Any] = {"type": "string"}
REQUEST = TextRequest(
    model="some-model",
    instructions="Write a caption.\nLanguage: German",
    prompt="a red fox in the snow",
    fields={"caption": TEXT, "hashtags": {"type": "array", "items": TEXT}, "alt": TEXT},
)
WRITTEN = {
    "caption": "caption for a red fox in the snow",
    "hashtags": ["fox", "snow"],
    "alt": "alt for a red fox in the snow",
}
# For drafts: objects in lists, and the other types that a field can have.
DRAFTS = replace(
    REQUEST,
    fields={
        "drafts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"text": TEXT, "length": {"type": "integer"}, "ready": {"type": "boolean"}},
                "required": ["text", "length", "ready"],
                "additionalProperties": False,
            },
        }
    },
)


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(b"no picture is asked for") as running:
        yield running


@pytest.fixture
def writers(vendors: Vendors) -> dict[str, Writer]:
    return open_writers(Settings(**vendors.settings(), provider_deadline=10, sketch_delay=0))


def write(writer: Writer, request: TextRequest = REQUEST) -> TextResult:
    """Send and read, as the worker does."""
    return writer.read(request, asyncio.run(writer.send(request)))


# Who is open ---------------------------------------------------------------------------------------------------------


def test_only_the_built_in_writer_is_open_without_keys() -> None:
    assert list(open_writers(Settings())) == ["sketch"]


def test_a_key_opens_its_writer_and_a_server_that_only_draws_opens_none() -> None:
    opened = open_writers(Settings(openai_api_key="sk-1", gemini_api_key="k", a1111_url="http://127.0.0.1:7860"))

    assert set(opened) == {"sketch", "openai", "gemini"}
    assert all(writer.name == name for name, writer in opened.items())


# Good answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sketch", *WRITERS])
def test_a_text_has_exactly_the_fields_that_were_asked_for(writers, name: str) -> None:
    told = write(writers[name]).told

    assert list(told) == ["caption", "hashtags", "alt"]
    assert told["caption"] and told["alt"] and all(isinstance(tag, str) and tag for tag in told["hashtags"])
    assert name == "sketch" or told == WRITTEN


@pytest.mark.parametrize("name", ["sketch", *WRITERS])
def test_fields_may_be_lists_of_objects(writers, name: str) -> None:
    drafts = write(writers[name], DRAFTS).told["drafts"]

    assert drafts
    assert all([type(draft[part]) for part in ("text", "length", "ready")] == [str, int, bool] for draft in drafts)


@pytest.mark.parametrize("name", ["sketch", *WRITERS])
def test_an_answer_can_be_read_again_later_from_its_kept_bytes(writers, name: str) -> None:
    answer = asyncio.run(writers[name].send(REQUEST))
    kept = Answer(answer.status, dict(answer.headers), bytes(answer.body))

    assert writers[name].read(REQUEST, kept) == writers[name].read(REQUEST, answer)


@pytest.mark.parametrize("name", WRITERS)
def test_a_call_is_charged_once_and_its_tokens_are_told(vendors: Vendors, writers, name: str) -> None:
    result = write(writers[name])

    assert [call.prompt for call in vendors.charges] == [REQUEST.prompt] == [call.prompt for call in vendors.texts]
    assert vendors.calls == []
    assert result.usage == {"text_in": TOKENS_IN, "text_out": TOKENS_OUT}
    assert result.request_id == ("resp-1" if name == "gemini" else REQUEST_ID)


def test_openrouter_alone_reports_the_cost(writers) -> None:
    costs = {name: write(writers[name]).cost for name in WRITERS}

    assert costs == {"openrouter": Decimal(str(COST)), "openai": None, "gemini": None}


@pytest.mark.parametrize("trouble", ["no usage", "null cost"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_missing_cost_is_no_reason_to_lose_the_text(vendors: Vendors, writers, name: str, trouble: str) -> None:
    vendors.next_text(trouble)

    result = write(writers[name])

    assert (result.told, result.cost) == (WRITTEN, None)


@pytest.mark.parametrize("trouble", ["fenced", "a field more"])
@pytest.mark.parametrize("name", WRITERS)
def test_talk_around_the_fields_and_fields_beyond_them_do_not_matter(vendors, writers, name: str, trouble: str) -> None:
    vendors.next_text(trouble)

    assert write(writers[name]).told == WRITTEN


def test_a_text_that_ends_just_at_its_limit_is_whole(writers) -> None:
    """It was paid for; the limit is only the reason when something is missing."""
    body = saying("openai", json.dumps(WRITTEN), "length")

    assert read(writers["openai"], json.dumps(body).encode()) == TextResult(
        WRITTEN, usage={"text_in": TOKENS_IN, "text_out": TOKENS_OUT}
    )


def test_text_in_parts_is_one_text(writers) -> None:
    whole = json.dumps(WRITTEN)
    body = saying("openai", "")
    body["choices"][0]["message"]["content"] = [{"type": "text", "text": whole[:20]}, {"text": whole[20:]}, "?", 5]

    outcome = read(writers["openai"], json.dumps(body).encode())

    assert isinstance(outcome, TextResult) and outcome.told == WRITTEN


# What is sent --------------------------------------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {"caption": TEXT, "hashtags": {"type": "array", "items": TEXT}, "alt": TEXT},
    "required": ["caption", "hashtags", "alt"],
    "additionalProperties": False,
}
CHAT_BODY = {
    "model": "some-model",
    "messages": [
        {"role": "system", "content": REQUEST.instructions},
        {"role": "user", "content": REQUEST.prompt},
    ],
    "response_format": {"type": "json_schema", "json_schema": {"name": "text", "strict": True, "schema": SCHEMA}},
}


def test_openai_is_asked_for_a_strict_schema_without_thinking_about_it(vendors: Vendors, writers) -> None:
    write(writers["openai"])

    assert vendors.texts[0].path == "/openai/v1/chat/completions"
    assert vendors.texts[0].body == CHAT_BODY | {"max_completion_tokens": 8000, "reasoning_effort": "none"}


def test_openrouter_is_told_to_ask_only_those_who_keep_to_the_schema(vendors: Vendors, writers) -> None:
    """Then nothing may be sent that some of them do not declare: openstory-so/openstory#1317."""
    write(writers["openrouter"])

    assert vendors.texts[0].path == "/openrouter/api/v1/chat/completions"
    assert vendors.texts[0].body == CHAT_BODY | {"max_tokens": 8000, "provider": {"require_parameters": True}}


def test_gemini_is_asked_for_json_by_its_own_names(vendors: Vendors, writers) -> None:
    write(writers["gemini"])

    assert vendors.texts[0].path == "/gemini/v1beta/models/some-model:generateContent"
    assert vendors.texts[0].body == {
        "systemInstruction": {"parts": [{"text": REQUEST.instructions}]},
        "contents": [{"role": "user", "parts": [{"text": REQUEST.prompt}]}],
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseJsonSchema": SCHEMA,
            "maxOutputTokens": 8000,
        },
    }


@pytest.mark.parametrize("name", ["sketch", *WRITERS])
def test_the_record_of_what_was_sent_names_the_model_and_holds_no_key(writers, name: str) -> None:
    record = json.dumps(writers[name].sent(REQUEST))

    assert REQUEST.model in record and REQUEST.prompt in record and KEY not in record


# What each trouble is for us -----------------------------------------------------------------------------------------

# "name/writer" overrules "name" for one of them.
EXPECTED: dict[str, tuple[type[ProviderError], str]] = {
    "429": (ProviderBusy, "busy"),
    "503": (ProviderBusy, "busy"),
    "529": (ProviderBusy, "busy"),
    "quota": (ProviderRefused, "account"),
    "402": (ProviderRefused, "account"),
    "403": (ProviderRefused, "account"),
    "redirect": (ProviderRefused, "account"),
    "400": (ProviderRefused, "request"),
    "404": (ProviderRefused, "request"),
    "refusal": (ProviderRefused, "moderation"),
    "refusal in words": (ProviderRefused, "moderation"),
    "filtered": (ProviderRefused, "moderation"),
    "blocked": (ProviderRefused, "moderation"),
    "html": (AnswerUnusable, "unusable"),
    "empty": (AnswerUnusable, "unusable"),
    "broken off": (AnswerUnusable, "unusable"),
    "too long": (AnswerUnusable, "unusable"),
    "truncated": (AnswerUnusable, "unusable"),
    "chat": (AnswerUnusable, "unusable"),
    "field gone": (AnswerUnusable, "unusable"),
    "wrong type": (AnswerUnusable, "unusable"),
    "wrong type inside": (AnswerUnusable, "unusable"),
    "408": (OutcomeUnknown, "unknown"),
    "500": (OutcomeUnknown, "unknown"),
    "502": (OutcomeUnknown, "unknown"),
    "504": (OutcomeUnknown, "unknown"),
    "524": (OutcomeUnknown, "unknown"),
    "drip": (OutcomeUnknown, "unknown"),
    "cut": (OutcomeUnknown, "unknown"),
    "closed": (OutcomeUnknown, "unknown"),
    "huge": (OutcomeUnknown, "unknown"),
    "bomb": (OutcomeUnknown, "unknown"),
}
HARMLESS = {"fenced", "a field more", "no usage", "null cost"}


def test_every_trouble_is_tried() -> None:
    assert set(EXPECTED) | HARMLESS == set(TEXT_TROUBLES)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("trouble", sorted(EXPECTED))
def test_a_trouble_is_one_error_of_the_right_kind_after_one_call(vendors, writers, name: str, trouble: str) -> None:
    vendors.next_text(trouble)
    writers[name].wire.deadline = 0.4 if trouble == "drip" else 10

    with pytest.raises(ProviderError) as raised:
        write(writers[name])

    assert (type(raised.value), raised.value.kind) == EXPECTED[trouble]
    assert len(vendors.texts) == 1
    assert KEY not in repr(raised.value)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (
            "refusal",
            f"declined to write this: “{WORDS_REFUSAL}” Change the prompt and ask again, or write it yourself.",
        ),
        ("refusal in words", WORDS_REFUSAL),
        ("filtered", "declined to write this"),
        ("too long", "answered, but the text was cut before its end. The answer is kept"),
        ("chat", f"in words instead of fields: “{CHAT}”"),
        ("field gone", "its “caption” was missing or not what we asked for"),
        ("wrong type inside", "its “hashtags” was missing or not what we asked for"),
        ("broken off", "The connection to the model was lost."),
        ("empty", "there was no text in it"),
        ("400", "did not accept this request: “The size is not one of ours.” Change the prompt"),
    ],
)
@pytest.mark.parametrize("name", ["openai", "openrouter"])
def test_the_sentence_says_what_happened(vendors: Vendors, writers, name: str, trouble: str, sentence: str) -> None:
    vendors.next_text(trouble)

    with pytest.raises(ProviderError) as raised:
        write(writers[name])

    assert sentence in str(raised.value) and "draw" not in str(raised.value)


@pytest.mark.parametrize("name", WRITERS)
def test_a_busy_vendor_says_how_long_to_wait(vendors: Vendors, writers, name: str) -> None:
    vendors.next_text("429")

    with pytest.raises(ProviderBusy) as raised:
        write(writers[name])

    assert raised.value.wait == RETRY_AFTER
    assert vendors.charges == []


@pytest.mark.parametrize("name", WRITERS)
def test_nobody_listening_means_busy_because_nothing_was_sent(name: str) -> None:
    with Vendors(b"") as gone:
        settings = Settings(**gone.settings())

    with pytest.raises(ProviderBusy):
        write(open_writers(settings)[name])


@pytest.mark.parametrize("name", WRITERS)
def test_a_key_that_the_vendor_repeats_is_not_shown(vendors: Vendors, name: str) -> None:
    wrong = "my-very-own-key-4711"
    writer = open_writers(Settings(**vendors.settings() | {f"{name}_api_key": wrong}))[name]

    with pytest.raises(ProviderRefused, match=r"Incorrect API key provided: \[key\]") as raised:
        write(writer)

    assert raised.value.kind == "account"
    assert wrong not in repr(raised.value) + repr(writer) + repr(vars(raised.value))


# Malformed answers ---------------------------------------------------------------------------------------------------


def read(writer: Writer, body: bytes, request: TextRequest = REQUEST) -> TextResult | ProviderError:
    try:
        return writer.read(request, Answer(200, {"content-type": "application/json"}, body))
    except (ProviderRefused, AnswerUnusable) as error:
        return error


def check(outcome: TextResult | ProviderError) -> None:
    """What everybody downstream relies on."""
    if isinstance(outcome, ProviderError):
        assert 10 < len(str(outcome)) < 600 and str(outcome).isprintable()
        return
    told = outcome.told
    assert list(told) == ["caption", "hashtags", "alt"]
    assert all(type(text) is str for text in (told["caption"], told["alt"], *told["hashtags"]))
    assert json.dumps(told, ensure_ascii=False).encode()  # no half characters
    assert outcome.cost is None or (type(outcome.cost) is Decimal and 0 <= outcome.cost < 10_000)
    assert all(type(count) is int and count > 0 for count in outcome.usage.values())
    assert outcome.request_id is None or isinstance(outcome.request_id, str)


def spoilt_inside(rng: random.Random, vendor: str) -> bytes:
    """Well-formed outside, and anything within the text: the vendor keeps to its rules, the model does not."""
    text = rng.choice(WAYS)(rng, dict(WRITTEN)).decode(errors="surrogateescape")
    return json.dumps(saying(vendor, text, rng.choice(["stop", "length", "content_filter"]))).encode()


def mutations(rng: random.Random, vendor: str) -> bytes:
    if rng.random() < 0.4:
        return spoilt_inside(rng, vendor)
    return rng.choice(WAYS)(rng, saying(vendor, json.dumps(WRITTEN)))


def practice(rng: random.Random, vendor: str) -> bytes:
    return rng.choice(WAYS)(rng, dict(WRITTEN))


@pytest.mark.parametrize("name", ["sketch", *WRITERS])
def test_malformed_answers_end_as_fields_or_as_one_of_two_errors(name: str) -> None:
    rng = random.Random(f"texts of {name}")
    writer = open_writers(Settings(openrouter_api_key="k", openai_api_key="k", gemini_api_key="k"))[name]
    spoil: Callable[[random.Random, str], bytes] = practice if name == "sketch" else mutations
    seen = set()

    for _ in range(ANSWERS_PER_WRITER):
        outcome = read(writer, spoil(rng, name))
        check(outcome)
        seen.add(type(outcome))

    # Were one of them missing, the mutations would be too weak or too strong to say anything.
    assert seen == {TextResult, AnswerUnusable} | ({ProviderRefused} if name != "sketch" else set())


@pytest.mark.parametrize("name", ["sketch", *WRITERS])
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"0", b"NaN", b"\xff\xfe\x00", b"[" * 200_000])
def test_a_body_that_is_no_answer_at_all_is_unusable(writers, name: str, body: bytes) -> None:
    assert isinstance(read(writers[name], body), AnswerUnusable)


@pytest.mark.parametrize("name", WRITERS)
def test_a_strange_bill_does_not_cost_the_text(writers, name: str) -> None:
    for odd in ODD:
        body = saying(name, json.dumps(WRITTEN))
        body["usageMetadata" if name == "gemini" else "usage"] = odd

        outcome = read(writers[name], json.dumps(body).encode())

        assert isinstance(outcome, TextResult) and outcome.told == WRITTEN


def test_half_characters_become_question_marks(writers) -> None:
    body = saying("openai", json.dumps(WRITTEN | {"caption": "A fox \ud83e"}))

    outcome = read(writers["openai"], json.dumps(body).encode())

    assert isinstance(outcome, TextResult) and outcome.told["caption"] == "A fox ?"


@pytest.mark.parametrize("name", WRITERS)
def test_what_the_vendors_on_loopback_write_is_what_was_asked_for(writers, name: str) -> None:
    """Or the tests above would test against themselves."""
    body = good(name, writers[name].sent(DRAFTS))

    outcome = read(writers[name], json.dumps(body).encode(), DRAFTS)

    assert isinstance(outcome, TextResult) and len(outcome.told["drafts"]) == 2


# Practice ------------------------------------------------------------------------------------------------------------


def test_a_practice_caption_says_that_it_is_one_and_invents_nothing(writers) -> None:
    told = write(writers["sketch"], replace(REQUEST, instructions="")).told

    assert told == {
        "caption": "A red fox in the snow. (Practice caption)",
        "hashtags": ["red", "fox", "snow"],
        "alt": "A red fox in the snow. (Practice alt text)",
    }


def test_a_practice_caption_names_the_language_that_it_cannot_write(writers) -> None:
    assert write(writers["sketch"]).told["caption"].endswith("(Practice caption; a real one would be in German)")


@pytest.mark.parametrize("prompt", ["!!", "x" * 5000, "word " * 5000, "二匹の猫", "a\nb", "", "\x00", "\ud800"])
def test_a_practice_caption_is_short_whatever_the_prompt(writers, prompt: str) -> None:
    result = write(writers["sketch"], replace(REQUEST, prompt=prompt))

    check(result)
    assert "(Practice caption" in result.told["caption"] and len(result.told["caption"]) < 300
    assert 0 < len(result.told["hashtags"]) <= 5 and all(len(tag) <= 30 for tag in result.told["hashtags"])


def test_the_same_request_is_answered_with_the_same_practice_text_for_nothing(writers) -> None:
    first, second = write(writers["sketch"]), write(writers["sketch"])

    assert first == second
    assert (first.cost, first.usage) == (0, {})


def test_practice_failures_are_as_common_as_the_setting_says() -> None:
    always, never = (open_writers(Settings(sketch_delay=0, sketch_failures=share))["sketch"] for share in (1.0, 0.0))
    seen = set()

    for _ in range(60):
        write(never)
        with pytest.raises(ProviderError) as raised:
            write(always)
        seen.add(type(raised.value))

    assert seen == {ProviderRefused, OutcomeUnknown, AnswerUnusable}
