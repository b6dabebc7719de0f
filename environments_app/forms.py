"""Forms of this app."""

from typing import Any

import yaml
from django import forms


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
            document = yaml.safe_load(self.cleaned_data["document"])
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
