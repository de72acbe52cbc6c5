-- A full join gives rows of both sides without a match with NULLs.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

SELECT c.id, c.name, o.id AS o, o.item FROM customers c FULL JOIN orders o ON c.id = o.customer;

SELECT c.name, o.id FROM customers c FULL OUTER JOIN orders o ON c.id = o.customer AND c.`limit` > o.price;

SELECT c.name, o.id FROM customers c FULL JOIN orders o ON c.id = o.customer AND c.city = 'Rome' AND o.item = 'ink';

SELECT COALESCE(c.name, o.item) AS x FROM customers c FULL JOIN orders o ON c.id = o.customer WHERE c.id IS NULL OR o.id IS NULL;
