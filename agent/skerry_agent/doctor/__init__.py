"""The doctor: ordered checks along the nine stages from antenna to reward, each with evidence, reason and fix."""
