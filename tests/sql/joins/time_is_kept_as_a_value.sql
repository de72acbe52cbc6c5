-- A regular join gives event times as values.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE timed (id INT, customer BIGINT, item STRING, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

SELECT c.name, t.`at`, t.id FROM customers c JOIN timed t ON c.id = t.customer;

SELECT c.name, a.`at`, b.`at` AS other FROM timed a JOIN timed b ON a.customer = b.customer AND a.id < b.id JOIN customers c ON c.id = a.customer;
