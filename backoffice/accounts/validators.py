"""Rules for passwords that say what is wrong in the reader's language."""

from django.contrib.auth.password_validation import (
    MinimumLengthValidator as DjangosMinimumLengthValidator,
)
from django.utils.translation import gettext as _


class MinimumLengthValidator(DjangosMinimumLengthValidator):
    """Django's own rule, whose sentence has no Chinese in this version."""

    def get_error_message(self) -> str:
        """What is wrong."""
        return _("The password is too short: at least %(least)s characters.") % {
            "least": self.min_length
        }
