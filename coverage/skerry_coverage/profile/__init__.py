"""Network profiles: dated entries that say what is proved, how it is judged, what it pays (DESIGN, Network profiles).

`load_profile("skerry-open")` is the way in; a profile's hash covers its canonical content, not its comments.
"""
