-- Named arguments of TUMBLE have to keep their order.
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
FROM TABLE(TUMBLE(SIZE => INTERVAL '30' SECOND, TIMECOL => DESCRIPTOR(`at`), DATA => TABLE bids))
GROUP BY window_start, window_end;
