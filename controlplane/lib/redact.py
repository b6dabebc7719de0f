"""Streaming redaction: no secret, in any of its usual forms, passes; not even one split over two reads."""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "[redacted]"
SHORTEST = 6
"""A secret shorter than this is not searched for: masking "a" everywhere would destroy the text, not protect it."""


def forms(secret: str) -> set[str]:
    """The secret as it may appear: plain, JSON-escaped (once, and again in a text that is JSON itself), URL-quoted,
    base64 (at each of the three offsets) and hexadecimal.
    """
    escaped = json.dumps(secret)[1:-1]
    for_go = escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    quoted = (quote(secret, safe=""), quote_plus(secret))
    raw = secret.encode()
    found = {
        secret,
        escaped,
        for_go,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        *(json.dumps(text)[1:-1] for text in (escaped, for_go)),
        *quoted,
        *(_lower_escapes(text) for text in quoted),
        raw.hex(),
        raw.hex().upper(),
    }
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * offset + raw).decode().rstrip("=")
            # Only the characters that depend on nothing but the secret: the first of a group is shared with
            # what stands before it, the last with what follows.
            start = {0: 0, 1: 2, 2: 3}[offset]
            end = len(text) - (1 if (offset + len(raw)) % 3 else 0)
            if end - start >= SHORTEST:
                found.add(text[start:end])
    return {form for form in found if len(form) >= SHORTEST}


def _lower_escapes(quoted: str) -> str:
    """`%2F` as `%2f`, which is as right."""
    return re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)


class Redactor:
    """Feeds text through and masks every form of the secrets, holding back only what may be half of one.

    `feed` returns what is safe to show now; `flush` the rest. The joined output never contains a form.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        self._pattern: re.Pattern[str] | None = None
        self._held = ""
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Masks these too from now on (a password that was generated during the run)."""
        known = set(self._forms).union(*(forms(secret) for secret in secrets))
        # The longest first: the pattern then takes the whole of a secret that begins with another one.
        self._forms = sorted(known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._forms))) if self._forms else None

    def _half_open(self, text: str, start: int) -> int:
        """Where the longest ending of `text` (from `start` on) that begins some form starts; else len(text)."""
        for position in range(max(start, len(text) - len(self._forms[0]) + 1), len(text)):
            ending = text[position:]
            if any(len(form) > len(ending) and form.startswith(ending) for form in self._forms):
                return position
        return len(text)

    def feed(self, text: str) -> str:
        if self._pattern is None:
            return text
        text = self._held + text
        shown, done, cut = [], 0, self._half_open(text, 0)
        for match in self._pattern.finditer(text):
            if match.start() >= cut:
                break
            shown += [text[done : match.start()], MASK]
            done = match.end()
            if done > cut:
                cut = self._half_open(text, done)
        self._held = text[cut:]
        return "".join([*shown, text[done:cut]])

    def whole(self, text: str) -> str:
        """A text that is complete in itself (an error's words), masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def flush(self) -> str:
        rest, self._held = self._held, ""
        return self.whole(rest)
