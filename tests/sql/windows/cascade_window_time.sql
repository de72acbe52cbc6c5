-- Windows over windows: the second level goes by window_time.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE VIEW small AS
SELECT window_time AS wt, auction, SUM(price) AS total
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, window_time, auction;

SELECT window_start, window_end, COUNT(*) AS parts, SUM(total) AS total
FROM TABLE(TUMBLE(TABLE small, DESCRIPTOR(wt), INTERVAL '20' SECOND))
GROUP BY window_start, window_end;
