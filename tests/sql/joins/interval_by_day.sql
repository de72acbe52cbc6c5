-- Days of times are no times: rows of the same day.
CREATE TABLE orders (id INT, customer INT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE payments (id INT, customer INT, amount DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/payments.json', 'format' = 'json');

SELECT o.id, p.id AS p FROM orders o JOIN payments p ON o.customer = p.customer AND CAST(o.`at` AS DATE) = CAST(p.`at` AS DATE);
