"""Pure rules: construction, checks, verdicts, density, shares, evidence, bundles."""
