"""Scrapy's settings. Only what differs from its defaults, each with the reason."""

from harvester import __version__

BOT_NAME = "harvester"
SPIDER_MODULES = ["harvester.spiders"]
USER_AGENT = f"archive-harvester/{__version__}"

TELNETCONSOLE_ENABLED = False  # on by default: a console that runs Python for whoever connects
REMOTE_CONTROL_ENABLED = False  # on by default: an HTTP server that executes Python
DOWNLOAD_VERIFY_CERTIFICATES = True  # off by default
ROBOTSTXT_OBEY = True  # off by default
ITEM_PIPELINES = {"harvester.crawl.pipeline.HarvestPipeline": 100}

CONCURRENT_REQUESTS_PER_DOMAIN = 1  # archives are small servers
DOWNLOAD_DELAY = 1.0  # seconds between requests to one host: as polite as a reader
DOWNLOAD_DELAY_JITTER = 0  # the promise is at least one second, not half of one at times
COOKIES_ENABLED = False  # listings need none; a session would make pages differ
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024 + 1  # larger pages are refused anyway
LOG_LEVEL = "WARNING"  # the summary is ours
