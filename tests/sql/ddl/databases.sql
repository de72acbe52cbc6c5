-- Databases are created, altered, used, shown and dropped.
CREATE DATABASE shop COMMENT 'goods' WITH ('owner' = 'ann');
CREATE DATABASE IF NOT EXISTS shop;
SHOW DATABASES;
SHOW DATABASES LIKE 's%';
USE shop;
SHOW CURRENT DATABASE;
CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
SHOW TABLES;
ALTER DATABASE shop SET ('owner' = 'bob', 'x' = 'y');
USE default_database;
DROP DATABASE shop CASCADE;
SHOW DATABASES;
DROP DATABASE IF EXISTS shop;
CREATE DATABASE default_catalog.shop;
CREATE DATABASE shop;
