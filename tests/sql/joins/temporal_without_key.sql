-- The condition of a temporal join has to name the primary key.
CREATE TABLE rates (currency STRING, rate INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`, PRIMARY KEY (currency) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${data}/rates.json', 'format' = 'json');

CREATE TABLE sales (id INT, currency STRING, amount INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/sales.json', 'format' = 'json');

SELECT s.id FROM sales s JOIN rates FOR SYSTEM_TIME AS OF s.`at` AS r ON s.amount = r.rate;
