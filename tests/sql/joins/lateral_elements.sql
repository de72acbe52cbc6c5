-- Elements in a LATERAL sub-query.
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

SELECT id, y FROM bids t CROSS JOIN LATERAL (SELECT y FROM UNNEST(ARRAY[t.id, t.quantity]) AS u (y) WHERE y > 1) x;
SELECT id, y FROM bids t LEFT JOIN LATERAL (SELECT y FROM UNNEST(ARRAY[t.id, t.quantity]) AS u (y) WHERE y > 4) x ON TRUE;
