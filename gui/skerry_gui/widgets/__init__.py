"""Parts that several screens use; no logic beyond drawing."""
