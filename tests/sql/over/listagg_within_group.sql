-- LISTAGG with an order of its own.
CREATE TABLE orders (id INT, customer INT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

SELECT id, LISTAGG(item) WITHIN GROUP (ORDER BY price) OVER (PARTITION BY customer ORDER BY `at`) AS items FROM orders;
