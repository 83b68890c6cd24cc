"""Charts: where things go on a page, in pixels; the templates draw them as SVG."""
