"""The peer of ``bench_ingest``: Scrapy over the same hosts. Runs in a Python that has Scrapy.

``python peer_scrapy.py '{"origins": [...], "delay": 0.5, "out": "items.jsonl"}'``. Settings are
those that Scrapy's documentation names for polite crawls: AutoThrottle, ROBOTSTXT_OBEY, one request
at a time per host, a fixed download delay. It is told of the same feeds, maps and index pages.
"""

# Never imported by us: Scrapy is no dependency, and its types are not installed.
import json
import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import SitemapSpider


class Press(SitemapSpider):
    """Reads maps by Scrapy's own spider, feeds and index pages by its selectors."""

    name = "press"
    sitemap_rules = (("/doc/", "document"),)

    def __init__(self, origins, **kwargs):
        super().__init__(**kwargs)
        self.origins = origins
        self.sitemap_urls = [f"{origin}/sitemap.xml" for origin in origins]
        self.pager = LinkExtractor(restrict_xpaths="//a[@rel='next']")
        self.listed = LinkExtractor(restrict_xpaths="//li")

    async def start(self):
        async for request in super().start():
            yield request
        for origin in self.origins:
            yield scrapy.Request(f"{origin}/feed.xml", self.feed)
            yield scrapy.Request(f"{origin}/news", self.listing)

    def feed(self, response):
        for link in response.xpath("//item/link/text()").getall():
            yield scrapy.Request(link, self.document)

    def listing(self, response):
        for link in self.listed.extract_links(response):
            yield scrapy.Request(link.url, self.document)
        for link in self.pager.extract_links(response):
            yield scrapy.Request(link.url, self.listing)

    def document(self, response):
        yield {"url": response.url, "status": response.status, "html": response.text}


def main():
    wanted = json.loads(sys.argv[1])
    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "AUTOTHROTTLE_ENABLED": True,
            "AUTOTHROTTLE_START_DELAY": wanted["delay"],
            "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
            "DOWNLOAD_DELAY": wanted["delay"],
            "RANDOMIZE_DOWNLOAD_DELAY": False,
            "CONCURRENT_REQUESTS": 4 * len(wanted["origins"]),
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "USER_AGENT": "bench (+https://example.org)",
            "FEEDS": {wanted["out"]: {"format": "jsonlines"}},
            "LOG_LEVEL": "ERROR",
        }
    )
    process.crawl(Press, origins=wanted["origins"])
    process.start()


if __name__ == "__main__":
    main()
