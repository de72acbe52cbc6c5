-- An interval join pairs rows whose event times are close to each other.
CREATE TABLE timed (id INT, customer INT, item STRING, price DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE payments (id INT, customer INT, amount DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/payments.json', 'format' = 'json');

SELECT t.id, p.id AS p, t.`at`, p.`at` AS paid FROM timed t JOIN payments p ON t.customer = p.customer AND p.`at` BETWEEN t.`at` AND t.`at` + INTERVAL '5' SECOND;

SELECT t.id, p.id AS p FROM timed t, payments p WHERE t.customer = p.customer AND t.`at` > p.`at` - INTERVAL '10' SECOND AND t.`at` < p.`at`;

SELECT t.id, p.id AS p FROM timed t JOIN payments p ON t.customer = p.customer AND t.`at` = p.`at`;

SELECT t.id, p.id AS p FROM timed t JOIN payments p ON t.`at` BETWEEN p.`at` - INTERVAL '2' SECOND AND p.`at` + INTERVAL '1' SECOND;

SELECT t.id, p.id AS p FROM timed t JOIN payments p ON t.customer = p.customer AND p.amount < t.price AND p.`at` >= t.`at` - INTERVAL '1' MINUTE AND p.`at` <= t.`at` + INTERVAL '1' MINUTE;

SELECT a.id, b.id AS other FROM payments a JOIN payments b ON a.customer = b.customer AND a.`at` < b.`at` AND b.`at` < a.`at` + INTERVAL '20' SECOND;
