"""Static files under content-hashed names, forgiving about what packages forgot."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed; a reference inside a package's CSS that leads nowhere is
    left as it stands instead of stopping the start."""

    manifest_strict = False

    def hashed_name(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The name with the hash of its content; a file that is missing keeps its."""
        try:
            hashed: str = super().hashed_name(name, *args, **kwargs)
        except ValueError:
            return name
        return hashed
