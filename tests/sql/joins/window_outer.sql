-- Rows of a window without a match come with NULLs when it closes.
CREATE TABLE timed (id INT, customer INT, item STRING, price DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE payments (id INT, customer INT, amount DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/payments.json', 'format' = 'json');

SELECT t.id, p.id AS p, t.window_start FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t LEFT JOIN TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p ON t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end;

SELECT t.id, p.id AS p, p.window_start FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t RIGHT JOIN TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p ON t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end;

SELECT t.id, p.id AS p, COALESCE(t.window_start, p.window_start) AS window_start FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t FULL JOIN TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p ON t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end;

SELECT t.id, p.id AS p FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t FULL JOIN TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p ON t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end AND t.price = p.amount;
