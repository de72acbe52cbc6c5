-- Rows without a match in the interval come with NULLs.
CREATE TABLE timed (id INT, customer INT, item STRING, price DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE payments (id INT, customer INT, amount DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/payments.json', 'format' = 'json');

SELECT t.id, p.id AS p FROM timed t LEFT JOIN payments p ON t.customer = p.customer AND p.`at` BETWEEN t.`at` AND t.`at` + INTERVAL '5' SECOND;

SELECT t.id, p.id AS p FROM timed t RIGHT JOIN payments p ON t.customer = p.customer AND p.`at` BETWEEN t.`at` AND t.`at` + INTERVAL '5' SECOND;

SELECT t.id, p.id AS p FROM timed t FULL JOIN payments p ON t.customer = p.customer AND p.`at` BETWEEN t.`at` AND t.`at` + INTERVAL '5' SECOND;

SELECT t.id, p.id AS p FROM timed t FULL JOIN payments p ON t.customer = p.customer AND p.amount = t.price AND p.`at` BETWEEN t.`at` - INTERVAL '2' SECOND AND t.`at` + INTERVAL '12' SECOND;

SELECT t.id, p.id AS p FROM timed t LEFT JOIN payments p ON t.customer = p.customer AND t.item = 'pen' AND p.amount > 5 AND p.`at` BETWEEN t.`at` AND t.`at` + INTERVAL '5' SECOND;
