-- An integer literal beyond BIGINT is refused.
SELECT 123456789012345678901234567890;
