-- Joins over inputs that change.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name, g.n, g.total FROM customers c JOIN (SELECT customer, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY customer) g ON c.id = g.customer;

SELECT c.name, g.n FROM (SELECT customer, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY customer) g JOIN customers c ON c.id = g.customer AND g.total > c.`limit`;

SELECT g.customer, h.m, g.n FROM (SELECT customer, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY customer) g JOIN (SELECT city, COUNT(*) AS m FROM customers GROUP BY city) h ON g.n = h.m;

SELECT a.item, a.n, b.top FROM (SELECT item, COUNT(*) AS n FROM orders GROUP BY item) a JOIN (SELECT item, MAX(price) AS top FROM orders GROUP BY item) b ON a.item = b.item;

SELECT name, COUNT(*) AS n, SUM(total) AS total FROM (SELECT c.name, g.total FROM customers c JOIN (SELECT customer, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY customer) g ON c.id = g.customer) GROUP BY name;
