-- LISTAGG and ARRAY_AGG over results that change hold the present ones only.
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
SELECT auction, bidder, SUM(quantity) AS quantity FROM bids GROUP BY auction, bidder;

SELECT auction, ARRAY_SORT(SPLIT(LISTAGG(bidder || ':' || CAST(quantity AS STRING)), ',')) AS bidders
FROM totals GROUP BY auction;
SELECT auction, ARRAY_SORT(SPLIT(LISTAGG(DISTINCT CAST(quantity AS STRING), ';'), ';')) AS quantities
FROM totals GROUP BY auction;
SELECT auction, ARRAY_SORT(ARRAY_AGG(quantity)) AS quantities, ARRAY_SORT(ARRAY_AGG(DISTINCT quantity)) AS quantity
FROM totals GROUP BY auction;
