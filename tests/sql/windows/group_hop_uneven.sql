-- The older HOP allows a size that is no multiple of the slide.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT HOP_START(`at`, INTERVAL '4' SECOND, INTERVAL '10' SECOND) AS ws, COUNT(*) AS bids
FROM bids
GROUP BY HOP(`at`, INTERVAL '4' SECOND, INTERVAL '10' SECOND);
