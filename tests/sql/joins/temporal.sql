-- A temporal join takes the version that was valid at the time of the row.
CREATE TABLE rates (currency STRING, rate INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`, PRIMARY KEY (currency) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${data}/rates.json', 'format' = 'json');

CREATE TABLE sales (id INT, currency STRING, amount INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/sales.json', 'format' = 'json');

SELECT s.id, s.amount * r.rate AS worth, r.`at` AS since FROM sales s JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON s.currency = r.currency;

SELECT s.id, r.rate FROM sales AS s LEFT JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON s.currency = r.currency;

SELECT s.id, r.rate FROM sales AS s LEFT JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON s.currency = r.currency AND s.amount > 9 AND r.rate > 110;

SELECT s.id, r.rate FROM sales AS s JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON r.currency = s.currency WHERE r.rate > 110;

SELECT window_start, SUM(w) AS worth FROM TABLE(TUMBLE((SELECT s.`at`, s.amount * r.rate AS w FROM sales s JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON s.currency = r.currency), DESCRIPTOR(`at`), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
