-- Window sizes from milliseconds to days, and with compound intervals.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS bids
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '0.250' SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, COUNT(*) AS bids
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' DAY))
GROUP BY window_start, window_end;

SELECT window_start, window_end, COUNT(*) AS bids
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1:30' MINUTE TO SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, COUNT(*) AS bids
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '7' DAY))
GROUP BY window_start, window_end;
