-- The fourth argument of TUMBLE moves the windows' alignment.
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
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '4' SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, COUNT(*) AS bids
FROM TABLE(TUMBLE(DATA => TABLE bids, TIMECOL => DESCRIPTOR(`at`), SIZE => INTERVAL '10' SECOND, `OFFSET` => INTERVAL '9' SECOND))
GROUP BY window_start, window_end;
