-- Catalogs are created, used, shown and dropped.
SHOW CATALOGS;
CREATE CATALOG shop WITH ('type' = 'generic_in_memory', 'default-database' = 'main');
SHOW CATALOGS;
SHOW CURRENT CATALOG;
USE CATALOG shop;
SHOW CURRENT CATALOG;
SHOW CURRENT DATABASE;
SHOW DATABASES;
CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
SHOW CREATE TABLE t;
USE CATALOG default_catalog;
SHOW TABLES FROM shop.main;
DROP CATALOG shop;
SHOW CATALOGS;
