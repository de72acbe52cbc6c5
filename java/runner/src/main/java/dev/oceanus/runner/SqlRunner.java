package dev.oceanus.runner;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs a SQL script on the cluster it was uploaded to.
 *
 * <p>Each program argument is one step: a word, and texts in base64, so that nothing on the way can harm them.
 *
 * <ul>
 *   <li>{@code set:KEY:VALUE} sets an option of the session;
 *   <li>{@code run:STATEMENT} executes a statement that defines something;
 *   <li>{@code define:STATEMENT} does so for the catalog, in which there may be what this cluster cannot have and the job
 *       does not need: what fails is told where a later step fails;
 *   <li>{@code insert:STATEMENT} adds an INSERT to the one job of the script.
 * </ul>
 *
 * <p>Steps run in order on one thread, as Flink's planner wants. The job is submitted behind the last of them and not
 * awaited. What fails names its step; of the job as a whole only where it is one INSERT.
 */
public final class SqlRunner {
    private static final int NO_STEP = -1;

    private SqlRunner() {}

    public static void main(String[] steps) {
        TableEnvironment environment = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        StatementSet job = environment.createStatementSet();
        StringBuilder undefined = new StringBuilder();
        int inserts = 0;
        int lastInsert = NO_STEP;
        for (int number = 0; number < steps.length; number++) {
            String[] words = steps[number].split(":", -1);
            try {
                switch (words[0]) {
                    case "set" -> environment.getConfig().set(text(words[1]), text(words[2]));
                    case "run" -> environment.executeSql(text(words[1]));
                    case "define" -> {
                        try {
                            environment.executeSql(text(words[1]));
                        } catch (Exception | LinkageError failure) {
                            undefined.append("\nin the catalog: ").append(StepFailure.told(failure));
                        }
                    }
                    case "insert" -> {
                        job.addInsertSql(text(words[1]));
                        inserts++;
                        lastInsert = number;
                    }
                    default -> throw new IllegalArgumentException("no step begins with '" + words[0] + "'");
                }
            } catch (Exception | LinkageError failure) {
                throw new StepFailure(number, failure, undefined.toString());
            }
        }
        if (inserts > 0) {
            try {
                job.execute();
            } catch (Exception | LinkageError failure) {
                throw new StepFailure(inserts == 1 ? lastInsert : NO_STEP, failure, undefined.toString());
            }
        }
    }

    private static String text(String word) {
        return new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8);
    }
}
