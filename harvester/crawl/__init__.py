"""Crawling: Scrapy fetches, and every response becomes a capture."""
