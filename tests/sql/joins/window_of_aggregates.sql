-- Joins of window aggregates, and aggregation over joined windows.
CREATE TABLE timed (id INT, customer INT, item STRING, price DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE payments (id INT, customer INT, amount DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/payments.json', 'format' = 'json');

SELECT t.customer, t.n, p.amount, t.window_start FROM (SELECT window_start, window_end, customer, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, customer) t JOIN (SELECT window_start, window_end, customer, SUM(amount) AS amount FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, customer) p ON t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end;

SELECT t.customer, t.n, p.amount, t.window_start FROM (SELECT window_start, window_end, customer, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, customer) t LEFT JOIN (SELECT window_start, window_end, customer, SUM(amount) AS amount FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, customer) p ON t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end;

SELECT window_start, window_end, COUNT(*) AS n FROM (SELECT t.window_start, t.window_end, t.id FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t JOIN TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p ON t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end) GROUP BY window_start, window_end;

SELECT t.customer, t.n FROM (SELECT window_start, window_end, customer, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, customer) t JOIN (SELECT window_start, window_end, MAX(n) AS n FROM (SELECT window_start, window_end, customer, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, customer) GROUP BY window_start, window_end) p ON t.n = p.n AND t.window_start = p.window_start AND t.window_end = p.window_end;
