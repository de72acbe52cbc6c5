-- COUNT, SUM, AVG and the statistics over results that change, also of distinct values and filtered.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE VIEW totals AS
SELECT auction, bidder, SUM(quantity) AS quantity, SUM(price) AS price, COUNT(*) AS bids FROM bids GROUP BY auction, bidder;

SELECT auction, COUNT(*) AS c, COUNT(DISTINCT quantity) AS dc, SUM(quantity) AS s, SUM(DISTINCT quantity) AS ds, AVG(price) AS a, AVG(DISTINCT bids) AS da,
  COUNT(*) FILTER (WHERE bids > 1) AS fc, SUM(price) FILTER (WHERE bids = 1) AS fs, COUNT(DISTINCT quantity) FILTER (WHERE bids = 1) AS fdc,
  AVG(DISTINCT quantity) FILTER (WHERE bidder <> 'ann') AS fda
FROM totals GROUP BY auction;
SELECT COUNT(*) AS c, SUM(bids) AS s, AVG(quantity) AS a, STDDEV_POP(quantity) AS sp, VAR_POP(quantity) AS vp, STDDEV_SAMP(CAST(bids AS DOUBLE)) > 0 AS ss,
  VAR_SAMP(bids) AS vs, VARIANCE(bids) AS v, STDDEV(bids) AS sd
FROM totals;
