-- A left join gives left rows without a match with NULLs.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

SELECT c.id, c.name, o.id AS o, o.item FROM customers c LEFT JOIN orders o ON c.id = o.customer;

SELECT o.id, o.customer, c.name FROM orders o LEFT OUTER JOIN customers c ON o.customer = c.id AND o.price > c.`limit`;

SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id AND o.item = 'pen';

SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id AND c.city = 'Oslo';

SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE c.city IS NULL;

SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE o.item = 'pen';

SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE c.name > 'Ann';
