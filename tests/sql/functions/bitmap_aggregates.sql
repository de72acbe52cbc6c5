-- Bitmaps of the rows of a window.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, window_start, BITMAP_TO_STRING(BITMAP_BUILD_AGG(quantity)) AS b, BITMAP_BUILD_CARDINALITY_AGG(quantity) AS n, BITMAP_TO_STRING(BITMAP_BUILD_AGG(quantity) FILTER (WHERE quantity > 99)) AS e, BITMAP_BUILD_CARDINALITY_AGG(quantity) FILTER (WHERE quantity > 99) AS en FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY auction, window_start, window_end;
SELECT auction, window_start, BITMAP_TO_STRING(BITMAP_AND_AGG(BITMAP_BUILD(ARRAY[quantity, 7]))) AS a, BITMAP_AND_CARDINALITY_AGG(BITMAP_BUILD(ARRAY[quantity, 7])) AS an, BITMAP_TO_STRING(BITMAP_OR_AGG(BITMAP_BUILD(ARRAY[id, quantity]))) AS o, BITMAP_OR_CARDINALITY_AGG(BITMAP_BUILD(ARRAY[id, quantity])) AS ocount, BITMAP_TO_STRING(BITMAP_XOR_AGG(BITMAP_BUILD(ARRAY[id, quantity]))) AS x, BITMAP_XOR_CARDINALITY_AGG(BITMAP_BUILD(ARRAY[id, quantity])) AS xn FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY auction, window_start, window_end;
