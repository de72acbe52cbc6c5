-- SOURCE_WATERMARK is for sources that have watermarks of their own.
CREATE TABLE bids (
  id INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS SOURCE_WATERMARK()
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

DESCRIBE bids;
SELECT id FROM bids;
