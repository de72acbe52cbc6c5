-- A string in Unicode escapes that goes on in the next line.
SELECT U&'a\0041'
  'b\0042';
