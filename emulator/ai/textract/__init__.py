"""Amazon Textract: text, fields and tables of documents.

Digital PDFs are read by pdfplumber, pictures by `tesseract` where it is installed. Fields, tables
and answers to queries are found by rules of layout; no model reads a page.
"""

from emulator.ai.frame import AiService
from emulator.ai.site import Site
from emulator.ai.textract.operations import DocumentJobs, also_asked, analyze, detect


def service(site: Site) -> AiService:
    """The service of one cloud, and its jobs."""
    text = DocumentJobs.of(site, "DocumentTextDetection", "DetectDocumentTextModelVersion")
    analysis = DocumentJobs.of(site, "DocumentAnalysis", "AnalyzeDocumentModelVersion")
    return AiService(
        name="textract",
        operations={
            "DetectDocumentText": detect,
            "AnalyzeDocument": analyze,
            **text.operations(),
            **analysis.operations(),
        },
        throttling_code="ProvisionedThroughputExceededException",
        also_asked=also_asked,
    )
