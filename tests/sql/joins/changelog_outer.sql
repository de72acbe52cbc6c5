-- Outer joins over inputs that change: rows without a match come and go.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name, g.n, g.total FROM customers c LEFT JOIN (SELECT customer, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY customer) g ON c.id = g.customer AND g.n > 1;

SELECT c.name, g.customer, g.n FROM customers c RIGHT JOIN (SELECT customer, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY customer) g ON c.id = g.customer AND g.n < 3;

SELECT c.name, g.customer, g.n FROM customers c FULL JOIN (SELECT customer, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY customer) g ON c.id = g.customer AND g.n = 2;

SELECT g.item, g.n, i.kind FROM (SELECT item, COUNT(*) AS n FROM orders GROUP BY item) g LEFT JOIN items i ON g.n = i.kind;

SELECT a.n, b.m FROM (SELECT COUNT(*) AS n FROM orders) a FULL JOIN (SELECT COUNT(*) AS m FROM customers) b ON a.n = b.m;

SELECT a.item, b.city, b.m FROM (SELECT item, COUNT(*) AS n FROM orders GROUP BY item) a FULL JOIN (SELECT city, COUNT(*) AS m FROM customers GROUP BY city) b ON a.n = b.m;

SELECT kind, COUNT(*) AS n FROM (SELECT i.kind, o.id FROM items i LEFT JOIN orders o ON i.item = o.item) GROUP BY kind;
