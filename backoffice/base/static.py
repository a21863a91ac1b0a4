"""Static files under content-hashed names, forgiving about what packages forgot."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed; a reference inside a package's CSS that leads nowhere is
    left as it stands instead of stopping the start."""

    manifest_strict = False
