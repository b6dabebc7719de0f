"""Infracost's usage-file format: how much of the metered things a resource is expected to use.

`resource_usage: {ADDRESS: {KEY: VALUE}}`, where `ADDRESS[*]` speaks for all instances of a counted
resource, and `resource_type_default_usage: {TYPE: {KEY: VALUE}}`. The narrower statement wins, key by key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_KEY = re.compile(r"\[[^\[\]]*\]$")


class UsageError(ValueError):
    """The document is not a usage file; the message says why, in one line."""


@dataclass(frozen=True)
class UsageFile:
    """The stated use, by address and by type."""

    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Any) -> UsageFile:
        """Check and wrap a parsed usage file; None means that there is none. Raises UsageError."""
        if document is None:
            return cls()
        if not isinstance(document, Mapping):
            raise UsageError("a usage file is a mapping with resource_usage")
        sections = [document.get(name) or {} for name in ("resource_usage", "resource_type_default_usage")]
        for section in sections:
            if not isinstance(section, Mapping) or not all(
                value is None or isinstance(value, Mapping) for value in section.values()
            ):
                raise UsageError("in a usage file each address or type holds a mapping of keys to values")
        resources, defaults = ({k: v or {} for k, v in section.items()} for section in sections)
        return cls(resources, defaults)

    def of(self, address: str, type_: str) -> Mapping[str, Any]:
        """The use stated for one resource instance, empty where none is."""
        return {
            **self.defaults.get(type_, {}),
            **self.resources.get(_KEY.sub("[*]", address), {}),
            **self.resources.get(address, {}),
        }
