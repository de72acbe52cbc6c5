-- Bytes that are no bitmap fail.
SELECT BITMAP_TO_STRING(BITMAP_FROM_BYTES(x'00'));
