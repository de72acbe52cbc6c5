-- Strings in Unicode escapes.
SELECT U&'a\0041', U&'a!0041' UESCAPE '!', U&'\\', U&'!!' UESCAPE '!', U&'d\00e9j\00e0';
