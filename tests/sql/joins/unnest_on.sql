-- UNNEST with a condition on its elements.
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

SELECT id, y FROM bids t LEFT JOIN UNNEST(ARRAY[t.id, t.quantity]) AS u (y) ON y > 3;
SELECT id, y FROM bids t JOIN UNNEST(ARRAY[t.id, t.quantity]) AS u (y) ON y > 3;
SELECT id, y, n FROM bids t LEFT JOIN UNNEST(ARRAY[t.id, t.quantity]) WITH ORDINALITY AS u (y, n) ON n = 2;
SELECT id, a, c FROM bids t LEFT JOIN UNNEST(ARRAY[ROW(t.id, 'x'), ROW(t.quantity, 'y')]) AS u (a, c) ON c = 'y' AND a > 1;
