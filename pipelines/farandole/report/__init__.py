"""The report: one self-contained HTML page a run."""

from farandole.report.document import ReportData
from farandole.report.page import render
from farandole.report.thumbnails import thumbnail

__all__ = ["ReportData", "render", "thumbnail"]
