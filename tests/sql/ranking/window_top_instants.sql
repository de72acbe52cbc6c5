-- Windows of instants close by the local clock.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE bids (
  id INT,
  auction STRING,
  price DECIMAL(10, 2),
  `at` TIMESTAMP(3),
  ltz AS CAST(`at` AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR ltz AS ltz - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, window_end, auction, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, auction ORDER BY price DESC) AS rn
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ltz), INTERVAL '20' SECOND))
) WHERE rn = 1;
SELECT id, ltz FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY ltz) AS rn FROM bids
) WHERE rn = 1;
