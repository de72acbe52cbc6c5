-- ARRAY_AGG without NULLs over the rows before.
CREATE TABLE orders (id INT, customer INT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

SELECT id, ARRAY_AGG(item) IGNORE NULLS OVER (PARTITION BY customer ORDER BY `at`) AS items FROM orders;
