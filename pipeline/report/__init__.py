"""The report of a run: headline table, report.json, report.md, and a web page with a viewer."""

from pipeline.report.headline import summary_table
from pipeline.report.json_report import report_document, write_report

__all__ = ["report_document", "summary_table", "write_report"]
