"""Settings: declared once in `table`, loaded by `load`, read as `settings[API_PORT]` with the declared type."""

from skerry_agent.settings.load import Settings, load, setting_named
from skerry_agent.settings.setting import Setting
from skerry_agent.settings.table import SETTINGS

__all__ = ["SETTINGS", "Setting", "Settings", "load", "setting_named"]
