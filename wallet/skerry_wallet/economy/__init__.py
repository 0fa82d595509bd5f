"""Token economics of Helium as its programs compute them: emission, scores, shares, treasury, votes (sheet section 2).

Pure integer arithmetic in base units (HNT bones 10^-8, IOT and MOBILE 10^-6, DC 1); floats occur only in figures that
are shown and never fed back. Epoch = UTC day number.
"""
