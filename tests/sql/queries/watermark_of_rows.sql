-- CURRENT_WATERMARK follows the rows before.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, `at`, CURRENT_WATERMARK(`at`) AS w, TYPEOF(CURRENT_WATERMARK(`at`)) AS t FROM bids;
SELECT id FROM bids WHERE CURRENT_WATERMARK(`at`) IS NULL OR `at` > CURRENT_WATERMARK(`at`);
