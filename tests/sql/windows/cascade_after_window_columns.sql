-- A window function over the rows of a window function.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE VIEW in_windows AS
SELECT id, window_time AS wt
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND));

SELECT window_start, window_end, COUNT(*) AS c
FROM TABLE(TUMBLE(TABLE in_windows, DESCRIPTOR(wt), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;
