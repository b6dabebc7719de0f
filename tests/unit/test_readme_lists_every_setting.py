"""README's table of settings is made of controlplane/env.py and says the same."""

from pathlib import Path

from controlplane.env import Env, settings_table

README = Path(__file__).parents[2] / "README.md"


def test_the_table_is_current() -> None:
    text = README.read_text()
    table = text.partition("<!-- settings -->\n")[2].partition("<!-- /settings -->")[0]
    assert table == settings_table(), "run: .venv/bin/python -m controlplane.env"


def test_every_setting_has_words() -> None:
    assert all(field.alias and field.description for field in Env.model_fields.values())
