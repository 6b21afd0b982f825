"""The report of a run: headline table, report.json, report.md, and a web page with a viewer."""
