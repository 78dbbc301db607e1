"""Configuration files and environment to frozen settings; the only reader of either."""

from reporter.settings.load import SettingsError, data_file, database_url, known_keys, load, settings_file
from reporter.settings.schema import Settings

__all__ = ["Settings", "SettingsError", "data_file", "database_url", "known_keys", "load", "settings_file"]
