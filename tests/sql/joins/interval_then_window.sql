-- Event time passes through an interval join: windows can go by it.
CREATE TABLE timed (id INT, customer INT, item STRING, price DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE payments (id INT, customer INT, amount DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/payments.json', 'format' = 'json');

CREATE VIEW paid AS SELECT t.id, t.`at`, p.`at` AS paid_at, p.amount FROM timed t JOIN payments p ON t.customer = p.customer AND p.`at` BETWEEN t.`at` AND t.`at` + INTERVAL '5' SECOND;

SELECT window_start, COUNT(*) AS n, SUM(amount) AS amount FROM TABLE(TUMBLE(TABLE paid, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

SELECT window_start, COUNT(*) AS n, SUM(amount) AS amount FROM TABLE(TUMBLE(TABLE paid, DESCRIPTOR(paid_at), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

DESCRIBE paid;
