-- An inner join gives every pair of rows with equal keys, duplicates as often as they pair.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name, o.id, o.item FROM customers AS c JOIN orders AS o ON c.id = o.customer;

SELECT o.id, i.weight FROM orders o INNER JOIN items i ON o.item = i.item;

SELECT c.name, o.id FROM orders o JOIN customers c ON o.customer = c.id AND o.city = c.city;

SELECT c.name, o.id, o.price FROM customers c JOIN orders o ON c.id = o.customer AND o.price <= c.`limit`;

SELECT c.name, o.id FROM customers c JOIN orders o ON c.id + 1 = o.customer - 1 AND CHAR_LENGTH(c.name) = 3;

SELECT o.id, c.`limit` FROM customers c JOIN orders o ON c.`limit` = o.price;

SELECT c.name FROM customers c JOIN orders o ON c.id = o.customer WHERE o.item = 'pen' AND c.city <> 'Bonn';
