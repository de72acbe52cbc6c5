/** The settings that go with the text: Flink's option names, as text. They are saved and versioned with it. */

import { useState } from "react";
import type { Settings } from "../../api/types";
import { KeyValues, pairsOf, recordOf } from "../../components/KeyValues";
import classes from "./SettingsTab.module.css";

export function SettingsTab({
  settings,
  canWrite,
  onEdit,
}: {
  settings: Settings;
  canWrite: boolean;
  onEdit: (settings: Settings) => void;
}) {
  const [pairs, setPairs] = useState(() => pairsOf(settings));
  return (
    <div className={classes.page}>
      <section className={`panel ${classes.panel}`}>
        <p className="dimmed">
          What <code>SET 'name' = 'value'</code> would say, for the whole job. Deployments take the settings
          of their version.
        </p>
        <KeyValues
          label="Settings"
          pairs={pairs}
          namePlaceholder="table.local-time-zone"
          valuePlaceholder="UTC"
          readOnly={!canWrite}
          onChange={(next) => {
            setPairs(next);
            onEdit(recordOf(next));
          }}
        />
      </section>
    </div>
  );
}
