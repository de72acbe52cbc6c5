-- NULL equals nothing in a key, but is not distinct from NULL.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer INT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

SELECT c.name, o.id FROM customers c JOIN orders o ON c.id = o.customer;

SELECT c.name, o.id FROM customers c JOIN orders o ON c.id IS NOT DISTINCT FROM o.customer;

SELECT c.name, o.id FROM customers c FULL JOIN orders o ON c.id IS NOT DISTINCT FROM o.customer;

SELECT c.name, o.id FROM customers c LEFT JOIN orders o ON c.id = o.customer AND c.city IS NOT DISTINCT FROM o.city;

SELECT c.name, o.id FROM customers c FULL JOIN orders o ON c.city = o.city AND c.id IS NOT DISTINCT FROM o.customer;

SELECT c.name, o.id FROM customers c JOIN orders o ON c.id = o.customer OR (c.id IS NULL AND o.customer IS NULL);
