"""Every page calls a rule of a protection the same, and says what holds without the names of settings."""

from environments_app.config_form.drawing import draw
from environments_app.schema import Protection
from environments_app.schema.compare import compare
from environments_app.views import rules


def test_the_form_and_the_pages_have_the_same_words() -> None:
    labels = [node.label for node in draw(Protection, {})]
    assert [name for name, _ in rules.facts(Protection())] == labels
    assert labels[:3] == ["Approvals of an apply", "Approvals of a release", "Releases deploy by themselves"]


def test_what_holds_is_said() -> None:
    said = [text for _, text in rules.facts(Protection(auto_deploy=True, required_evidence={"coverage": 80.0}))]
    assert said == ["1", "0", "yes", "any", "no", "coverage at least 80"]
    assert rules.facts(Protection(branches=("main", "release/*")))[3] == ("Branches", "main, release/*")


def test_differences_have_them_too() -> None:
    before = Protection(required_evidence={"coverage": 80.0}).model_dump(mode="json")
    after = Protection(required_approvals=2, required_evidence={"coverage": 70.0}).model_dump(mode="json")
    found = rules.named(compare(before, after))
    assert [each.name for each in found] == ["Approvals of an apply", "Required evidence.coverage"]
