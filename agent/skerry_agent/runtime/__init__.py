"""What a running agent does: hears frames, beacons, witnesses, forwards packets, delivers reports, follows verdicts."""
