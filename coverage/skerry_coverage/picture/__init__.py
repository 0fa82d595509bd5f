"""Map pictures of coverage: hexes, hotspots and witness links as a PNG, with nothing fetched from anywhere.

`model` says what to show, `render` draws it; demo, CLI and reports call `render_png`.
"""
