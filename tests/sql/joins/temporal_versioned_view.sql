-- The versions of a view that keeps the last row of each key.
CREATE TABLE changes (currency STRING, rate INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`)
WITH ('connector' = 'filesystem', 'path' = '${data}/rates.json', 'format' = 'json');

CREATE TABLE sales (id INT, currency STRING, amount INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/sales.json', 'format' = 'json');

CREATE VIEW rates AS
SELECT currency, rate, `at`
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY currency ORDER BY `at` DESC) AS place FROM changes)
WHERE place = 1;

SELECT s.id, s.amount * r.rate AS worth, r.`at` AS since FROM sales s JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON s.currency = r.currency;

SELECT s.id, r.rate FROM sales AS s LEFT JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON s.currency = r.currency;
