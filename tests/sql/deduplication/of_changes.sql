-- What changes is deduplicated again.
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

SELECT id, auction FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY `at` DESC) AS rn FROM (
    SELECT id, auction, `at` FROM (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder ORDER BY price) AS best FROM bids
    ) WHERE best = 1
  )
) WHERE rn = 1;
