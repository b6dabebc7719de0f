"""What CI sends, read into one shape. Pure: bytes in, a ReleaseNotice or a Refusal out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from controlplane.lib.errors import Refusal

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""What an image is known by (OCI image spec, descriptor digests); other algorithms are not used by ECR."""
DELIVERY_ID = re.compile(r"[\x21-\x7e]{1,100}")
IMAGE = re.compile(
    r"(?P<repository>[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+|[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
"""repository[:tag][@digest], the repository with or without a registry host (OCI distribution spec)."""

LONGEST_VERSION, LONGEST_REPOSITORY = 80, 300
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Image:
    """An image by digest. `repository` carries neither tag nor digest."""

    repository: str
    digest: str
    tag: str = ""


@dataclass(frozen=True)
class ReleaseNotice:
    """What CI says it has built. `images` is by container; "" stands for the service's one container."""

    service: str
    images: Mapping[str, Image]
    commit: str
    branch: str
    run_url: str = ""
    version: str = ""
    author: str = ""
    sequence: int | None = None
    committed_at: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


class _ImageBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    image: str = Field(max_length=400)
    digest: str


class _Body(BaseModel):
    """The generic webhook's JSON (design, section 9)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    service: str = Field(min_length=1, max_length=40)
    image: str | None = Field(default=None, max_length=400)
    digest: str | None = None
    images: dict[str, _ImageBody] | None = Field(default=None, min_length=1)
    container: str = Field(default="", max_length=40)
    commit: str = Field(min_length=1, max_length=64)
    branch: str = Field(min_length=1, max_length=200)
    run_url: str = Field(default="", max_length=500)
    version: str = Field(default="", max_length=LONGEST_VERSION)
    author: str = Field(default="", max_length=150)
    sequence: int | None = Field(default=None, ge=0, lt=2**63)
    committed_at: datetime | None = Field(default=None, strict=False)
    evidence: dict[str, Any] = Field(default_factory=dict)

    @field_validator("run_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        # It becomes a link on a page: nothing but a web address may stand behind it.
        if value and not re.match(r"https?://", value):
            raise ValueError("must begin with https:// or http://")
        return value

    @field_validator("committed_at")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        try:
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError as error:
            raise ValueError("is no time between the years 1 and 9999 in UTC") from error


def body_schema() -> dict[str, Any]:
    """The body as JSON Schema, without references, for the API's description."""
    schema = _Body.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inlined(definitions[part["$ref"].rpartition("/")[2]])
        return {name: inlined(value) for name, value in part.items()}

    described: dict[str, Any] = inlined(schema)
    return described


def parse(body: bytes) -> ReleaseNotice | Refusal:
    """The notice in the body of a generic delivery. Refuses 400 for what is no JSON object, 422 for wrong fields."""
    document = read_json(body)
    return document if isinstance(document, Refusal) else read_notice(document)


def read_notice(document: Mapping[str, Any]) -> ReleaseNotice | Refusal:
    """The notice in a document of the generic shape, whoever sent it; 422 for wrong fields."""
    try:
        given = _Body.model_validate(document)
    except ValidationError as error:
        problems = [
            {"field": ".".join(str(part) for part in item["loc"]), "reason": item["msg"]}
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        first = f"{problems[0]['field']}: {problems[0]['reason']}"
        return Refusal("VALIDATION_ERROR", f"The body is not a release: {first}.", 422, {"problems": problems})
    images = _images(given)
    if isinstance(images, Refusal):
        return images
    return ReleaseNotice(
        service=given.service,
        images=images,
        commit=given.commit,
        branch=given.branch,
        run_url=given.run_url,
        version=given.version,
        author=given.author,
        sequence=given.sequence,
        committed_at=given.committed_at,
        evidence=given.evidence,
    )


def read_json(body: bytes) -> dict[str, Any] | Refusal:
    """The body as a JSON object. Refuses 400 what is none by RFC 8259, 422 text that no database takes."""
    try:
        document = json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return Refusal("MALFORMED_JSON", "The body is not JSON.", 400)
    if not isinstance(document, dict):
        return Refusal("MALFORMED_JSON", "The body must be a JSON object.", 400)
    if not _is_text_storable(document):
        return Refusal("VALIDATION_ERROR", "The body has NUL characters or halves of surrogate pairs in it.", 422)
    return document


def _finite(text: str) -> float:
    """JSON has neither NaN nor Infinity, and no database keeps what 1e999 becomes."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _is_text_storable(document: Mapping[str, Any]) -> bool:
    """Whether all text in the document can be stored: PostgreSQL takes no NUL, UTF-8 no lone surrogate."""
    left: list[Any] = [document]
    while left:
        value = left.pop()
        if isinstance(value, str) and UNSTORABLE.search(value):
            return False
        if isinstance(value, dict):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            left += value
    return True


def _images(given: _Body) -> dict[str, Image] | Refusal:
    if (given.images is None) == (given.image is None and given.digest is None):
        message = 'Give either "image" and "digest", or "images" by container.'
        return Refusal("VALIDATION_ERROR", message, 422, {"problems": [{"field": "images", "reason": message}]})
    if given.images is not None:
        named = {container: (each.image, each.digest) for container, each in given.images.items()}
    else:
        named = {given.container: (given.image or "", given.digest or "")}
    images = {}
    for container, (reference, digest) in named.items():
        image = read_image(reference, digest)
        if isinstance(image, Refusal):
            return image
        images[container] = image
    return images


def read_image(reference: str, digest: str) -> Image | Refusal:
    """An image reference and its digest; a reference that carries another digest is refused."""
    if not DIGEST.fullmatch(digest):
        return _bad_digest(f"{digest[:80]!r} is no image digest: sha256: and 64 lower-case hex digits.")
    match = IMAGE.fullmatch(reference)
    if match is None:
        message = f"{reference[:120]!r} is no image: repository[:tag], without a scheme."
        return Refusal("BAD_IMAGE", message, 422, {"problems": [{"field": "image", "reason": message}]})
    if len(match["repository"]) > LONGEST_REPOSITORY:
        message = f"The repository's name is longer than {LONGEST_REPOSITORY} characters."
        return Refusal("BAD_IMAGE", message, 422, {"problems": [{"field": "image", "reason": message}]})
    if match["digest"] not in (None, digest):
        return _bad_digest("The image's own digest is not the digest that is given beside it.")
    return Image(match["repository"], digest, match["tag"] or "")


def _bad_digest(message: str) -> Refusal:
    return Refusal("BAD_DIGEST", message, 422, {"problems": [{"field": "digest", "reason": message}]})


def name_containers(images: Mapping[str, Image], known: Mapping[str, bool]) -> dict[str, Image] | Refusal:
    """Puts each image to a container of the service. `known`: container -> whether requests are routed to it.

    An image without a container goes to the only one, or to the one that requests are routed to.
    """
    named = {}
    for container, image in images.items():
        routed = [name for name, is_routed in known.items() if is_routed]
        candidates = [container] if container else (list(known) if len(known) == 1 else routed)
        if len(candidates) != 1 or candidates[0] not in known:
            what = f"There is no container {container!r}" if container else "The service has several containers"
            message = f"{what}; name one of: {', '.join(sorted(known))}."
            return Refusal("UNKNOWN_CONTAINER", message, 422, {"containers": sorted(known)})
        named[candidates[0]] = image
    return named
