"""A secret never passes the redactor: not whole, not split over reads, not in another form."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.lib.redact import MASK, Redactor, forms

SECRET = 'pä$s/w+rd "x"\\1&<2>'


def passed(redactor: Redactor, pieces: list[str]) -> str:
    return "".join(redactor.feed(piece) for piece in pieces) + redactor.flush()


def shapes() -> list[str]:
    raw = SECRET.encode()
    return [
        SECRET,
        json.dumps({"password": SECRET}),
        json.dumps({"password": SECRET}, ensure_ascii=False),
        json.dumps({"plan": json.dumps({"password": SECRET})}),
        f"https://user:{quote(SECRET, safe='').lower()}@host/",
        raw.hex(),
        raw.hex().upper(),
        f"https://user:{quote(SECRET, safe='')}@host/",
        *(base64.b64encode(b"x" * pad + raw + b"tail").decode() for pad in range(3)),
        *(base64.urlsafe_b64encode(b"x" * pad + raw).decode() for pad in range(3)),
    ]


@pytest.mark.parametrize("text", shapes())
def test_every_form_is_masked_at_every_split(text: str) -> None:
    whole = f"before {text} after\n"
    for split in range(len(whole) + 1):
        shown = passed(Redactor([SECRET]), [whole[:split], whole[split:]])
        assert MASK in shown
        assert not any(form in shown for form in forms(SECRET))


def test_characters_one_by_one() -> None:
    shown = passed(Redactor([SECRET]), list(f"a {SECRET} b"))
    assert shown == f"a {MASK} b"


def test_a_secret_that_begins_with_another_is_masked_whole() -> None:
    for split in range(12):
        text = "abcdef-ghij"
        assert passed(Redactor(["abcdef", "abcdef-ghij"]), [text[:split], text[split:]]) == MASK


def test_a_secret_that_repeats_itself_is_masked() -> None:
    for split in range(13):
        text = "abcabcabcabc"
        assert "abcabc" not in passed(Redactor(["abcabc"]), [text[:split], text[split:]])


@given(st.lists(st.text(max_size=30), max_size=8))
def test_text_without_secrets_passes_unchanged(pieces: list[str]) -> None:
    text = "".join(pieces)
    if not any(form in text for form in forms("correct horse")):
        assert passed(Redactor(["correct horse"]), pieces) == text


@given(st.text(min_size=6, max_size=20), st.text(max_size=30), st.text(max_size=30), st.integers(0, 80))
def test_no_secret_survives(secret: str, before: str, after: str, split: int) -> None:
    text = before + secret + after
    shown = passed(Redactor([secret]), [text[:split], text[split:]])
    assert secret not in shown.replace(MASK, "\0")
