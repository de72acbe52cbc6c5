-- Rows keep their event time.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  p AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, op, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT * FROM TO_CHANGELOG(input => TABLE bids)), DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, op;
CREATE VIEW w AS SELECT * FROM TO_CHANGELOG(input => TABLE bids);
DESCRIBE w;
