-- A view keeps the event time of its table.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TEMPORARY VIEW dear AS SELECT id, auction AS item, price * 2 AS twice, `at` AS t FROM bids WHERE price > 10;
SELECT window_start, item, SUM(twice) AS twice
FROM TABLE(TUMBLE(TABLE dear, DESCRIPTOR(t), INTERVAL '30' SECOND))
GROUP BY window_start, window_end, item;
