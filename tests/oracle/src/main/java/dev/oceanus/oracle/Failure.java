package dev.oceanus.oracle;

import java.time.DateTimeException;
import java.util.regex.Pattern;
import org.apache.flink.table.api.SqlParserEOFException;
import org.apache.flink.table.api.SqlParserException;
import org.apache.flink.table.api.TableRuntimeException;
import org.apache.flink.util.SerializedThrowable;

/** How a statement failed: the kind that the Rust engine must agree with, and Flink's words for the reader. */
record Failure(Kind kind, String message) {
    /** When the statement failed, in the order in which a statement lives. */
    enum Phase {
        PARSE,
        PLAN,
        RUN
    }

    enum Kind {
        PARSE,
        VALIDATION,
        RUNTIME;

        String word() {
            return name().toLowerCase();
        }
    }

    private static final Pattern CLASS_NAME = Pattern.compile("^(?:[a-z][\\w]*\\.)+[A-Z][\\w$]*: ");

    static Failure of(Throwable thrown, Phase phase) {
        return new Failure(kind(thrown, phase), message(thrown));
    }

    private static Kind kind(Throwable thrown, Phase phase) {
        if (phase == Phase.RUN) {
            return Kind.RUNTIME;
        }
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof SqlParserException || t instanceof SqlParserEOFException) {
                return Kind.PARSE;
            }
        }
        // The planner evaluates constant expressions, so a failing value may already fail there.
        Throwable root = root(thrown);
        boolean value =
                root instanceof ArithmeticException
                        || root instanceof NumberFormatException
                        || root instanceof DateTimeException
                        || root instanceof TableRuntimeException;
        return value ? Kind.RUNTIME : Kind.VALIDATION;
    }

    /** The deepest message, or the one above it where that adds the position in the text. */
    private static String message(Throwable thrown) {
        Throwable chosen = null;
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            boolean positioned = t.getClass().getSimpleName().equals("CalciteContextException");
            chosen = t;
            if (positioned || t.getCause() == t) {
                break;
            }
        }
        String message = chosen.getMessage();
        if (message == null) {
            String name = chosen instanceof SerializedThrowable s ? s.getOriginalErrorClassName() : chosen.getClass().getName();
            message = name.substring(name.lastIndexOf('.') + 1);
        }
        // A parse error lists every token that would have done.
        message = message.split("\\R\\s*Was expecting")[0];
        message = CLASS_NAME.matcher(message.strip()).replaceFirst("");
        return message.replaceAll("\\s+", " ").strip();
    }

    private static Throwable root(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root;
    }
}
