"""The desktop program: PySide6 windows over the agent's HTTP API.

Ideas: `session` is the one bridge from the API into Qt, `feed` a list or object that stays fresh, `operations` what a
person can do, `words` and `columns` how things are said. Widgets and screens only lay these out.
"""
