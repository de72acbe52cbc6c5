-- HOP alone with a slide longer than the size leaves rows in the gaps out.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, window_start, window_end
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '5' SECOND));
