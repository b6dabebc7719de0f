"""Forms of the settings page."""

from zoneinfo import available_timezones

from django import forms

from controlplane.core.models import User


class ProfileForm(forms.ModelForm):
    """How Slipway looks to its reader."""

    class Meta:
        model = User
        fields = ["theme", "timezone"]
        labels = {"theme": "Theme", "timezone": "Time zone"}
        help_texts = {"theme": "auto follows your device."}
        widgets = {"timezone": forms.TextInput(attrs={"list": "zones", "placeholder": "UTC", "autocomplete": "off"})}

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"])
        if name and name not in available_timezones():
            raise forms.ValidationError(f"{name} is no zone of the IANA database, such as Europe/Lisbon.")
        return name


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(label="What it is for", max_length=80, help_text="For example: deploy script of the team.")
    days = forms.TypedChoiceField(
        label="Ends",
        coerce=int,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year")],
        initial=90,
    )
