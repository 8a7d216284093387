"""Search that services of the embedded cloud share: texts of documents, passages, their ranking."""
