package dev.oceanus.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Splits the text of a case into statements.
 *
 * <p>A semicolon inside a string, a quoted identifier, a comment or a statement set ends nothing.
 * Statements come without their semicolon and without the comments before their first word.
 */
final class Script {
    private static final Pattern OPENS_SET =
            Pattern.compile("(?is)^(BEGIN\\s+STATEMENT\\s+SET|EXECUTE\\s+STATEMENT\\s+SET\\s+BEGIN\\b.*)$");
    private static final Pattern CLOSES_SET = Pattern.compile("(?is)^END$");

    private Script() {}

    static List<String> statements(String text) {
        List<String> statements = new ArrayList<>();
        StringBuilder open = null;
        for (String piece : pieces(text)) {
            String bare = withoutLeadingComments(piece);
            if (bare.isEmpty()) {
                continue;
            }
            if (open != null) {
                open.append(";\n").append(bare);
                if (CLOSES_SET.matcher(bare).matches()) {
                    statements.add(open.toString());
                    open = null;
                }
            } else if (OPENS_SET.matcher(bare).matches()) {
                open = new StringBuilder(bare);
            } else {
                statements.add(bare);
            }
        }
        if (open != null) {
            statements.add(open.toString());
        }
        return statements;
    }

    /** The text between top-level semicolons. */
    static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        int start = 0;
        int at = 0;
        while (at < text.length()) {
            int next = skipQuotedOrComment(text, at);
            if (next > at) {
                at = next;
            } else {
                if (text.charAt(at) == ';') {
                    pieces.add(text.substring(start, at));
                    start = at + 1;
                }
                at++;
            }
        }
        pieces.add(text.substring(start));
        return pieces;
    }

    private static String withoutLeadingComments(String piece) {
        String rest = piece.strip();
        while (rest.startsWith("--") || (rest.startsWith("/*") && !rest.startsWith("/*+"))) {
            rest = rest.substring(skipQuotedOrComment(rest, 0)).strip();
        }
        return rest;
    }

    /** The position behind the string, quoted identifier or comment that starts at {@code at}, else {@code at}. */
    private static int skipQuotedOrComment(String text, int at) {
        char first = text.charAt(at);
        if (first == '\'' || first == '`' || first == '"') {
            // A doubled quote reads as two quoted parts side by side, which ends at the same place.
            return behind(text, text.indexOf(first, at + 1), 1);
        }
        if (text.startsWith("--", at)) {
            return behind(text, text.indexOf('\n', at), 1);
        }
        if (text.startsWith("/*", at)) {
            return behind(text, text.indexOf("*/", at + 2), 2);
        }
        return at;
    }

    private static int behind(String text, int found, int length) {
        return found < 0 ? text.length() : found + length;
    }
}
