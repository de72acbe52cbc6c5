-- Semi and anti joins of windows.
CREATE TABLE timed (id INT, customer INT, item STRING, price DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE payments (id INT, customer INT, amount DECIMAL(10, 2), `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/payments.json', 'format' = 'json');

SELECT t.id, t.window_start FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t WHERE t.customer IN (SELECT customer FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p WHERE t.window_start = p.window_start AND t.window_end = p.window_end);

SELECT t.id, t.window_start FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t WHERE EXISTS (SELECT * FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p WHERE t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end);

SELECT t.id, t.window_start FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t WHERE NOT EXISTS (SELECT * FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p WHERE t.customer = p.customer AND t.window_start = p.window_start AND t.window_end = p.window_end);

SELECT t.id, t.window_start FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) t WHERE EXISTS (SELECT * FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) p WHERE t.window_start = p.window_start AND t.window_end = p.window_end AND p.amount > t.price);
