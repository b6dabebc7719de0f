"""Whatever a configuration can say is made by the stack, used by the product, or said not to be made."""

from typing import get_args, get_origin

import pytest
from pydantic import BaseModel

from environments_app.schema import EnvironmentConfig
from environments_app.schema.gaps import ALL as GAPS
from environments_app.schema.render import CONTROLLER_OWNED
from tests.terraform_fixture import SOURCE
from tests.terraform_types import Type, variable_types

USED_BY_THE_PRODUCT = {
    "account_role_arn": "environments_app/accounts.py: which role Terraform and the controller take",
    "account_roles": "environments_app/accounts.py: a role of its own for each kind of work",
    "budget": "environments_app/policies.py: a run whose cost passes it says so",
    "links": "templates/environments/overview.html: shown beside the state",
    "terraform": "environments_app/foreign.py: a root module in place of the stack",
}
"""Settings that are no variable of the stack, with where they are used."""
RENDERED_AS = {"compute": "cluster", "dashboard": "dashboards"}
"""Settings whose Terraform variable has another name and shape (test_schema_render)."""

DECLARED = variable_types(SOURCE / "stack")
GAP_PATHS = {gap.path for gap in GAPS}


def model_of(annotation: object) -> type[BaseModel] | None:
    """The section that a field holds: one, several by name, or a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_of(part))), None)


def is_many(annotation: object) -> bool:
    return get_origin(annotation) in (dict, tuple)


def lost(model: type[BaseModel], declared: Type, path: str) -> list[str]:
    """Settings of a section that Terraform's type would drop and that nothing else accounts for."""
    missing: list[str] = []
    for name, field in model.model_fields.items():
        here = f"{path}.{name}"
        inside = model_of(field.annotation)
        if here in GAP_PATHS or (path == "services.*" and name in CONTROLLER_OWNED):
            continue
        if declared is None or name not in declared:
            missing.append(here)
        elif inside:
            missing += lost(inside, declared[name], f"{here}.*" if is_many(field.annotation) else here)
    return missing


SECTIONS = [
    name for name in EnvironmentConfig.model_fields if name not in USED_BY_THE_PRODUCT.keys() | RENDERED_AS.keys()
]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_arrives_whole(name: str) -> None:
    if name in GAP_PATHS:
        return
    field = EnvironmentConfig.model_fields[name]
    section = model_of(field.annotation)
    if section:
        assert lost(section, DECLARED.get(name, {}), f"{name}.*" if is_many(field.annotation) else name) == []
    else:
        assert name in DECLARED, f"{name} is neither a variable of the stack, nor used by the product, nor named a gap"


def test_what_is_said_not_to_be_made_exists() -> None:
    for path in GAP_PATHS:
        model: type[BaseModel] | None = EnvironmentConfig
        for part in (part for part in path.split(".") if part != "*"):
            assert model is not None, path
            assert part in model.model_fields, path
            model = model_of(model.model_fields[part].annotation)


def test_types_are_read_as_terraform_reads_them() -> None:
    assert DECLARED["tracing"] == {"sampling_percent": None, "reservoir_per_second": None}
    services = DECLARED["services"]
    assert services
    assert {"containers", "routing", "cpu_units"} <= services.keys()
    assert services["containers"]
    assert "health_check" in services["containers"]
