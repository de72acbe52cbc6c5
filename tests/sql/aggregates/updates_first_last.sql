-- FIRST_VALUE and LAST_VALUE over a result that changes give the present one.
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
SELECT auction, SUM(quantity) AS quantity, MAX(bidder) AS bidder, NULLIF(COUNT(*) > 2, TRUE) AS few FROM bids GROUP BY auction;

SELECT auction, FIRST_VALUE(quantity) AS first_q, LAST_VALUE(quantity) AS last_q, FIRST_VALUE(bidder) AS first_b, LAST_VALUE(bidder) AS last_b,
  FIRST_VALUE(few) AS first_f, LAST_VALUE(few) AS last_f
FROM totals GROUP BY auction;
