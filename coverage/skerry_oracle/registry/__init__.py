"""Who takes part: hotspots registered by gateway and owner, admitted by the operator, placed by their owners."""
