-- Joins of joins, of queries and of a table with itself.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name, o.id, i.kind FROM customers c JOIN orders o ON c.id = o.customer JOIN items i ON o.item = i.item;

SELECT c.name, o.id, i.kind FROM customers c LEFT JOIN orders o ON c.id = o.customer LEFT JOIN items i ON o.item = i.item;

SELECT c.name, o.id, i.kind FROM customers c FULL JOIN orders o ON c.id = o.customer FULL JOIN items i ON o.item = i.item;

SELECT c.name, t.id FROM customers c LEFT JOIN (orders t JOIN items i ON t.item = i.item) ON c.id = t.customer;

SELECT a.name, b.name AS other FROM customers a JOIN customers b ON a.city = b.city AND a.id < b.id;

WITH big AS (SELECT * FROM orders WHERE price > 15) SELECT c.name, big.id FROM customers c JOIN big ON c.id = big.customer;

SELECT x.name, y.kind FROM (SELECT name, id * 1 AS k FROM customers) x RIGHT JOIN (SELECT kind, weight FROM items) y ON x.k = y.kind;

SELECT c.name, o.id FROM customers c JOIN orders o ON c.id = o.customer UNION ALL SELECT i.item, o.id FROM items i JOIN orders o ON i.item = o.item;
