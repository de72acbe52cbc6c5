-- An order by a position, by an alias, by what is not listed, by an expression.
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

SELECT id, price FROM bids ORDER BY 2 DESC LIMIT 3;
SELECT id, price * quantity AS total FROM bids ORDER BY total DESC LIMIT 3;
SELECT id FROM bids ORDER BY price DESC LIMIT 2;
SELECT id, quantity FROM bids ORDER BY price * quantity LIMIT 2;
SELECT b.id FROM bids AS b ORDER BY b.quantity DESC, b.price LIMIT 3;
SELECT auction AS a, price AS p2 FROM bids ORDER BY a DESC, p2 LIMIT 2;
