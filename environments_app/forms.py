"""Forms of this app."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from django import forms

from controlplane.core import access
from controlplane.core.models import System, User
from controlplane.core.policies import Capability
from environments_app import schema
from environments_app.models import BlueprintFile, Environment


class ConfigForm(forms.Form):
    """An environment's configuration as YAML, with the version it was edited from."""

    document = forms.CharField(
        label="Configuration",
        help_text="YAML. Every problem is said at once, before anything is stored.",
        widget=forms.Textarea(attrs={"class": "code", "spellcheck": "false", "rows": 32, "autocapitalize": "off"}),
        max_length=200_000,
        strip=False,
    )
    reason = forms.CharField(label="Why", max_length=300, help_text="One line for those who read the versions later.")
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean_document(self) -> dict[str, Any]:
        """The YAML as a mapping; the schema judges it afterwards."""
        try:
            document = schema.load_yaml(self.cleaned_data["document"])
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise forms.ValidationError(f"Not readable as YAML{where}: {error.problem}.") from error
        except yaml.YAMLError as error:
            raise forms.ValidationError(f"Not readable as YAML: {' '.join(str(error).split())}") from error
        if not isinstance(document, dict):
            raise forms.ValidationError("A configuration is a mapping of settings.")
        return document


class TrustForm(forms.Form):
    """A source of foreign Terraform to trust."""

    source = forms.CharField(
        label="Source",
        max_length=300,
        help_text="https://HOST/PATH, ssh://HOST/PATH, git@HOST:PATH, or a folder that the operator allows.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    reference = forms.CharField(
        label="Reference",
        max_length=200,
        required=False,
        help_text="A branch, a tag, a pattern of them (release/*), or a commit's full id. Empty for a folder.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(label="Why", max_length=300, help_text="Who may push there, and why that is right.")


class BlueprintForm(forms.Form):
    """A blueprint, uploaded or pasted; `text` is the one that counts after cleaning."""

    file = forms.FileField(label="File", required=False, help_text="YAML, up to 1 MiB; or paste it below.")
    text = forms.CharField(
        label="Blueprint",
        required=False,
        widget=forms.Textarea(attrs={"class": "code", "spellcheck": "false", "rows": 18, "autocapitalize": "off"}),
        help_text="A system with all its environments.",
        max_length=1024 * 1024,
        strip=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if uploaded := cleaned.get("file"):
            try:
                cleaned["text"] = uploaded.read().decode("utf-8")
            except UnicodeDecodeError as error:
                raise forms.ValidationError("The file is not readable as UTF-8.") from error
        else:
            # A browser sends every line end of a text field as CR LF; a file keeps the ends it has.
            cleaned["text"] = cleaned.get("text", "").replace("\r\n", "\n")
        if not self.errors and not cleaned["text"].strip():
            raise forms.ValidationError("Choose a file, or paste a blueprint.")
        return cleaned


class EnvironmentForm(forms.Form):
    """A new environment; `source` becomes the document of its first configuration."""

    system = forms.ModelChoiceField(label="System", queryset=System.objects.none(), empty_label="choose")
    name = forms.RegexField(
        label="Name",
        regex=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=32,
        help_text="Small letters, digits and hyphens. It stands in the names of everything in AWS and never changes.",
        error_messages={"invalid": "Small letters, digits and single hyphens, a letter first: eu-live."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    tier = forms.ChoiceField(
        label="Tier", choices=Environment.TIERS, help_text="How carefully it is treated; never derived from its name."
    )
    source = forms.ChoiceField(
        label="First configuration", help_text="Taken over as it is; you edit it before anything is planned."
    )
    reason = forms.CharField(label="Why", max_length=300, help_text="One line for those who read the versions later.")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = access.systems_where(user, Capability.CONFIGURE)
        self.fields["system"].queryset = System.objects.filter(pk__in=[system.pk for system in mine])  # type: ignore[attr-defined]  # of a model's choices
        self.fields["source"].choices = _sources(access.visible_systems(user))  # type: ignore[attr-defined]  # likewise

    def clean_source(self) -> Mapping[str, Any]:
        """The chosen document."""
        kind, _, rest = str(self.cleaned_data["source"]).partition(":")
        if kind == "environment":
            return Environment.objects.get(pk=rest).config_version.document
        pk, _, name = rest.partition(":")
        try:
            blueprint = schema.read_blueprint(BlueprintFile.objects.get(pk=pk).text)
        except schema.ConfigInvalid as error:
            raise forms.ValidationError(f"The file does not hold any more: {error.problems[0]}") from error
        return next(each.document for each in blueprint.environments if each.name == name)


def _sources(systems: Iterable[System]) -> list[tuple[str, str | list[tuple[str, str]]]]:
    """The environments and the environments of loaded files that may be copied, as grouped choices."""
    seen = list(systems)
    environments = Environment.objects.filter(system__in=seen).select_related("system")
    files = BlueprintFile.objects.filter(system__in=seen).select_related("system").defer("text")
    return [
        ("", "choose"),
        ("Environments", [(f"environment:{each.pk}", str(each)) for each in environments]),
        (
            "Blueprint files",
            [
                (f"file:{each.pk}:{name}", f"{each.system}/{name}, as loaded {each.created_at:%Y-%m-%d %H:%M}")
                for each in files
                for name in each.environments
            ],
        ),
    ]
