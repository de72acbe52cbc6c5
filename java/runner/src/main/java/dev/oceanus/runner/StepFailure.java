package dev.oceanus.runner;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * A step that failed, told so that it can be found in the stack trace that Flink makes of it: {@code
 * [oceanus step NUMBER CLASS MESSAGE]}, the message in base64. Of the causes the deepest is told that has a place in the
 * statement, or else the deepest.
 */
final class StepFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final Pattern PLACE = Pattern.compile("line \\d+, column \\d+");

    /** {@code besides} is what may be the reason. */
    StepFailure(int number, Throwable failure, String besides) {
        super(describe(number, telling(failure), besides), failure);
    }

    /** The first line of what tells most. */
    static String told(Throwable failure) {
        String message = telling(failure).getMessage();
        return message == null ? failure.getClass().getName() : message.lines().findFirst().orElse("");
    }

    private static String describe(int number, Throwable cause, String besides) {
        String message = (cause.getMessage() == null ? "" : cause.getMessage()) + besides;
        String encoded = Base64.getEncoder().encodeToString(message.getBytes(StandardCharsets.UTF_8));
        return "[oceanus step " + number + " " + cause.getClass().getName() + " " + encoded + "]";
    }

    private static Throwable telling(Throwable failure) {
        Throwable placed = null;
        Throwable cause = failure;
        while (true) {
            if (cause.getMessage() != null && PLACE.matcher(cause.getMessage()).find()) {
                placed = cause;
            }
            if (cause.getCause() == null || cause.getCause() == cause) {
                return placed == null ? cause : placed;
            }
            cause = cause.getCause();
        }
    }
}
