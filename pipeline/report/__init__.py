"""The report of a run: headline table, report.json, report.md, and a web page with a viewer."""

from pipeline.report.document import report_document, write_report
from pipeline.report.headline import summary_table

__all__ = ["report_document", "summary_table", "write_report"]
