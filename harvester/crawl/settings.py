"""Scrapy's settings. Only what differs from its defaults, each with the reason."""

import os

from harvester import __version__
from harvester.model import MAX_BYTES
from harvester.politeness import DELAY_SECONDS, TIMEOUT_SECONDS

BOT_NAME = "harvester"
SPIDER_MODULES = ["harvester.spiders", "harvester.crawl.spiders"]
USER_AGENT = f"archive-harvester/{__version__}"
if os.environ.get("HARVESTER_CONTACT"):  # so that the archive's people can reach the user
    USER_AGENT += f" (+{os.environ['HARVESTER_CONTACT']})"

# All that Scrapy would load besides: a console and an HTTP server that run Python for anyone who connects. Those turned
# off by None in EXTENSIONS would be imported all the same, which costs each command half a second.
EXTENSIONS_BASE = {
    f"scrapy.extensions.{name}": 0
    for name in (
        "corestats.CoreStats",
        "memusage.MemoryUsage",
        "closespider.CloseSpider",
        "feedexport.FeedExporter",
        "logstats.LogStats",
    )
}
DOWNLOAD_HANDLERS = {"data": None, "ftp": None, "s3": None}  # saved files, and the web
DOWNLOAD_VERIFY_CERTIFICATES = True  # off by default
ROBOTSTXT_OBEY = True  # off by default
# Likewise all middlewares that are used. Scrapy's own are missing where they would do harm: for robots.txt (takes an
# error page for rules), for compression (returns what there is of a body that ends early), for retries and redirects
# (the HTTP client retries later each time and obeys Retry-After; the fetcher follows only where the same page is), for
# pages that reload themselves (they are challenges), for cookies (a session would make pages differ) and for a cache
# (it would answer in place of the archive).
DOWNLOADER_MIDDLEWARES_BASE = {
    "harvester.crawl.robots.Robots": 100,
    "harvester.crawl.capture_fetcher.DecompressionMiddleware": 590,
} | {
    f"scrapy.downloadermiddlewares.{name}": order
    for name, order in {
        "offsite.OffsiteMiddleware": 50,
        "httpauth.HttpAuthMiddleware": 300,
        "downloadtimeout.DownloadTimeoutMiddleware": 350,
        "defaultheaders.DefaultHeadersMiddleware": 400,
        "useragent.UserAgentMiddleware": 500,
        "httpproxy.HttpProxyMiddleware": 750,
        "stats.DownloaderStats": 850,
    }.items()
}
# The spider yields what it has fetched itself: no request of its goes through these, and no response is passed to it.
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
ITEM_PIPELINES = {"harvester.crawl.pipeline.HarvestPipeline": 100}

CONCURRENT_REQUESTS_PER_DOMAIN = 1  # archives are small servers
DOWNLOAD_DELAY = DELAY_SECONDS  # spiders of this project set what was agreed
DOWNLOAD_DELAY_JITTER = 0  # the promise is at least one second, not half of one at times
DOWNLOAD_TIMEOUT = TIMEOUT_SECONDS
DOWNLOAD_MAXSIZE = MAX_BYTES + 1  # larger pages are refused anyway
LOG_LEVEL = "WARNING"  # the summary is ours
