"""The modules that code uses, laid out as `terraform get` would, each looked at before what it names is fetched.

Terraform itself then fetches nothing (`init -get=false`), finds every module in its list (modules.json), and refuses
one whose address is another than the code says. The list's form is that of Terraform's internal/modsdir.
"""

import json
import posixpath
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace

from environments_app.terraform import addresses
from environments_app.terraform.fetched import Fetched, Look, SourceFailed, check_size, nobody_looks
from environments_app.terraform.inspection import Call, Inspection, inspect_package
from environments_app.terraform.refusals.refused import Entry, Refused

STORE = ".terraform/modules"
MOST_MODULES = 500
DEEPEST = 20
MOST_COPIES = 8
"""A repository lies there once for each call, as Terraform lays it: so often what one source may be, all together."""


Fetch = Callable[[str, addresses.Remote], Fetched]
"""Gets a module's key and address, and gives its whole repository. Raises SourceFailed."""


@dataclass(frozen=True)
class Laid:
    """The files to lay beside the source's own, by their path in it; and what is refused of the modules."""

    files: Mapping[str, bytes]
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class _Module:
    """One that was looked at: its key in Terraform's list ("" for the root), its folder, what was found there."""

    key: str
    folder: str
    found: Inspection

    @property
    def calls(self) -> tuple[Call, ...]:
        return self.found.calls[self.folder]


def lay(root: str, inspection: Inspection, allowed: Set[str], fetch: Fetch, look: Look = nobody_looks) -> Laid:
    """All modules of the root module in `root`, level by level; where one is refused, no further level is fetched."""
    root = posixpath.normpath(root)
    laying = _Laying(root, allowed, fetch, look)
    level = [_Module("", root, inspection)]
    while level and not laying.refused:
        level = [laying.use(module, call) for module in level for call in module.calls]
    return laying.done()


class _Laying:
    def __init__(self, root: str, allowed: Set[str], fetch: Fetch, look: Look) -> None:
        self._root, self._allowed, self._fetch, self._look = root, allowed, fetch, look
        self._listed = [{"Key": "", "Source": "", "Dir": "."}]
        self._repositories: dict[tuple[str, str], Fetched] = {}
        self._files: dict[str, bytes] = {}
        self._size = 0
        self.refused: list[Refused] = []

    def done(self) -> Laid:
        manifest = json.dumps({"Modules": self._listed}).encode()
        return Laid({**self._files, self._in_root(f"{STORE}/modules.json"): manifest}, tuple(self.refused))

    def use(self, module: _Module, call: Call) -> _Module:
        """The module that a call names: looked at already where it is local, else fetched, looked at and laid out."""
        key = f"{module.key}.{call.name}" if module.key else call.name
        if len(self._listed) >= MOST_MODULES or key.count(".") >= DEEPEST:
            raise SourceFailed(
                f"The code uses more than {MOST_MODULES} modules, or {key} lies more than {DEEPEST} deep. "
                "See that no module uses itself."
            )
        if isinstance(call.address, addresses.Local):
            used = _Module(key, _joined(module.folder, call.address.path), module.found)
        else:
            used = self._laid_out(key, call.address)
        where = posixpath.relpath(used.folder, self._root)
        self._listed.append({"Key": key, "Source": call.address.canonical, "Dir": where})
        return used

    def _laid_out(self, key: str, address: addresses.Remote) -> _Module:
        wanted = (address.repository, address.reference)
        if wanted not in self._repositories:
            self._repositories[wanted] = self._fetch(key, address)
        fetched = self._repositories[wanted]
        place = self._in_root(f"{STORE}/{key}")
        package = {f"{place}/{name}": content for name, content in fetched.files.items()}
        self._size += sum(map(len, package.values()))
        check_size((len(self._files) + len(package)) // MOST_COPIES, self._size // MOST_COPIES)
        folder = _joined(place, address.folder)
        found = inspect_package(package, Entry(folder, self._root, place), self._allowed, self._look)
        self._files |= package
        self.refused += [*(replace(each, file=f"{place}/{each.file}") for each in fetched.refused), *found.refused]
        return _Module(key, folder, found)

    def _in_root(self, path: str) -> str:
        return _joined(self._root, path)


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
